{# Postgres: how tables are built, and by whom at a time. What is answered and why: postgres.sql. #}


{% macro postgres___computed_once() %}
    {{- return('materialized') -}}
{% endmacro %}


{% macro postgres___in_place() %}
    {{- return('not materialized') -}}
{% endmacro %}


{% macro postgres___indexes(columns) %}
    {{- return([{'columns': columns}]) -}}
{% endmacro %}


{# Views are bound to the table itself: dropped with it, whatever takes its name. #}
{% macro postgres___full_refresh() %}
    {{- return(false) -}}
{% endmacro %}


{#
    Postgres cuts a name off after 63 bytes, without a word; dbt counts characters. Its temporary table has the first 42
    characters of the name and an ending: of a name that fills 63 bytes with no more characters than that, the ending is
    cut off and the two are one.
#}
{% macro postgres___check_identifier(monitor) %}
    {%- if flags.INTROSPECT is not false -%}
        {%- set name = driftline._literal(this.identifier) -%}
        {%- set lengths = run_query('select octet_length(' ~ name ~ '), char_length(' ~ name ~ ')').rows[0] -%}
        {%- if lengths[0] > 63 or lengths[0] == 63 and lengths[1] <= 42 -%}
            {{- driftline._fail(
                monitor, 'name of the file', '"' ~ this.identifier ~ '", which is ' ~ lengths[0] ~ ' bytes long',
                'a name of up to 62 bytes (63 where every letter takes one), which is what Postgres keeps of a name'
            ) -}}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# A query sees the databases of one connection, which is one. What is not there otherwise is seen by its columns. #}
{% macro postgres___is_there(relation) %}
    {{- return(not relation.database or relation.database | lower == target.dbname | lower) -}}
{% endmacro %}


{#
    Two runs that write one table would both insert their rows, and two builds would drop each other's tables. So the
    first model of a run that comes here marks all that the run is going to write by advisory locks, which the
    connection holds until dbt ends, however it ends. A run that finds another's mark on anything of its own stops: of
    two runs one always goes on, and runs that have nothing in common do not see each other.

    The mark: a shared lock whose first key is what is written and whose second is the run, so that it can be read in
    pg_locks whose it is. Looking and marking is done by one run at a time, under a lock of its own.
#}
{% macro postgres___alone() %}
    {%- set written = [] -%}
    {%- for id in selected_resources if id in graph.nodes -%}
        {%- set node = graph.nodes[id] -%}
        {%- set is_ours = node.package_name == 'driftline' or 'driftline' in node.config.meta -%}
        {%- if is_ours and node.resource_type == 'model' and node.relation_name -%}
            {%- do written.append('(' ~ driftline._literal(node.relation_name) ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if adapter.type() != 'postgres' or not written -%}{{- return('') -}}{%- endif -%}
    {%- set run = 'hashtext(' ~ driftline._literal(invocation_id) ~ ')' -%}
    {%- set marks %}
    with written as (
        select name, hashtext(name) as key from (values {{ written | join(', ') }}) as w (name)
    ),

    marks as (
        select w.name, l.pid, l.objid::bigint = {{ run }}::bigint & 4294967295 as is_own
        from written as w
        join pg_catalog.pg_locks as l on l.classid::bigint = w.key::bigint & 4294967295
        where l.locktype = 'advisory' and l.objsubid = 2
            and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
    )
    {% endset -%}
    {%- do run_query("select count(pg_advisory_lock(hashtext('driftline'), 0))") -%}
    {%- do run_query(
        marks ~ 'select count(pg_advisory_lock_shared(key, ' ~ run
            ~ ')) from written where not exists (select 1 from marks)'
    ) -%}
    {%- set others = run_query(
        marks ~ 'select m.name, m.pid, a.usename, a.backend_start::timestamp(0)::text'
        ~ ' from marks as m left join pg_catalog.pg_stat_activity as a on a.pid = m.pid'
        ~ ' where not m.is_own'
        ~ ' order by m.name = ' ~ driftline._literal(model.relation_name or '') ~ ' desc, m.name limit 1'
    ).rows -%}
    {%- do run_query("select count(pg_advisory_unlock(hashtext('driftline'), 0))") -%}
    {%- if others | length > 0 -%}
        {%- set other = others[0] -%}
        {{- exceptions.raise_compiler_error(
            "driftline: '" ~ model.name ~ "': another build is running: process " ~ other[1] ~ ' of ' ~ target.host
            ~ (', user ' ~ other[2] if other[2] is not none else '')
            ~ (', since ' ~ other[3] if other[3] is not none else '')
            ~ ', is at work on ' ~ other[0]
            ~ '. This run leaves that as it is: start it again when the other has ended.'
        ) -}}
    {%- endif -%}
{% endmacro %}


{% macro postgres___can_delete_windows() %}
    {{- return(true) -}}
{% endmacro %}
