{#
    Trino. Compiled and parsed, never run on Trino itself. Its tables have to be of a connector that deletes rows
    (Iceberg, Delta Lake).

    | point | answer | why |
    |---|---|---|
    | `_type_double`, `_type_timestamp` | double, timestamp(6) | TIMESTAMP is of milliseconds: https://trino.io/docs/current/language/types.html |
    | `_is_nan` | is_nan | NaN equals nothing: https://trino.io/docs/current/functions/math.html#floating-point-functions |
    | `_local_time`, `_column_time`, `_utc_now` | with_timezone, at_timezone | `at time zone` moves a time with zone and leaves it one: https://trino.io/docs/current/functions/datetime.html |
    | `_time_text` | date_format | how a cast prints depends on the precision: https://trino.io/docs/current/functions/datetime.html#date_format |
    | `_first_replaced` | groups by $1 | https://trino.io/docs/current/functions/regexp.html |
    | `_number_text` | by decimal(38, 18) | a double is printed with an exponent: https://trino.io/docs/current/language/types.html |
    | `_with_medians` | a join to the rows of the frame | no aggregate is an exact quantile: https://trino.io/docs/current/functions/aggregate.html |
    | `_constant_rows` | values | https://trino.io/docs/current/sql/values.html |
    | `_whole_number` | format | https://trino.io/docs/current/functions/conversion.html#format |
    | `_enforce_contract` | false | the contracts' `timestamp` is of milliseconds: https://trino.io/docs/current/language/types.html#timestamp |
    | `_most_bytes` | 1,000,000 | query.max-length: https://trino.io/docs/current/admin/properties-query-management.html |
    | `_stripped` | trim(trailing … from …) | ltrim and rtrim have one argument: https://trino.io/docs/current/functions/string.html#trim |
#}


{% macro trino___type_double() %}
    {{- return('double') -}}
{% endmacro %}
{% macro trino___type_timestamp() %}
    {{- return('timestamp(6)') -}}
{% endmacro %}


{% macro trino___is_nan(expression) %}
    {{- return('is_nan(' ~ expression ~ ')') -}}
{% endmacro %}


{% macro trino___local_time(expression, kind, timezone) %}
    {%- set zone = driftline._literal(timezone) -%}
    {%- if kind == 'zoned' -%}
        {{- return(driftline._as_timestamp('at_timezone(' ~ expression ~ ', ' ~ zone ~ ')')) -}}
    {%- elif kind == 'date' or timezone == 'UTC' -%}
        {{- return(driftline._as_timestamp(expression)) -}}
    {%- endif -%}
    {{- return(driftline._as_timestamp("at_timezone(with_timezone(" ~ driftline._as_timestamp(expression) ~ ", 'UTC'), "
        ~ zone ~ ')')) -}}
{% endmacro %}
{% macro trino___column_time(expression, kind, timezone) %}
    {%- if kind == 'date' or kind == 'naive' and timezone == 'UTC' -%}{{- return(expression) -}}{%- endif -%}
    {%- set zone = driftline._literal(timezone) -%}
    {%- set moment = 'with_timezone(' ~ driftline._as_timestamp(expression) ~ ', ' ~ zone ~ ')' -%}
    {{- return(moment if kind == 'zoned' else driftline._as_timestamp('at_timezone(' ~ moment ~ ", 'UTC')")) -}}
{% endmacro %}
{% macro trino___utc_now() %}
    {{- return(driftline._as_timestamp("at_timezone(current_timestamp, 'UTC')")) -}}
{% endmacro %}
{% macro trino___time_text(expression, kind) %}
    {%- set moment = driftline._as_timestamp(expression) -%}
    {%- set day = 'date_format(' ~ moment ~ ", '%Y-%m-%d')" -%}
    {%- if kind == 'date' -%}{{- return(day) -}}{%- endif -%}
    {%- set time = "rtrim(rtrim(date_format(" ~ moment ~ ", '%Y-%m-%d %H:%i:%s.%f'), '0'), '.')" -%}
    {{- return('case when ' ~ expression ~ " = date_trunc('day', " ~ expression ~ ') then ' ~ day ~ ' else ' ~ time
        ~ ' end') -}}
{% endmacro %}


{% macro trino___first_replaced(text, pattern, by) %}
    {{- return('regexp_replace(' ~ text ~ ', ' ~ driftline._literal(pattern) ~ ', '
        ~ driftline._literal(by | replace('\\', '$')) ~ ')') -}}
{% endmacro %}
{% macro trino___number_text(expression, data_type) %}
    {{- return(driftline._number_text_by(expression, data_type, 'decimal(38, 18)', '1e18')) -}}
{% endmacro %}
{% macro trino___whole_number(x) %}
    {{- return("format('%,d', cast(round(" ~ x ~ ') as bigint))') -}}
{% endmacro %}


{% macro trino___with_medians(relation, medians) %}
    {{- driftline._medians_by_join(relation, medians) -}}
{% endmacro %}
{% macro trino___constant_rows(names, rows) %}
    {{- driftline._constant_values(names, rows) -}}
{% endmacro %}


{% macro trino___enforce_contract() %}
    {{- return(false) -}}
{% endmacro %}


{% macro trino___most_bytes() %}
    {{- return(1000000) -}}
{% endmacro %}


{% macro trino___stripped(text, character, end) %}
    {{- return('trim(' ~ end ~ " '" ~ character ~ "' from " ~ text ~ ')') -}}
{% endmacro %}
