{#
    Spark: tables of parquet, replaced by partitions; docs/spark.md says what a profile needs.

    | point | why |
    |---|---|
    | `_incremental_strategy`, `_placement` | whole partitions are what parquet can replace, and a period is one: https://spark.apache.org/docs/latest/sql-ref-syntax-dml-insert-table.html |
    | `_table_from_itself`, `_standing` | no table is overwritten that is being read: spark_building.sql: https://spark.apache.org/docs/latest/sql-ref-syntax-dml-insert-table.html |
    | `_check_identifier` | a table's name is a folder's: spark_building.sql: https://spark.apache.org/docs/latest/sql-ref-identifier.html |
    | `_with_steps`, `_drop_steps` | a CTE is computed at each of its uses: what is used repeatedly becomes a table: https://spark.apache.org/docs/latest/sql-ref-syntax-qry-select-cte.html |
    | `_step_materialization` | for the same reason no step is part of a statement: https://spark.apache.org/docs/latest/sql-ref-syntax-qry-select-cte.html |
    | `_check_session` | `timestamp` is shown, cut and written out in the zone of the session: https://spark.apache.org/docs/latest/sql-ref-datatypes.html |
    | `_type_kind`, `_local_time`, `_column_time`, `_utc_now` | the same; there is no `at time zone`: https://spark.apache.org/docs/latest/sql-ref-datatypes.html |
    | `_type_of_result` | the thrift server has names of its own: https://github.com/apache/hive/blob/master/service-rpc/if/TCLIService.thrift |
    | `_moved`, `_bounds_between` | dbt-spark's own add an assertion to each time: https://spark.apache.org/docs/latest/api/sql/index.html#timestampadd |
    | `_literal` | a backslash begins an escape: https://spark.apache.org/docs/latest/sql-ref-literals.html |
    | `_first_replaced` | groups of a match are $1 and $2: https://spark.apache.org/docs/latest/api/sql/index.html#regexp_replace |
    | `_stripped`, `_number_text`, `_decimal_text`, `_whole_number` | trim with own words, decimals of 38 digits, exponents: https://spark.apache.org/docs/latest/api/sql/index.html#trim |
    | `_type_double`, `_is_nan`, `_squared`, `_summable` | overflow of doubles is infinite, also under ANSI: https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html |
    | `_reference_quantiles`, `_count_numeric`, `_count_categories` | one look at the rows each: spark_counting.sql: https://spark.apache.org/docs/latest/api/sql/index.html#percentile |
    | `_with_medians` | no median over a frame, no `exclude current row`: spark_counting.sql: https://spark.apache.org/docs/latest/sql-ref-syntax-qry-select-window.html |
    | `_constant_rows` | `values`, which are one relation and not one for each row: https://spark.apache.org/docs/latest/sql-ref-syntax-qry-select-inline-table.html |
    | `_enforce_contract` | dbt compares types by name, which the contracts give as DuckDB and Postgres call them: https://spark.apache.org/docs/latest/sql-ref-datatypes.html |
#}


{# What Spark's parquet tables can replace: whole partitions, and a period is one. #}
{% macro spark___incremental_strategy() %}
    {{- return('insert_overwrite') -}}
{% endmacro %}


{% macro spark___placement(kind) %}
    {%- set partition = {'state': 'period_start', 'attempts': 'monitor'}.get(kind) -%}
    {%- set placement = {'file_format': 'parquet'} -%}
    {%- if partition -%}{%- do placement.update({'partition_by': partition}) -%}{%- endif -%}
    {{- return(placement) -}}
{% endmacro %}


{% macro spark___type_double() %}
    {{- return('double') -}}
{% endmacro %}


{% macro spark___is_nan(expression) %}
    {{- return('isnan(' ~ expression ~ ')') -}}
{% endmacro %}


{# Overflow is infinite and underflow 0, in ANSI mode too. #}
{% macro spark___squared(expression) %}
    {{- return('((' ~ expression ~ ') * (' ~ expression ~ '))') -}}
{% endmacro %}
{% macro spark___summable(value) %}
    {{- return(value) -}}
{% endmacro %}


{% macro spark___constant_rows(names, rows) %}
    {{- return(driftline._constant_values(names, rows)) -}}
{% endmacro %}


{# A backslash in a literal begins an escape; two quotes would be two literals side by side before Spark 4. #}
{% macro spark___literal(text) %}
    {{- return(driftline._escaped_literal(text)) -}}
{% endmacro %}


{# From seven decimals on a decimal's text may have an exponent: 0E-7. #}
{% macro spark___decimal_text(x, decimals) %}
    {%- if decimals < 7 -%}{{- return(driftline.default___decimal_text(x, decimals)) -}}{%- endif -%}
    {{- return('format_number(cast(' ~ x ~ ' as numeric(18, ' ~ decimals ~ ")), '0." ~ '0' * decimals ~ "')") -}}
{% endmacro %}


{% macro spark___whole_number(x) %}
    {{- return('format_number(round(' ~ x ~ '), 0)') -}}
{% endmacro %}


{# `timestamp` is a point in time, `timestamp_ntz` a wall clock. #}
{% macro spark___type_kind(data_type) %}
    {%- if data_type in ['timestamp', 'timestamp_ltz'] -%}{{- return('zoned') -}}{%- endif -%}
    {%- if data_type == 'timestamp_ntz' -%}{{- return('naive') -}}{%- endif -%}
    {{- return(driftline.default___type_kind(data_type)) -}}
{% endmacro %}


{# The thrift server calls a bigint BIGINT_TYPE. #}
{% macro spark___type_of_result(data_type) %}
    {{- return(data_type[:-5] | lower if data_type.endswith('_TYPE') else data_type) -}}
{% endmacro %}


{# The session is in UTC: a naive time is the point in time of that wall clock there. #}
{% macro spark___local_time(expression, kind, timezone) %}
    {%- set moment = driftline._as_timestamp(expression) -%}
    {%- if kind == 'date' or timezone == 'UTC' -%}{{- return(moment) -}}{%- endif -%}
    {{- return('from_utc_timestamp(' ~ moment ~ ', ' ~ driftline._literal(timezone) ~ ')') -}}
{% endmacro %}
{% macro spark___column_time(expression, kind, timezone) %}
    {%- if kind == 'date' -%}{{- return(expression) -}}{%- endif -%}
    {%- set moment = expression if timezone == 'UTC'
        else 'to_utc_timestamp(' ~ expression ~ ', ' ~ driftline._literal(timezone) ~ ')' -%}
    {{- return('cast(' ~ moment ~ ' as timestamp_ntz)' if kind == 'naive' else moment) -}}
{% endmacro %}
{% macro spark___utc_now() %}
    {{- return('current_timestamp()') -}}
{% endmacro %}


{% macro spark___enforce_contract() %}
    {{- return(false) -}}
{% endmacro %}


{# dbt-spark's own add an assertion to each time, and count whole days where bounds are asked for. #}
{% macro spark___moved(part, number, moment) %}
    {{- return('timestampadd(' ~ part ~ ', cast(' ~ number ~ ' as int), ' ~ moment ~ ')') -}}
{% endmacro %}
{% macro spark___bounds_between(first, second, part) %}
    {%- if part == 'day' -%}{{- return('datediff(' ~ second ~ ', ' ~ first ~ ')') -}}{%- endif -%}
    {%- set numbers = [] -%}
    {%- for moment in [first, second] -%}
        {%- if part == 'month' -%}
            {%- do numbers.append('(year(' ~ moment ~ ') * 12 + month(' ~ moment ~ '))') -%}
        {%- else -%}
            {%- do numbers.append(
                'floor(unix_seconds(' ~ moment ~ ') / ' ~ {'hour': 3600, 'minute': 60, 'second': 1}[part] ~ ')'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return('(' ~ numbers[1] ~ ' - ' ~ numbers[0] ~ ')') -}}
{% endmacro %}


{#
    Spark puts a CTE in place of each of its uses: a monitor of four columns would read its source 90 times. So what is
    used repeatedly becomes a table beside the monitor's own, which what is made of all monitors drops (_drop_steps).
#}
{% macro spark___with_steps(steps) %}
    {{- return(driftline._steps_as_tables(steps, 'using parquet')) -}}
{% endmacro %}
{% macro spark___drop_steps(table) %}
    {{- driftline._drop_step_tables(table) -}}
{% endmacro %}


{# What is a wall clock to us is one of the session to Spark. #}
{% macro spark___check_session() %}
    {%- set zone = run_query('select current_timezone()').rows[0][0] -%}
    {%- if zone not in ['UTC', 'Etc/UTC', 'GMT', 'Z', '+00:00'] -%}
        {{- exceptions.raise_compiler_error(
            "driftline: the session of Spark is in the time zone '" ~ zone ~ "'; needed: 'UTC' (in profiles.yml, under"
            ~ ' server_side_parameters: "spark.sql.session.timeZone": "UTC")'
        ) -}}
    {%- endif -%}
{% endmacro %}


{% macro spark___step_materialization(line) %}
    {{- return('table') -}}
{% endmacro %}


{% macro spark___table_from_itself() %}
    {{- return('driftline_table_from_itself') -}}
{% endmacro %}


{# Every match is replaced, and groups are $1 and $2. #}
{% macro spark___first_replaced(text, pattern, by) %}
    {{- return(
        'regexp_replace(' ~ text ~ ', ' ~ driftline._escaped_literal(pattern) ~ ", '" ~ by | replace('\\', '$') ~ "')"
    ) -}}
{% endmacro %}


{# rtrim has its arguments the other way round. #}
{% macro spark___stripped(text, character, end) %}
    {{- return('trim(' ~ end ~ " '" ~ character ~ "' from " ~ text ~ ')') -}}
{% endmacro %}


{# A double of less than 0.001 or from 10,000,000 on prints with an exponent, which is spelled out as text. #}
{% macro spark___number_text(expression, data_type) %}
    {%- set text = driftline._as_text(expression) -%}
    {%- if data_type.split('(')[0] in ['decimal', 'numeric', 'dec'] -%}
        {{- return(driftline._without_zeros(text)) -}}
    {%- endif -%}
    {%- set sign = 'case when ' ~ expression ~ " < 0 then '-' else '' end" -%}
    {%- set digits = "trim(trailing '0' from replace(regexp_extract(" ~ text ~ ", '^-?([0-9.]+)E', 1), '.', ''))" -%}
    {%- set exponent = "cast(nullif(regexp_extract(" ~ text ~ ", 'E(.+)$', 1), '') as int)" -%}
    {{- return(
        'case when abs(' ~ expression ~ ') < 9e18 and ' ~ expression ~ ' = floor(' ~ expression
        ~ ') then cast(cast(' ~ expression ~ ' as bigint) as string)'
        ~ ' when not ' ~ text ~ " like '%E%' then " ~ driftline._without_zeros(text)
        ~ ' when ' ~ exponent ~ ' < 0 then ' ~ sign ~ " || '0.' || repeat('0', -1 - " ~ exponent ~ ') || ' ~ digits
        ~ ' when length(' ~ digits ~ ') <= ' ~ exponent ~ ' + 1 then ' ~ sign ~ ' || rpad(' ~ digits ~ ', ' ~ exponent
        ~ " + 1, '0')"
        ~ ' else ' ~ sign ~ ' || left(' ~ digits ~ ', ' ~ exponent ~ " + 1) || '.' || substring(" ~ digits ~ ', '
        ~ exponent ~ ' + 2) end'
    ) -}}
{% endmacro %}
