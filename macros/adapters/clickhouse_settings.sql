{# The settings without which the same SQL means something else, or nothing, and their values (docs/clickhouse.md). #}
{% macro _clickhouse_settings() %}
    {{- return({
        'aggregate_functions_null_for_empty': '1', 'allow_lossy_numeric_supertype': '1', 'cast_keep_nullable': '1',
        'date_time_64_output_format_cut_trailing_zeros_align_to_groups_of_thousands': '1',
        'enable_materialized_cte': '1', 'group_by_use_nulls': '1', 'join_use_nulls': '1',
        'prefer_column_name_to_alias': '1',
    }) -}}
{% endmacro %}


{% macro clickhouse___check_session() %}
    {%- set needed = driftline._clickhouse_settings() -%}
    {%- set names = "'" ~ needed.keys() | join("', '") ~ "'" -%}
    {%- set found = {} -%}
    {%- for row in run_query('select name, value from system.settings where name in (' ~ names ~ ')').rows -%}
        {%- do found.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- set missing = [] -%}
    {%- set unknown = [] -%}
    {%- for name in needed -%}
        {%- if name not in found -%}{%- do unknown.append(name) -%}
        {%- elif found[name] | string not in [needed[name], 'true', 'True'] -%}
            {%- do missing.append(name ~ ': ' ~ needed[name]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if unknown -%}
        {{- exceptions.raise_compiler_error(
            'driftline: this ClickHouse does not know ' ~ unknown | join(', ')
            ~ ': a newer one is needed (26.9 was tried)'
        ) -}}
    {%- elif missing -%}
        {{- exceptions.raise_compiler_error(
            "driftline: the connection to ClickHouse lacks settings; needed in profiles.yml, under custom_settings: "
            ~ missing | join(', ')
        ) -}}
    {%- endif -%}
{% endmacro %}


{# A table's name is one of files, and what stands beside a monitor's has 22 letters more (_step_table). #}
{% macro clickhouse___check_identifier(monitor) %}
    {%- if flags.INTROSPECT is not false -%}
        {%- set lengths = run_query(
            'select length(encodeURLComponent(' ~ driftline._literal(this.identifier)
            ~ ')), getMaxTableNameLengthForDatabase(' ~ driftline._literal(this.schema) ~ ') - 22'
        ).rows[0] -%}
        {%- if lengths[0] > lengths[1] -%}
            {{- driftline._fail(
                monitor, 'name of the file', '"' ~ this.identifier ~ '", which takes ' ~ lengths[0] ~ ' letters',
                'a name of up to ' ~ lengths[1] ~ ', which leaves ClickHouse room for the tables beside it in this'
                ~ ' database (what is no letter or digit of ASCII counts three)'
            ) -}}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
