{#
    ClickHouse: what it says otherwise, why, and where that is documented. The settings that it needs come from the
    profile (docs/clickhouse.md); clickhouse_settings.sql looks for them.

    | point | why |
    |---|---|
    | `_type_double`, `_type_text` | a type holds no NULL unless it says so: https://clickhouse.com/docs/sql-reference/data-types/nullable |
    | `_type_timestamp` | DateTime ends in 2106 and has whole seconds: https://clickhouse.com/docs/sql-reference/data-types/datetime64 |
    | `_type_kind` | Nullable(…), LowCardinality(…), Date32, FixedString, Enum: https://clickhouse.com/docs/sql-reference/data-types |
    | `_literal` | a backslash begins an escape: https://clickhouse.com/docs/sql-reference/syntax |
    | `_matches`, `_first_replaced` | other names: https://clickhouse.com/docs/sql-reference/functions/string-search-functions |
    | `_decimal_text`, `_whole_number` | both branches of a CASE may be computed: https://clickhouse.com/docs/operations/settings/settings |
    | `_number_text`, `_time_text` | doubles have exponents, times groups of three digits: https://clickhouse.com/docs/sql-reference/data-types |
    | `_incremental_strategy` | no transaction holds two statements together: https://clickhouse.com/docs/sql-reference/statements/exchange |
    | `_placement` | a sorting key holds no NULL unless it is told to: https://clickhouse.com/docs/engines/table-engines/mergetree-family/mergetree |
    | `_is_nan` | a NaN equals nothing: https://clickhouse.com/docs/sql-reference/functions/other-functions |
    | `_squared` | what overflows is infinite and no error: https://clickhouse.com/docs/sql-reference/functions/arithmetic-functions |
    | `_as_sum` | a union knows no type of UInt64 and Float64: https://clickhouse.com/docs/sql-reference/statements/select/union |
    | `_utc_now`, `_local_time`, `_column_time` | a time is a moment: https://clickhouse.com/docs/sql-reference/functions/date-time-functions |
    | `_reference_quantiles` | no percentile_cont: https://clickhouse.com/docs/sql-reference/aggregate-functions/reference |
    | `_with_medians` | median is that of a sample; no row is left out: https://clickhouse.com/docs/sql-reference/window-functions |
    | `_columns_per_statement` | a statement and its plan have limits: https://clickhouse.com/docs/operations/settings/settings |
    | `_with_steps`, `_drop_steps`, `_computed_once` | a CTE is put in its uses: https://clickhouse.com/docs/sql-reference/statements/select/with |
    | `_all_of` | names of what several joined relations have: https://clickhouse.com/docs/sql-reference/statements/select |
    | `_check_identifier` | a table's name is one of files: https://clickhouse.com/docs/sql-reference/functions/other-functions |
    | `_check_session` | settings of the profile change what SQL means: https://clickhouse.com/docs/operations/settings/settings |
    | `_enforce_contract` | dbt compares types by name, and these are Nullable(…): https://clickhouse.com/docs/sql-reference/data-types/nullable |
#}


{% macro clickhouse___type_double() %}
    {{- return('Nullable(Float64)') -}}
{% endmacro %}


{% macro clickhouse___type_text() %}
    {{- return('Nullable(String)') -}}
{% endmacro %}


{#
    Times have microseconds and name their zone: a ClickHouse time is a moment, and one without zone is shown and read
    in that of the session.
#}
{% macro clickhouse___type_timestamp() %}
    {{- return("Nullable(DateTime64(6, 'UTC'))") -}}
{% endmacro %}


{# What stands in Nullable(…) and LowCardinality(…) is what matters. Every time is a moment, also one without a zone. #}
{% macro clickhouse___type_kind(data_type) %}
    {%- set inner = namespace(type=data_type) -%}
    {%- for wrapper in ['lowcardinality(', 'nullable('] -%}
        {%- if inner.type.startswith(wrapper) -%}{%- set inner.type = inner.type[wrapper | length:-1] -%}{%- endif -%}
    {%- endfor -%}
    {%- if inner.type.startswith('datetime') -%}
        {{- return('zoned' if "'" in inner.type else 'naive') -}}
    {%- elif inner.type == 'date32' -%}
        {{- return('date') -}}
    {%- elif inner.type.startswith('fixedstring') or inner.type.startswith('enum') or inner.type == 'uuid' -%}
        {{- return('text') -}}
    {%- elif inner.type in ['int256', 'uint256'] -%}
        {{- return('integer') -}}
    {%- endif -%}
    {{- return(driftline.default___type_kind(inner.type)) -}}
{% endmacro %}


{% macro clickhouse___literal(text) %}
    {{- return(driftline._escaped_literal(text)) -}}
{% endmacro %}


{% macro clickhouse___matches(text, pattern) %}
    {{- return('match(' ~ text ~ ', ' ~ driftline._escaped_literal(pattern) ~ ')') -}}
{% endmacro %}


{% macro clickhouse___first_replaced(text, pattern, by) %}
    {{- return('replaceRegexpOne(' ~ text ~ ', ' ~ driftline._escaped_literal(pattern) ~ ', '
        ~ driftline._escaped_literal(by) ~ ')') -}}
{% endmacro %}


{# A NaN equals nothing here. #}
{% macro clickhouse___is_nan(expression) %}
    {{- return('isNaN(' ~ expression ~ ')') -}}
{% endmacro %}


{% macro clickhouse___squared(expression) %}
    {{- return('(' ~ expression ~ ') * (' ~ expression ~ ')') -}}
{% endmacro %}


{% macro clickhouse___utc_now() %}
    {{- return("now64(6, 'UTC')") -}}
{% endmacro %}


{% macro clickhouse___local_time(expression, kind, timezone) %}
    {%- set moment = driftline._as_timestamp(expression) -%}
    {%- if kind == 'date' or timezone == 'UTC' -%}{{- return(moment) -}}{%- endif -%}
    {%- set there = 'toTimezone(' ~ moment ~ ', ' ~ driftline._literal(timezone) ~ ')' -%}
    {{- return('addSeconds(' ~ moment ~ ', timezoneOffset(' ~ there ~ '))') -}}
{% endmacro %}


{% macro clickhouse___column_time(expression, kind, timezone) %}
    {%- if kind == 'date' or timezone == 'UTC' -%}{{- return(expression) -}}{%- endif -%}
    {{- return('toDateTime64(toString(' ~ expression ~ '), 6, ' ~ driftline._literal(timezone) ~ ')') -}}
{% endmacro %}


{# Of no values at all the quantiles are NaN. #}
{% macro clickhouse___reference_quantiles(columns, rows) %}
    select
        cast(of_column.1 as {{ dbt.type_int() }}) as column_no, cast(of_edge.1 as {{ dbt.type_int() }}) as edge_no,
        {{ driftline._as_double('if(isNaN(of_edge.2), null, of_edge.2)') }} as edge
    from (
        select of_column, arrayJoin(of_column.2) as of_edge
        from (
            select arrayJoin([
                {%- for column in columns %}
                ({{ column.no }}, arrayZip(range({{ column.bins + 1 }}), quantilesExactInclusive(
                    {%- for edge in range(column.bins + 1) %}{{ ', ' if edge }}{{ edge / column.bins }}{% endfor -%}
                )(v{{ column.no }}))){{ ',' if not loop.last }}
                {%- endfor %}
            ]) as of_column
            from ({{ rows }}) as reference_rows
        ) as learned
    ) as edges
{% endmacro %}


{# A frame leaves out no row: where the current one does not belong to it, the values of all others are gathered. #}
{% macro clickhouse___with_medians(relation, medians) %}
    select
        b.*
        {%- for m in medians %}
        {%- set over = 'over (partition by ' ~ m.partition ~ ' order by ' ~ m.order ~ ' '
            ~ m.frame.replace(' exclude current row', '') ~ ')' %},
        {%- if m.frame.endswith(' exclude current row') %}
        {%- set others %}arrayFilter(
            v -> isNotNull(v.2) and v.1 <> {{ m.order }}, groupArray(tuple({{ m.order }}, {{ m.x }})) {{ over }}
        ){% endset %}
        arrayReduce('quantileExactInclusiveOrNull(0.5)', arrayMap(v -> v.2, {{ others }})) as {{ m.name }},
        toInt64(length({{ others }})) as {{ m.name }}_count
        {%- else %}
        quantileExactInclusive(0.5)({{ m.x }}) {{ over }} as {{ m.name }},
        toInt64(count({{ m.x }}) {{ over }}) as {{ m.name }}_count
        {%- endif %}
        {%- endfor %}
    from {{ relation }} as b
{% endmacro %}


{% macro clickhouse___enforce_contract() %}
    {{- return(false) -}}
{% endmacro %}


{#
    dbt-clickhouse's `legacy`: the periods that stay and those that were read are written beside the table, and the two
    change places at once. `delete_insert` is two statements, and a run that dies between them has lost what it deleted.
#}
{% macro clickhouse___incremental_strategy() %}
    {{- return('legacy') -}}
{% endmacro %}


{# A run looks for the latest periods. No partitions: an insert may write a hundred of them, and no more. #}
{% macro clickhouse___placement(kind) %}
    {%- if kind != 'state' -%}{{- return({}) -}}{%- endif -%}
    {{- return({'order_by': 'period_start', 'settings': {'allow_nullable_key': 1}}) -}}
{% endmacro %}


{% macro clickhouse___computed_once() %}
    {{- return('materialized') -}}
{% endmacro %}


{#
    ClickHouse puts a CTE in place of each of its uses, and a monitor is then more than it parses ("Query tree is too
    big"). So what is used repeatedly becomes a table beside the monitor's own, dropped once all monitors are built.
#}
{% macro clickhouse___with_steps(steps) %}
    {{- return(driftline._steps_as_tables(steps, 'engine = MergeTree order by tuple()')) -}}
{% endmacro %}
{% macro clickhouse___drop_steps(table) %}
    {{- driftline._drop_step_tables(table) -}}
{% endmacro %}


{# More is beyond max_query_size, or beyond query_plan_max_optimizations_to_apply. #}
{% macro clickhouse___columns_per_statement() %}
    {{- return(64) -}}
{% endmacro %}


{% macro clickhouse___as_sum(count) %}
    {{- return('toFloat64(' ~ count ~ ')') -}}
{% endmacro %}


{#
    What several relations of a join have is called `<relation>.<column>` in `<relation>.*`, unless replaced by itself.
    (A name that the relation does not have is passed over.)
#}
{% macro clickhouse___all_of(relation) %}
    {%- set named = [] -%}
    {%- for name in driftline._clickhouse_shared() -%}
        {%- do named.append(relation ~ '.' ~ name ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {{- return(relation ~ '.* replace (' ~ named | join(', ') ~ ')') -}}
{% endmacro %}
{% macro _clickhouse_shared() %}
    {{- return([
        'alert_id', 'baseline', 'block', 'case_no', 'chance_bias', 'chance_n', 'class_name', 'column_kind',
        'column_name', 'column_no', 'couple_no', 'day', 'denominator_n', 'expected', 'fact_no', 'family',
        'first_window_start', 'is_two_sided', 'k', 'kind', 'lap', 'm', 'metric', 'metric_n',
        'model_version', 'monitor', 'noise', 'owner', 'pair_no', 'period', 'period_index', 'row_variance',
        'segment', 'segment_value', 'side', 'size', 'slice_no', 'span', 'span_no', 'standard_error',
        'subject', 'value', 'value_lower', 'value_upper', 'window_periods',
    ]) -}}
{% endmacro %}
