{#
    Snowflake. Emulated by fakesnow (docs/emulated.md), never run on Snowflake itself.

    | point | answer | why |
    |---|---|---|
    | `_literal` | backslashes and quotes escaped | a backslash in a literal begins an escape: https://docs.snowflake.com/en/sql-reference/data-types-text#escape-sequences-in-single-quoted-string-constants |
    | `_type_timestamp` | timestamp_ntz | what TIMESTAMP means is a parameter of the session: https://docs.snowflake.com/en/sql-reference/data-types-datetime#timestamp |
    | `_local_time`, `_column_time`, `_utc_now` | convert_timezone | there is no AT TIME ZONE: https://docs.snowflake.com/en/sql-reference/functions/convert_timezone |
    | `_matches` | regexp_instr | regexp_like takes the whole text for the pattern: https://docs.snowflake.com/en/sql-reference/functions/regexp_like |
    | `_first_replaced` | regexp_replace, first match | backslashes are escapes: https://docs.snowflake.com/en/sql-reference/functions/regexp_replace |
    | `_number_text` | by number(38, 18) | NUMERIC without more is NUMBER(38, 0): https://docs.snowflake.com/en/sql-reference/data-types-numeric |
    | `_time_text` | to_char | how a timestamp is cast to text is a parameter: https://docs.snowflake.com/en/sql-reference/functions/to_char |
    | `_type_of_result` | `fixed` is a number | dbt has the driver's names of types: https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#type-codes |
    | `_is_real` | false | FLOAT4 and REAL are 64 bits: https://docs.snowflake.com/en/sql-reference/data-types-numeric#float-float4-float8 |
    | `_to_microseconds` | date_trunc | times have nanoseconds: https://docs.snowflake.com/en/sql-reference/data-types-datetime#timestamp |
    | `_with_medians` | a join to the rows of the frame | MEDIAN has no frames: https://docs.snowflake.com/en/sql-reference/functions/median |
    | `_whole_number` | to_char | it separates thousands: https://docs.snowflake.com/en/sql-reference/functions/to_char |
    | `_most_bytes` | 1,000,000 | https://docs.snowflake.com/en/user-guide/query-size-limits |
    | `_check_identifier` | 255 characters, less what dbt adds | https://docs.snowflake.com/en/sql-reference/identifiers |
#}


{% macro snowflake___literal(text) %}
    {{- return(driftline._escaped_literal(text)) -}}
{% endmacro %}


{% macro snowflake___type_timestamp() %}
    {{- return('timestamp_ntz') -}}
{% endmacro %}


{% macro snowflake___local_time(expression, kind, timezone) %}
    {%- set zone = driftline._literal(timezone) -%}
    {%- if kind == 'zoned' -%}
        {{- return(driftline._as_timestamp('convert_timezone(' ~ zone ~ ', ' ~ expression ~ ')')) -}}
    {%- elif kind == 'date' or timezone == 'UTC' -%}
        {{- return(driftline._as_timestamp(expression)) -}}
    {%- endif -%}
    {{- return("convert_timezone('UTC', " ~ zone ~ ', ' ~ driftline._as_timestamp(expression) ~ ')') -}}
{% endmacro %}
{# A constant with a zone says UTC, so that the session's own zone has no part in the comparison. #}
{% macro snowflake___column_time(expression, kind, timezone) %}
    {%- if kind == 'date' or kind == 'naive' and timezone == 'UTC' -%}{{- return(expression) -}}{%- endif -%}
    {%- set utc = 'convert_timezone(' ~ driftline._literal(timezone) ~ ", 'UTC', " ~ driftline._as_timestamp(expression)
        ~ ')' -%}
    {%- if kind == 'naive' -%}{{- return(utc) -}}{%- endif -%}
    {{- return("to_timestamp_tz(to_char(" ~ utc ~ ", 'YYYY-MM-DD HH24:MI:SS.FF6') || ' +00:00')") -}}
{% endmacro %}
{% macro snowflake___utc_now() %}
    {{- return(driftline._as_timestamp("convert_timezone('UTC', current_timestamp())")) -}}
{% endmacro %}


{% macro snowflake___matches(text, pattern) %}
    {{- return('regexp_instr(' ~ text ~ ', ' ~ driftline._literal(pattern) ~ ') > 0') -}}
{% endmacro %}


{% macro snowflake___first_replaced(text, pattern, by) %}
    {{- return('regexp_replace(' ~ text ~ ', ' ~ driftline._literal(pattern) ~ ', ' ~ driftline._literal(by)
        ~ ', 1, 1)') -}}
{% endmacro %}


{% macro snowflake___number_text(expression, data_type) %}
    {{- return(driftline._number_text_by(expression, data_type, 'number(38, 18)', '1e18')) -}}
{% endmacro %}


{% macro snowflake___time_text(expression, kind) %}
    {%- set day = 'to_char(' ~ expression ~ ", 'YYYY-MM-DD')" -%}
    {%- if kind == 'date' -%}{{- return(day) -}}{%- endif -%}
    {%- set time = 'rtrim(rtrim(to_char(' ~ expression ~ ", 'YYYY-MM-DD HH24:MI:SS.FF6'), '0'), '.')" -%}
    {{- return('case when ' ~ expression ~ " = date_trunc('day', " ~ expression ~ ') then ' ~ day ~ ' else ' ~ time
        ~ ' end') -}}
{% endmacro %}


{% macro snowflake___type_of_result(data_type) %}
    {{- return('number' if data_type | lower == 'fixed' else data_type | lower) -}}
{% endmacro %}


{% macro snowflake___is_real(data_type) %}
    {{- return(false) -}}
{% endmacro %}


{% macro snowflake___to_microseconds(sql, data_type) %}
    {{- return("date_trunc('microsecond', " ~ sql ~ ')' if data_type.startswith('timestamp') else sql) -}}
{% endmacro %}


{% macro snowflake___with_medians(relation, medians) %}
    {{- driftline._medians_by_join(relation, medians) -}}
{% endmacro %}


{% macro snowflake___whole_number(x) %}
    {{- return("ltrim(to_char(round(" ~ x ~ "), '999,999,999,999,999,999'))") -}}
{% endmacro %}


{% macro snowflake___most_bytes() %}
    {{- return(1000000) -}}
{% endmacro %}


{% macro snowflake___check_identifier(monitor) %}
    {{- driftline._check_length_of_name(monitor, 'Snowflake', 255, 9, 'characters') -}}
{% endmacro %}
