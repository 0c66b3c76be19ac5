{#
    Everything an engine may need to say differently, with the plain SQL that most understand. An engine's own file in
    this folder overrides what it must (`<adapter>__<name>`), and nothing else in the package asks which engine it is on.
#}

{# --- Texts and types ------------------------------------------------------------------------------------------- #}

{# A text as an SQL literal. #}
{% macro _literal(text) %}
    {{- return(adapter.dispatch('_literal', 'driftline')(text | string)) -}}
{% endmacro %}
{% macro default___literal(text) %}
    {{- return("'" ~ text | replace("'", "''") ~ "'") -}}
{% endmacro %}

{# The type of 64-bit floating point. dbt.type_float() is 32 bits on some engines. #}
{% macro _type_double() %}
    {{- return(adapter.dispatch('_type_double', 'driftline')()) -}}
{% endmacro %}
{% macro default___type_double() %}
    {{- return('double precision') -}}
{% endmacro %}

{# The name of a column, quoted; a quote in it is doubled, which adapter.quote leaves to us. #}
{% macro _quoted(name) %}
    {{- return(adapter.dispatch('_quoted', 'driftline')(name)) -}}
{% endmacro %}
{% macro default___quoted(name) %}
    {%- set mark = adapter.quote('a')[0] -%}
    {{- return(adapter.quote(name | replace(mark, mark ~ mark))) -}}
{% endmacro %}

{% macro _as_text(expression) %}
    {{- return('cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ ')') -}}
{% endmacro %}

{% macro _text(text) %}
    {{- return(driftline._as_text(driftline._literal(text))) -}}
{% endmacro %}

{% macro _as_double(expression) %}
    {{- return('cast(' ~ expression ~ ' as ' ~ driftline._type_double() ~ ')') -}}
{% endmacro %}

{% macro _as_timestamp(expression) %}
    {{- return('cast(' ~ expression ~ ' as ' ~ dbt.type_timestamp() ~ ')') -}}
{% endmacro %}

{# A text ordered by its bytes, so that ties break the same way everywhere. #}
{% macro _byte_order(expression) %}
    {{- return(adapter.dispatch('_byte_order', 'driftline')(expression)) -}}
{% endmacro %}
{% macro default___byte_order(expression) %}
    {{- return(expression) -}}
{% endmacro %}

{#
    What a declared type is to us: integer, numeric, boolean, text, date, naive (a timestamp without zone), zoned,
    other.
#}
{% macro _type_kind(data_type) %}
    {{- return(adapter.dispatch('_type_kind', 'driftline')(data_type | lower)) -}}
{% endmacro %}
{% macro default___type_kind(data_type) %}
    {%- if data_type.startswith('timestamp') or data_type.startswith('datetime') -%}
        {{- return('zoned' if 'with time zone' in data_type or 'tz' in data_type else 'naive') -}}
    {%- elif data_type == 'date' -%}
        {{- return('date') -}}
    {%- elif data_type.startswith('bool') -%}
        {{- return('boolean') -}}
    {%- elif data_type.endswith(']') or data_type.split('(')[0] in ['enum', 'struct', 'map', 'union', 'row', 'array', 'tuple'] -%}
        {{- return('other') -}}
    {%- elif data_type.split('(')[0] in driftline._integer_types() -%}
        {{- return('integer') -}}
    {%- elif data_type.split('(')[0] in driftline._fraction_types() -%}
        {{- return('numeric') -}}
    {%- elif 'char' in data_type or data_type.split('(')[0] in ['text', 'string', 'citext', 'name'] -%}
        {{- return('text') -}}
    {%- endif -%}
    {{- return('other') -}}
{% endmacro %}

{# The name of a type as _type_kind knows it, of what dbt says of a query's column. #}
{% macro _type_of_result(data_type) %}
    {{- return(adapter.dispatch('_type_of_result', 'driftline')(data_type)) -}}
{% endmacro %}
{% macro default___type_of_result(data_type) %}
    {{- return(data_type) -}}
{% endmacro %}

{# The names of types, by name and not by part of it: int4range and interval are no numbers. #}
{% macro _integer_types() %}
    {{- return([
        'int', 'integer', 'bigint', 'smallint', 'tinyint', 'mediumint', 'byteint', 'hugeint',
        'uhugeint', 'uinteger', 'ubigint',
        'usmallint', 'utinyint', 'int1', 'int2', 'int4', 'int8', 'int16', 'int32', 'int64', 'int128', 'uint8', 'uint16',
        'uint32', 'uint64', 'uint128', 'unsigned integer', 'unsigned bigint', 'longinteger',
    ]) -}}
{% endmacro %}
{% macro _fraction_types() %}
    {{- return([
        'double', 'double precision', 'float', 'float4', 'float8', 'float32', 'float64', 'real',
        'decimal', 'numeric', 'number',
        'bignumeric', 'bigdecimal', 'dec', 'bignum',
    ]) -}}
{% endmacro %}

{# Whether a declared type is floating point of 32 bits. #}
{% macro _is_real(data_type) %}
    {{- return(adapter.dispatch('_is_real', 'driftline')(data_type | lower)) -}}
{% endmacro %}
{% macro default___is_real(data_type) %}
    {{- return(data_type in ['real', 'float4', 'float32']) -}}
{% endmacro %}

{#
    A number as a double: infinite and 0 where a type of any size holds what a double cannot.

    data_type  its declared type
#}
{% macro _double_of(expression, data_type) %}
    {{- return(adapter.dispatch('_double_of', 'driftline')(expression, data_type | lower)) -}}
{% endmacro %}
{% macro default___double_of(expression, data_type) %}
    {{- return(driftline._as_double(expression)) -}}
{% endmacro %}

{#
    The one text of a number, whatever its type prints: no exponent, no zeros at the end, no point where it is whole. A
    number of floating point is spelled by the fewest digits that read back as it, a whole one in full.

    expression  SQL
    data_type   the column's declared type
#}
{% macro _number_text(expression, data_type) %}
    {{- return(adapter.dispatch('_number_text', 'driftline')(expression, data_type | lower)) -}}
{% endmacro %}
{% macro default___number_text(expression, data_type) %}
    {%- set text = driftline._as_text(expression) -%}
    {%- if data_type.split('(')[0] in ['decimal', 'numeric', 'number', 'bignumeric', 'bigdecimal', 'dec'] -%}
        {{- return(driftline._without_zeros(text)) -}}
    {%- endif -%}
    {%- set whole = driftline._as_text('cast(' ~ expression ~ ' as ' ~ dbt.type_bigint() ~ ')') -%}
    {%- set digits = driftline._without_zeros(driftline._as_text('cast(' ~ text ~ ' as numeric)')) -%}
    {{- return(
        'case when abs(' ~ expression ~ ') < 9e18 and ' ~ expression ~ ' = floor(' ~ expression ~ ') then ' ~ whole
        ~ ' when abs(' ~ expression ~ ') <= 1.7976931348623157e308 then ' ~ digits ~ ' else ' ~ text ~ ' end'
    ) -}}
{% endmacro %}

{# Digits without the zeros at the end of a fraction. #}
{% macro _without_zeros(text) %}
    {{- return("case when " ~ text ~ " like '%.%' then rtrim(rtrim(" ~ text ~ ", '0'), '.') else " ~ text ~ " end") -}}
{% endmacro %}

{#
    The one text of a date or a timestamp: 2024-01-31, and with the time of day (in UTC where there is a zone) unless
    that is midnight.

    kind  date, naive or zoned
#}
{% macro _time_text(expression, kind) %}
    {%- set naive = '((' ~ expression ~ ") at time zone 'UTC')" if kind == 'zoned' else expression -%}
    {{- return(adapter.dispatch('_time_text', 'driftline')(naive, kind)) -}}
{% endmacro %}
{% macro default___time_text(expression, kind) %}
    {%- if kind == 'date' -%}{{- return(driftline._as_text(expression)) -}}{%- endif -%}
    {%- set day = 'cast(' ~ expression ~ ' as date)' -%}
    {{- return(
        'case when ' ~ expression ~ ' = ' ~ driftline._as_timestamp(day) ~ ' then ' ~ driftline._as_text(day)
        ~ ' else ' ~ driftline._as_text(expression) ~ ' end'
    ) -}}
{% endmacro %}

{# `regexp_replace` of the first match. #}
{% macro _first_replaced(text, pattern, by) %}
    {{- return('regexp_replace(' ~ text ~ ", '" ~ pattern ~ "', '" ~ by ~ "')") -}}
{% endmacro %}

{# Whether a text matches a regular expression. #}
{% macro _matches(text, pattern) %}
    {{- return(adapter.dispatch('_matches', 'driftline')(text, pattern)) -}}
{% endmacro %}
{% macro default___matches(text, pattern) %}
    {{- return('regexp_like(' ~ text ~ ", '" ~ pattern ~ "')") -}}
{% endmacro %}

{# True where a double is NaN. #}
{% macro _is_nan(expression) %}
    {{- return(adapter.dispatch('_is_nan', 'driftline')(expression)) -}}
{% endmacro %}
{% macro default___is_nan(expression) %}
    {{- return(expression ~ " = cast('NaN' as " ~ driftline._type_double() ~ ')') -}}
{% endmacro %}


{# --- Time ------------------------------------------------------------------------------------------------------ #}

{#
    The local wall clock of a time column.

    expression  SQL
    kind        date, naive (taken as UTC) or zoned
    timezone    text, an IANA name
#}
{% macro _local_time(expression, kind, timezone) %}
    {{- return(adapter.dispatch('_local_time', 'driftline')(expression, kind, timezone)) -}}
{% endmacro %}
{% macro default___local_time(expression, kind, timezone) %}
    {%- if kind == 'date' or (kind == 'naive' and timezone == 'UTC') -%}
        {{- return(driftline._as_timestamp(expression)) -}}
    {%- elif kind == 'naive' -%}
        {{- return('((' ~ expression ~ ") at time zone 'UTC') at time zone " ~ driftline._literal(timezone)) -}}
    {%- endif -%}
    {{- return('(' ~ expression ~ ') at time zone ' ~ driftline._literal(timezone)) -}}
{% endmacro %}

{#
    The reverse for a constant: a local wall clock in the terms of the time column, so that the bare column is what is
    compared and partitions are pruned.
#}
{% macro _column_time(expression, kind, timezone) %}
    {{- return(adapter.dispatch('_column_time', 'driftline')(expression, kind, timezone)) -}}
{% endmacro %}
{% macro default___column_time(expression, kind, timezone) %}
    {%- if kind == 'date' or (kind == 'naive' and timezone == 'UTC') -%}
        {{- return(expression) -}}
    {%- elif kind == 'naive' -%}
        {{- return('((' ~ expression ~ ') at time zone ' ~ driftline._literal(timezone) ~ ") at time zone 'UTC'") -}}
    {%- endif -%}
    {{- return('(' ~ expression ~ ') at time zone ' ~ driftline._literal(timezone)) -}}
{% endmacro %}

{#
    The names of the time zones that the warehouse knows and that are spelt like this one but for their case: a list, or
    none where it cannot be asked.
#}
{% macro _zones_like(name) %}
    {{- return(adapter.dispatch('_zones_like', 'driftline')(name)) -}}
{% endmacro %}
{% macro default___zones_like(name) %}
    {{- return(none) -}}
{% endmacro %}

{# True where a time is a day of the calendar, or none where the engine knows no other. #}
{% macro _is_finite_time(expression) %}
    {{- return(adapter.dispatch('_is_finite_time', 'driftline')(expression)) -}}
{% endmacro %}
{% macro default___is_finite_time(expression) %}
    {{- return(none) -}}
{% endmacro %}

{# The warehouse's clock in UTC, as a timestamp without zone. #}
{% macro _utc_now() %}
    {{- return(adapter.dispatch('_utc_now', 'driftline')()) -}}
{% endmacro %}
{% macro default___utc_now() %}
    {{- return("current_timestamp at time zone 'UTC'") -}}
{% endmacro %}

{# A time column {sql, data_type} without what is finer than a microsecond,
    which a cast would round into the next period. #}
{% macro _to_microseconds(column) %}
    {{- return(adapter.dispatch('_to_microseconds', 'driftline')(column.sql, column.data_type | lower)) -}}
{% endmacro %}
{% macro default___to_microseconds(sql, data_type) %}
    {{- return(sql) -}}
{% endmacro %}

{# The start of the period a timestamp lies in. Weeks start on Monday. #}
{% macro _period_start(expression, period) %}
    {{- return(adapter.dispatch('_period_start', 'driftline')(expression, period)) -}}
{% endmacro %}
{% macro default___period_start(expression, period) %}
    {{- return("date_trunc('" ~ period ~ "', " ~ expression ~ ')') -}}
{% endmacro %}

{# The running number of a period; weeks count from a Monday. #}
{% macro _period_index(expression, period) %}
    {%- if period == 'week' -%}
        {{- return('cast(floor(' ~ dbt.datediff("cast('1970-01-05' as timestamp)", expression, 'day') ~ ' / 7.0) as ' ~ dbt.type_bigint() ~ ')') -}}
    {%- endif -%}
    {{- return('cast(' ~ dbt.datediff("cast('1970-01-01' as timestamp)", expression, period) ~ ' as ' ~ dbt.type_bigint() ~ ')') -}}
{% endmacro %}

{# The start of the period with a running number: the reverse of _period_index. #}
{% macro _period_at(index, period) %}
    {%- if period == 'week' -%}
        {{- return(driftline._as_timestamp(dbt.dateadd('day', '(7 * (' ~ index ~ '))', "cast('1970-01-05' as timestamp)"))) -}}
    {%- endif -%}
    {{- return(driftline._as_timestamp(dbt.dateadd(period, '(' ~ index ~ ')', "cast('1970-01-01' as timestamp)"))) -}}
{% endmacro %}


{# --- Building state -------------------------------------------------------------------------------------------- #}

{# The incremental strategy that replaces whole periods. #}
{% macro _incremental_strategy() %}
    {{- return(adapter.dispatch('_incremental_strategy', 'driftline')()) -}}
{% endmacro %}
{% macro default___incremental_strategy() %}
    {{- return('delete+insert') -}}
{% endmacro %}

{#
    The config `full_refresh` of a monitor: none leaves it to dbt, which builds a new table and drops the old one. False
    where that would take the views over it along: a full refresh then replaces all rows within the table.
#}
{% macro _full_refresh() %}
    {{- return(adapter.dispatch('_full_refresh', 'driftline')()) -}}
{% endmacro %}
{% macro default___full_refresh() %}
    {{- return(none) -}}
{% endmacro %}

{# Stops the compile on a monitor whose name is too long for the engine. #}
{% macro _check_identifier(monitor) %}
    {{- return(adapter.dispatch('_check_identifier', 'driftline')(monitor)) -}}
{% endmacro %}
{% macro default___check_identifier(monitor) %}
{% endmacro %}

{#
    Stops a run that would write what another run is writing at the time (decision 13), where the engine lets them: most
    have one writer, or transactions that keep them apart. Called where a run first comes to what it may have in common
    with others: in each monitor, and in what is made of all of them.
#}
{% macro _alone() %}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {{- return(adapter.dispatch('_alone', 'driftline')()) -}}
    {%- endif -%}
{% endmacro %}
{% macro default___alone() %}
{% endmacro %}

{#
    Exact quantiles of the reference: rows (column_no, edge_no, edge), edge_no 0 the minimum, `bins` the maximum, and
    between them the interpolated quantiles edge_no / bins.

    columns  list of numeric columns ({no, bins})
    rows     SQL of a relation with one column v<no> per numeric column, finite values or NULL, and the time as `moment`
#}
{% macro _reference_quantiles(columns, rows) %}
    {{- return(adapter.dispatch('_reference_quantiles', 'driftline')(columns, rows)) -}}
{% endmacro %}
{% macro default___reference_quantiles(columns, rows) %}
    select numbered.column_no, numbered.edge_no, case
        {%- for column in columns -%}
        {%- for edge in range(column.bins + 1) %}
            when numbered.column_no = {{ column.no }} and numbered.edge_no = {{ edge }} then learned.q{{ column.no }}_{{ edge }}
        {%- endfor -%}
        {%- endfor %}
        end as edge
    from (
        select
            {%- for column in columns -%}
            {%- for edge in range(column.bins + 1) %}
            percentile_cont({{ edge / column.bins }}) within group (order by v{{ column.no }}) as q{{ column.no }}_{{ edge }}{{ ',' if not loop.last }}
            {%- endfor -%}
            {{ ',' if not loop.last }}
            {%- endfor %}
        from ({{ rows }}) as reference_rows
    ) as learned
    cross join (
        {%- for column in columns %}
        select {{ column.no }} as column_no, number as edge_no from ({{ driftline._numbers(column.bins + 1) }}) as n
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as numbered
{% endmacro %}

{# Whole numbers 0 … count-1 as a relation with the column `number`. #}
{% macro _numbers(count) %}
    {%- set places = [1] -%}
    {%- for place in range(7) -%}
        {%- if places[-1] * 10 < count -%}{%- do places.append(places[-1] * 10) -%}{%- endif -%}
    {%- endfor -%}
    select number from (
        select cast({% for size in places %}d{{ loop.index }}.digit * {{ size }}{{ ' + ' if not loop.last }}{% endfor %} as {{ dbt.type_bigint() }}) as number
        from {% for size in places -%}
        (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as d{{ loop.index }}
        {{- ' cross join ' if not loop.last }}
        {%- endfor %}
    ) as all_numbers
    where number < {{ count }}
{% endmacro %}


{# Rows of constants (lists of SQL), as a select with these names. #}
{% macro _constant_rows(names, rows) %}
    {{- return(adapter.dispatch('_constant_rows', 'driftline')(names, rows)) -}}
{% endmacro %}
{% macro default___constant_rows(names, rows) %}
    {%- for row in rows %}
    select {% for name in names %}{{ row[loop.index0] }} as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
{# As `values`, for engines that know it. #}
{% macro _constant_values(names, rows) %}
    select {{ names | join(', ') }}
    from (
        values
        {%- for row in rows %}
        ({{ row | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as constants ({{ names | join(', ') }})
{% endmacro %}


{# --- Series ---------------------------------------------------------------------------------------------------- #}

{#
    `select` of a relation and, for each window, medians over windows before it: <name>, and <name>_count, how many
    values they are of.

    relation  SQL
    medians   list of {name, x (SQL), partition, order, frame (all SQL)}
#}
{% macro _with_medians(relation, medians) %}
    {{- return(adapter.dispatch('_with_medians', 'driftline')(relation, medians)) -}}
{% endmacro %}
{% macro default___with_medians(relation, medians) %}
    select
        b.*
        {%- for m in medians %}
        {%- set frame = 'over (partition by ' ~ m.partition ~ ' order by ' ~ m.order ~ ' ' ~ m.frame ~ ')' %},
        median({{ m.x }}) {{ frame }} as {{ m.name }},
        count({{ m.x }}) {{ frame }} as {{ m.name }}_count
        {%- endfor %}
    from {{ relation }} as b
{% endmacro %}


{# --- Planning -------------------------------------------------------------------------------------------------- #}

{#
    `as <this> (` of a CTE whose columns are expensive and used more than once: some engines put the expression in place of
    every use, and what is nested a few deep then never ends.
#}
{% macro _computed_once() %}
    {{- return(adapter.dispatch('_computed_once', 'driftline')()) -}}
{% endmacro %}
{% macro default___computed_once() %}
    {{- return('') -}}
{% endmacro %}


{#
    `as <this> (` of a CTE that is used more than once and that a filter from outside is to reach: some engines compute
    such a one whole before anything else.
#}
{% macro _in_place() %}
    {{- return(adapter.dispatch('_in_place', 'driftline')()) -}}
{% endmacro %}
{% macro default___in_place() %}
    {{- return('') -}}
{% endmacro %}


{# The indexes of a table in which rows are looked up by these columns, where the engine has any. #}
{% macro _indexes(columns) %}
    {{- return(adapter.dispatch('_indexes', 'driftline')(columns)) -}}
{% endmacro %}
{% macro default___indexes(columns) %}
    {{- return([]) -}}
{% endmacro %}


{# A number of 1,000 to 1e15 as a text without decimals, thousands separated where the engine can. #}
{% macro _whole_number(x) %}
    {{- return(adapter.dispatch('_whole_number', 'driftline')(x)) -}}
{% endmacro %}
{% macro default___whole_number(x) %}
    {{- return(driftline._as_text('cast(round(' ~ x ~ ') as ' ~ dbt.type_bigint() ~ ')')) -}}
{% endmacro %}
