{#
    DuckDB: what it says otherwise, why, and where that is documented.

    | point | answer | why |
    |---|---|---|
    | `_is_finite_time` | isfinite | a time may be 'infinity', which has no date to reckon with: https://duckdb.org/docs/stable/sql/data_types/timestamp#special-values |
    | `_is_there` | information_schema | to be asked for the columns of what is not there is an error: https://duckdb.org/docs/stable/sql/meta/information_schema |
    | `_is_real` | FLOAT too | FLOAT has 32 bits: https://duckdb.org/docs/stable/sql/data_types/numeric#floating-point-types |
    | `_matches` | regexp_matches | regular expressions have no operator of their own: https://duckdb.org/docs/stable/sql/functions/regular_expressions |
    | `_number_text` | digits spelled out | decimals end at 38 digits, and doubles are printed with exponents: https://duckdb.org/docs/stable/sql/data_types/numeric |
    | `_squared`, `_summable` | within bounds | a double that overflows is an error: https://duckdb.org/docs/stable/sql/functions/numeric |
    | `_to_microseconds` | date_trunc | TIMESTAMP_NS has nanoseconds, and a cast rounds: https://duckdb.org/docs/stable/sql/data_types/timestamp |
    | `_constant_rows` | values | one relation and not one for each row: https://duckdb.org/docs/stable/sql/query_syntax/values |
    | `_whole_number` | format | it separates thousands: https://duckdb.org/docs/stable/sql/functions/text#fmt-syntax |
    | `_zones_like` | pg_timezone_names | names are found in any case, and used in their own: https://duckdb.org/docs/stable/sql/data_types/timezones |
    | `_can_delete_windows` | true | a transaction holds a deletion and an insertion together: https://duckdb.org/docs/stable/sql/statements/transactions |
    | `_step_materialization` | tables of drift's steps | measured: half the time and memory (measures/_steps.sql): https://duckdb.org/docs/stable/sql/query_syntax/with#cte-materialization |
    | `_reference_quantiles`, `_columns_per_pass` | quantile_cont of a list | all quantiles of a column in one pass, of a sample where the reference is large: duckdb_counting.sql: https://duckdb.org/docs/stable/sql/functions/aggregates#holistic-aggregate-functions |
    | `_count_categories`, `_segment_sets` | unpivoted, grouping sets | one look at the rows for all columns and segments: duckdb_counting.sql: https://duckdb.org/docs/stable/sql/query_syntax/grouping_sets |
#}


{% macro duckdb___is_finite_time(expression) %}
    {{- return('isfinite(' ~ expression ~ ')') -}}
{% endmacro %}


{# To be asked for the columns of what is not there is an error to DuckDB. Files are relations too: those it opens. #}
{% macro duckdb___is_there(relation) %}
    {#- A file, or a call that reads some, is an external_location of the adapter: seen when it is read. -#}
    {%- set text = relation | string -%}
    {%- if text.startswith("'") or '(' in text or driftline._is_built(relation) -%}{{- return(true) -}}{%- endif -%}
    {#- What dbt knows of a schema may be older than a hook of this run. -#}
    {%- set conditions = [] -%}
    {%- for column, name in [
        ['catalog', relation.database], ['schema', relation.schema], ['name', relation.identifier],
    ] if name -%}
        {%- do conditions.append('lower(table_' ~ column ~ ') = lower(' ~ driftline._literal(name) ~ ')') -%}
    {%- endfor -%}
    {%- set found = run_query(
        'select count(*) from system.information_schema.tables where ' ~ conditions | join(' and ')
    ) -%}
    {{- return(found.rows[0][0] > 0) -}}
{% endmacro %}


{# To DuckDB, FLOAT is 32 bits. #}
{% macro duckdb___is_real(data_type) %}
    {{- return(data_type in ['real', 'float4', 'float']) -}}
{% endmacro %}


{% macro duckdb___matches(text, pattern) %}
    {{- return('regexp_matches(' ~ text ~ ", '" ~ pattern ~ "')") -}}
{% endmacro %}


{# DuckDB's decimals end at 38 digits, so what it prints with an exponent is spelled out as text. #}
{% macro duckdb___number_text(expression, data_type) %}
    {%- set text = driftline._as_text(expression) -%}
    {%- if data_type.split('(')[0] in ['decimal', 'numeric', 'dec'] -%}
        {{- return(driftline._without_zeros(text)) -}}
    {%- endif -%}
    {%- set sign = 'case when ' ~ expression ~ " < 0 then '-' else '' end" -%}
    {%- set digits = 'replace(regexp_extract(' ~ text ~ ", '^-?([0-9.]+)e', 1), '.', '')" -%}
    {%- set exponent = 'try_cast(regexp_extract(' ~ text ~ ", 'e(.+)$', 1) as integer)" -%}
    {{- return(
        'case when abs(' ~ expression ~ ') < 9e18 and ' ~ expression ~ ' = floor(' ~ expression
        ~ ') then cast(try_cast(' ~ expression ~ ' as bigint) as varchar)'
        ~ ' when isnan(' ~ expression ~ ") then 'NaN' when isinf(" ~ expression ~ ') then ' ~ sign ~ " || 'Infinity'"
        ~ ' when not contains(' ~ text ~ ", 'e') then " ~ driftline._without_zeros(text)
        ~ ' when ' ~ exponent ~ ' > 0 then ' ~ sign ~ ' || rpad(' ~ digits ~ ', ' ~ exponent ~ " + 1, '0')"
        ~ ' else ' ~ sign ~ " || '0.' || repeat('0', -1 - " ~ exponent ~ ') || ' ~ digits ~ ' end'
    ) -}}
{% endmacro %}


{# Overflow is infinite, underflow 0, and neither an error here: the infinite bins are told apart by their code. #}
{% macro duckdb___squared(expression) %}
    {{- return('((' ~ expression ~ ') * (' ~ expression ~ '))') -}}
{% endmacro %}
{% macro duckdb___summable(value) %}
    {{- return(value) -}}
{% endmacro %}


{% macro duckdb___to_microseconds(sql, data_type) %}
    {%- if data_type != 'timestamp_ns' -%}{{- return(sql) -}}{%- endif -%}
    {%- set ns = 'epoch_ns(' ~ sql ~ ')' -%}
    {{- return('make_timestamp_ns(' ~ ns ~ ' - (' ~ ns ~ ' % 1000 + 1000) % 1000)') -}}
{% endmacro %}


{#
    Of a union DuckDB may ask each branch by itself whether it fits what the many places where it is read look for: a
    join per column and pass then, 19 GB at 400 columns once the bins stand in a table.
#}
{% macro duckdb___constant_rows(names, rows) %}
    {{- return(driftline._constant_values(names, rows)) -}}
{% endmacro %}


{% macro duckdb___whole_number(x) %}
    {{- return("format('{:,}', cast(round(" ~ x ~ ') as bigint))') -}}
{% endmacro %}


{% macro duckdb___zones_like(name) %}
    {%- set literal = driftline._literal(name) -%}
    {%- set found = run_query('select name from pg_timezone_names() where lower(name) = lower(' ~ literal ~ ')') -%}
    {{- return(found.columns[0].values() | list) -}}
{% endmacro %}


{% macro duckdb___can_delete_windows() %}
    {{- return(true) -}}
{% endmacro %}
