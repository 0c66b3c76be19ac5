{#
    A sum over weights as a mean, fit to be squared twice: NULL beyond ±1e60, 0 within ±1e-70.

    numerator, weight  SQL, repeated; NULL where the weight is 0
    power              1 for a mean, 2 for a mean of squares
#}
{% macro _bounded_mean(numerator, weight, power=1) %}
    {%- set most = '1e60' if power == 1 else '1e120' -%}
    {%- set least = '1e-70' if power == 1 else '1e-140' -%}
    {{- return(
        'case when ' ~ weight ~ ' > 0 then case when abs(' ~ numerator ~ ') < ' ~ least ~ ' * ' ~ weight ~ ' then 0e0 when abs(' ~ numerator ~ ') <= ' ~ most ~ ' * ' ~ weight
        ~ ' then (' ~ numerator ~ ') / ' ~ weight ~ ' end end'
    ) -}}
{% endmacro %}
