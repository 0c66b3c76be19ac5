{% macro duckdb___is_finite_time(expression) %}
    {{- return('isfinite(' ~ expression ~ ')') -}}
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
