{# What an engine calls its types, and how a value becomes one of them. #}


{# The type of 64-bit floating point. dbt.type_float() is 32 bits on some engines. #}
{% macro _type_double() %}
    {{- return(adapter.dispatch('_type_double', 'driftline')()) -}}
{% endmacro %}
{% macro default___type_double() %}
    {{- return('double precision') -}}
{% endmacro %}


{# The type of texts of any length. #}
{% macro _type_text() %}
    {{- return(adapter.dispatch('_type_text', 'driftline')()) -}}
{% endmacro %}
{% macro default___type_text() %}
    {{- return(adapter.dispatch('type_string', 'dbt')()) -}}
{% endmacro %}


{# The type of a timestamp without zone, which all our times are. #}
{% macro _type_timestamp() %}
    {{- return(adapter.dispatch('_type_timestamp', 'driftline')()) -}}
{% endmacro %}
{% macro default___type_timestamp() %}
    {{- return(adapter.dispatch('type_timestamp', 'dbt')()) -}}
{% endmacro %}


{# Casts are written by the thousand, and each macro more costs a build its time: the engine is asked at once. #}
{% macro _as_text(expression) %}
    {{- return('cast(' ~ expression ~ ' as ' ~ adapter.dispatch('_type_text', 'driftline')() ~ ')') -}}
{% endmacro %}


{% macro _text(text) %}
    {{- return(driftline._as_text(driftline._literal(text))) -}}
{% endmacro %}


{% macro _as_double(expression) %}
    {{- return('cast(' ~ expression ~ ' as ' ~ adapter.dispatch('_type_double', 'driftline')() ~ ')') -}}
{% endmacro %}


{% macro _as_timestamp(expression) %}
    {{- return('cast(' ~ expression ~ ' as ' ~ adapter.dispatch('_type_timestamp', 'driftline')() ~ ')') -}}
{% endmacro %}


{#
    What a declared type is to us: integer, numeric, boolean, text, date, naive (a timestamp without zone), zoned,
    other.
#}
{% macro _type_kind(data_type) %}
    {{- return(adapter.dispatch('_type_kind', 'driftline')(data_type | lower)) -}}
{% endmacro %}
{% macro default___type_kind(data_type) %}
    {%- set name = data_type.split('(')[0] | trim -%}
    {%- if data_type.startswith('timestamp') or data_type.startswith('datetime') -%}
        {{- return('zoned' if 'with time zone' in data_type or 'with local time zone' in data_type
            or name in driftline._zoned_types() else 'naive') -}}
    {%- elif data_type == 'date' -%}
        {{- return('date') -}}
    {%- elif data_type.startswith('bool') -%}
        {{- return('boolean') -}}
    {%- elif data_type.endswith(']') or data_type.endswith('>') or name in ['enum', 'struct', 'map', 'union', 'row',
        'array', 'tuple', 'variant', 'object', 'json', 'super'] -%}
        {{- return('other') -}}
    {%- elif name in driftline._integer_types() -%}
        {{- return('integer') -}}
    {%- elif name in driftline._fraction_types() -%}
        {{- return('numeric') -}}
    {%- elif 'char' in data_type or name in ['text', 'string', 'citext', 'name'] -%}
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


{#
    The names of timestamps with a zone, where they do not say `with time zone`: the naive ones differ from them by two
    letters (timestamp_ntz). That a bare `timestamp` has one (Spark, BigQuery) is for an engine's own file to say.
#}
{% macro _zoned_types() %}
    {{- return(['timestamptz', 'timestamp_tz', 'timestamp_ltz', 'timestampltz', 'datetimeoffset']) -}}
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


{# A count where it stands in one column with sums of doubles: some engines have no type in common for them. #}
{% macro _as_sum(count) %}
    {{- return(adapter.dispatch('_as_sum', 'driftline')(count)) -}}
{% endmacro %}
{% macro default___as_sum(count) %}
    {{- return(count) -}}
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
