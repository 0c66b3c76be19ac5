{# Numbers whose squares, products and sums must neither overflow nor be NaN. #}


{# True where a double is NaN. #}
{% macro _is_nan(expression) %}
    {{- return(adapter.dispatch('_is_nan', 'driftline')(expression)) -}}
{% endmacro %}
{% macro default___is_nan(expression) %}
    {{- return(expression ~ " = cast('NaN' as " ~ driftline._type_double() ~ ')') -}}
{% endmacro %}


{# A square that neither overflows nor underflows, where the engine calls that an error: NULL and 0 then. #}
{% macro _squared(expression) %}
    {{- return(adapter.dispatch('_squared', 'driftline')(expression)) -}}
{% endmacro %}
{% macro default___squared(expression) %}
    {{- return('case when ' ~ expression ~ ' between -1e-150 and 1e-150 then 0e0 when ' ~ expression
        ~ ' between -1e145 and 1e145 then (' ~ expression ~ ') * (' ~ expression ~ ') end') -}}
{% endmacro %}


{# A product with the same care. Of two numbers below 1 it is 0 where one of them is not above 1e-150. #}
{% macro _product(one, other) %}
    {%- set safe = 'abs({0}) >= 1 or abs({1}) >= 1 or abs({0}) > 1e-150 and abs({1}) > 1e-150' -%}
    {%- set safe = safe.replace('{0}', one).replace('{1}', other) -%}
    {{- return('case when abs(' ~ one ~ ') < 1e145 and abs(' ~ other ~ ') < 1e145 then case when ' ~ safe ~ ' then '
        ~ one ~ ' * ' ~ other ~ ' else 0e0 end end') -}}
{% endmacro %}


{#
    The greater of two numbers, or the one that there is: `greatest` leaves NULL out on some engines and is NULL on
    others. Where it stands by itself none of its arguments may be NULL, unless the answer is of no use then.
#}
{% macro _most(one, other) %}
    {{- return('greatest(coalesce(' ~ one ~ ', ' ~ other ~ '), coalesce(' ~ other ~ ', ' ~ one ~ '))') -}}
{% endmacro %}


{# A value whose sum cannot overflow, where the engine calls that an error: NULL if it is not finite. #}
{% macro _summable(value) %}
    {{- return(adapter.dispatch('_summable', 'driftline')(value)) -}}
{% endmacro %}
{% macro default___summable(value) %}
    {{- return('case when ' ~ value ~ ' between -1e300 and 1e300 then ' ~ value ~ ' end') -}}
{% endmacro %}
