{# How Spark builds what reads itself. #}


{#
    A table whose statement reads what the last build left in it. dbt-spark drops a table of parquet before it writes it
    anew, and Spark overwrites none that it is reading: so the rows are written beside it first, and moved when they are
    all there. Delta and Iceberg replace a table by a new version of it.
#}
{% materialization driftline_table_from_itself, adapter='spark', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set has_versions = config.get('file_format') in ['delta', 'iceberg'] -%}
    {%- set is_beside = existing is not none and existing.is_table and not has_versions -%}
    {%- set beside = target_relation.incorporate(path={'identifier': this.identifier ~ '__driftline_new'}) -%}
    {{- run_hooks(pre_hooks) -}}
    {%- if is_beside -%}
        {%- do run_query('drop table if exists ' ~ beside) -%}
        {%- do run_query('create table ' ~ beside ~ ' using parquet as ' ~ sql) -%}
    {%- endif -%}
    {%- if existing is not none and not (existing.is_table and has_versions) -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{- create_table_as(False, target_relation, 'select * from ' ~ beside if is_beside else sql) -}}
    {%- endcall -%}
    {%- if is_beside -%}
        {%- do run_query('drop table if exists ' ~ beside) -%}
    {%- endif -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{- run_hooks(post_hooks) -}}
    {{- return({'relations': [target_relation]}) -}}
{% endmaterialization %}
