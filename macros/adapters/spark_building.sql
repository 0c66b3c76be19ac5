{# How Spark builds what reads itself. #}


{#
    A table whose statement reads what the last build left in it. dbt-spark drops a table of parquet before it writes it
    anew, and Spark overwrites none that it is reading: so its successor is written beside it, and when that is whole
    the two change places by renaming. A run that dies in between leaves the former under its other name, from which
    _standing takes it back. Delta and Iceberg replace a table by a new version of it.
#}
{% materialization driftline_table_from_itself, adapter='spark', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = driftline._standing(this) -%}
    {%- set has_versions = config.get('file_format') in ['delta', 'iceberg'] -%}
    {%- set changes_places = existing is not none and existing.is_table and not has_versions -%}
    {%- set beside = driftline._spark_beside(target_relation, 'new') -%}
    {%- set former = driftline._spark_beside(target_relation, 'old') -%}
    {%- if changes_places and config.get('location_root') -%}
        {{- exceptions.raise_compiler_error(
            'driftline: ' ~ this.identifier ~ ": config 'location_root': given " ~ config.get('location_root')
            ~ ' for a table that is written beside itself; allowed: none, or file_format delta or iceberg'
        ) -}}
    {%- endif -%}
    {{- run_hooks(pre_hooks) -}}
    {%- if changes_places -%}
        {#- What a run that died has left. -#}
        {%- do adapter.drop_relation(beside) -%}
        {%- do adapter.drop_relation(former) -%}
    {%- elif existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{- create_table_as(False, beside if changes_places else target_relation, sql) -}}
    {%- endcall -%}
    {%- if changes_places -%}
        {%- do adapter.rename_relation(existing, former) -%}
        {%- do adapter.rename_relation(beside, target_relation) -%}
        {%- do adapter.drop_relation(former) -%}
    {%- endif -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{- run_hooks(post_hooks) -}}
    {{- return({'relations': [target_relation]}) -}}
{% endmaterialization %}
{% macro _spark_beside(table, what) %}
    {{- return(table.incorporate(path={'identifier': table.identifier ~ '__driftline_' ~ what}, type='table')) -}}
{% endmacro %}


{% macro spark___standing(table) %}
    {%- set found = load_relation(table) -%}
    {%- set former = load_relation(driftline._spark_beside(table, 'old')) -%}
    {%- if found is none and former is not none and flags.WHICH in ['run', 'build', 'retry'] -%}
        {%- do adapter.rename_relation(former, table.incorporate(type='table')) -%}
        {{- return(load_relation(table)) -}}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}


{#
    A table's name is one of a folder, of 255 bytes at most, and what stands beside a monitor's has 22 letters more
    (_step_table). Spark takes letters of ASCII, digits and underscores.
#}
{% macro spark___check_identifier(monitor) %}
    {%- if this.identifier | length > 233 or modules.re.match('^[A-Za-z0-9_]+$', this.identifier) is none -%}
        {{- driftline._fail(
            monitor, 'name of the file', '"' ~ this.identifier ~ '"',
            'a name of up to 233 letters from a to z, digits and underscores, as Spark has them'
        ) -}}
    {%- endif -%}
{% endmacro %}
