{# Numbers as ClickHouse spells them, and what is done about it. #}


{#
    Decimals are cut off by a cast, an infinite number is an error, and both branches of a CASE may be computed: so the
    number is rounded before, half away from zero, and NULL where it has no such text.
#}
{% macro clickhouse___decimal_text(x, decimals) %}
    {%- set one = '1e' ~ decimals -%}
    {%- set rounded = 'sign(' ~ x ~ ') * floor(abs(' ~ x ~ ') * ' ~ one ~ ' + 0.5) / ' ~ one ~ ' + 0e0' -%}
    {{- return('toDecimalString(if(abs(' ~ x ~ ') < 1e15, ' ~ rounded ~ ', null), ' ~ decimals ~ ')') -}}
{% endmacro %}


{# Thousands are separated from the right, where a regular expression cannot begin: so in the text turned round. #}
{% macro clickhouse___whole_number(x) %}
    {%- set digits = driftline.clickhouse___decimal_text('abs(' ~ x ~ ')', 0) -%}
    {%- set separated = 'reverse(replaceRegexpAll(reverse(' ~ digits ~ "), '([0-9]{3})', '\\\\1,'))" -%}
    {{- return('case when ' ~ x ~ " < 0 then '-' else '' end || ltrim(" ~ separated ~ ", ',')") -}}
{% endmacro %}


{#
    A double is spelled by its shortest digits, from 1e21 on and below 1e-6 with an exponent; a whole one in full is an
    integer's text.
#}
{% macro clickhouse___number_text(expression, data_type) %}
    {%- set text = driftline._as_text(expression) -%}
    {%- if 'decimal' in data_type -%}{{- return(driftline._without_zeros(text)) -}}{%- endif -%}
    {%- set sign = 'case when ' ~ expression ~ " < 0 then '-' else '' end" -%}
    {%- set below = 'case when abs(' ~ expression ~ ') < 9e18 then ' ~ expression ~ ' end' -%}
    {%- set whole = 'accurateCastOrNull(' ~ below ~ ", 'Int64')" -%}
    {%- set digits = 'replace(extract(' ~ text ~ ", '^-?([0-9.]+)e'), '.', '')" -%}
    {%- set exponent = 'coalesce(toInt32OrNull(extract(' ~ text ~ ", 'e(.+)$')), 0)" -%}
    {{- return(
        'case when ' ~ whole ~ ' is not null then ' ~ driftline._as_text(whole)
        ~ ' when isNaN(' ~ expression ~ ") then 'NaN' when isInfinite(" ~ expression ~ ') then ' ~ sign
        ~ " || 'Infinity' when position(" ~ text ~ ", 'e') = 0 then " ~ text
        ~ ' when ' ~ exponent ~ ' > 0 then ' ~ sign ~ ' || rpad(' ~ digits ~ ', ' ~ exponent ~ " + 1, '0')"
        ~ ' else ' ~ sign ~ " || '0.' || repeat('0', -1 - " ~ exponent ~ ') || ' ~ digits ~ ' end'
    ) -}}
{% endmacro %}


{# Parts of a second are printed in groups of three digits. #}
{% macro clickhouse___time_text(expression, kind) %}
    {%- if kind == 'date' -%}{{- return(driftline._as_text(expression)) -}}{%- endif -%}
    {%- set text = driftline._as_text(driftline._as_timestamp(expression)) -%}
    {{- return('replaceRegexpOne(' ~ driftline._without_zeros(text) ~ ", ' 00:00:00$', '')") -}}
{% endmacro %}
