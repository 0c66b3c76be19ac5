{# How tables are built, by whom at a time, and what a plan has to be told. #}


{# The incremental strategy that replaces whole periods. #}
{% macro _incremental_strategy() %}
    {{- return(adapter.dispatch('_incremental_strategy', 'driftline')()) -}}
{% endmacro %}
{% macro default___incremental_strategy() %}
    {{- return('delete+insert') -}}
{% endmacro %}


{#
    The config `full_refresh` of a monitor: none leaves it to dbt, which builds a new table and drops the old one. False
    where that would take the views over it along: a full refresh then replaces all rows within the table.
#}
{% macro _full_refresh() %}
    {{- return(adapter.dispatch('_full_refresh', 'driftline')()) -}}
{% endmacro %}
{% macro default___full_refresh() %}
    {{- return(none) -}}
{% endmacro %}


{#
    How a table of ours lies on the disk, as config of dbt: partition_by, cluster_by, file_format, dist, sort and the
    like. What a project says of its own models or of ours stands.

    kind  state (a monitor), attempts (which runs set out to read which monitor), results (what people are promised),
          steps (what is private)
#}
{% macro _placement(kind) %}
    {{- return(adapter.dispatch('_placement', 'driftline')(kind)) -}}
{% endmacro %}
{% macro default___placement(kind) %}
    {{- return({}) -}}
{% endmacro %}


{# Sets that config, but for what dbt_project.yml says; what the model's file says after it stands too. #}
{% macro _place(kind) %}
    {%- set placement = driftline._placement(kind) -%}
    {%- for name in placement if not model.config.get(name) -%}
        {{- config(**{name: placement[name]}) -}}
    {%- endfor -%}
{% endmacro %}


{# Stops the compile on a monitor whose name is too long for the engine. #}
{% macro _check_identifier(monitor) %}
    {{- return(adapter.dispatch('_check_identifier', 'driftline')(monitor)) -}}
{% endmacro %}
{% macro default___check_identifier(monitor) %}
{% endmacro %}


{#
    What engines answer that take so many characters or bytes.

    taken  what the engine takes
    added  what dbt adds to the name of a table while it builds it
    unit   characters or bytes
#}
{% macro _check_length_of_name(monitor, engine, taken, added, unit) %}
    {%- set length = (this.identifier.encode('utf-8') if unit == 'bytes' else this.identifier) | length -%}
    {%- if length > taken - added -%}
        {{- driftline._fail(
            monitor, 'name of the file', '"' ~ this.identifier ~ '", which is ' ~ length ~ ' ' ~ unit ~ ' long',
            'a name of up to ' ~ (taken - added) ~ ' ' ~ unit ~ ': ' ~ engine ~ ' takes ' ~ taken
            ~ (', and dbt adds ' ~ added ~ ' while it builds' if added else '')
        ) -}}
    {%- endif -%}
{% endmacro %}


{# How many bytes the engine takes as one statement; none where that is more than a monitor ever has. #}
{% macro _most_bytes() %}
    {{- return(adapter.dispatch('_most_bytes', 'driftline')()) -}}
{% endmacro %}
{% macro default___most_bytes() %}
    {{- return(none) -}}
{% endmacro %}


{# Stops the compile on a monitor whose statement is longer, with what dbt puts around it. #}
{% macro _check_length(declaration, sql) %}
    {%- set most = driftline._most_bytes() -%}
    {%- set bytes = 0 if most is none else sql.encode('utf-8') | length + 4000 -%}
    {%- if most is not none and bytes > most -%}
        {%- set columns = declaration.arguments.numeric | length + declaration.arguments.categorical | length -%}
        {{- driftline._fail(
            declaration.monitor, 'numeric, categorical', columns ~ ' columns, which make a statement of '
            ~ '{:,}'.format(bytes) ~ ' bytes, more than the ' ~ '{:,}'.format(most) ~ ' that ' ~ target.type ~ ' takes',
            'fewer columns: monitors of the same relation, each with a part of them'
        ) -}}
    {%- endif -%}
{% endmacro %}


{#
    Stops a run that would write what another run is writing at the time (decision 13), where the engine lets them: most
    have one writer, or transactions that keep them apart. Called where a run first comes to what it may have in common
    with others: in each monitor, and in what is made of all of them.
#}
{% macro _alone() %}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {{- return(adapter.dispatch('_alone', 'driftline')()) -}}
    {%- endif -%}
{% endmacro %}
{% macro default___alone() %}
{% endmacro %}


{#
    `as <this> (` of a CTE whose columns are expensive and used more than once: some engines put the expression in place
    of every use, and what is nested a few deep then never ends.
#}
{% macro _computed_once() %}
    {{- return(adapter.dispatch('_computed_once', 'driftline')()) -}}
{% endmacro %}
{% macro default___computed_once() %}
    {{- return('') -}}
{% endmacro %}


{#
    `as <this> (` of a CTE that is used more than once and that a filter from outside is to reach: some engines compute
    such a one whole before anything else.
#}
{% macro _in_place() %}
    {{- return(adapter.dispatch('_in_place', 'driftline')()) -}}
{% endmacro %}
{% macro default___in_place() %}
    {{- return('') -}}
{% endmacro %}


{# The indexes of a table in which rows are looked up by these columns, where the engine has any. #}
{% macro _indexes(columns) %}
    {{- return(adapter.dispatch('_indexes', 'driftline')(columns)) -}}
{% endmacro %}
{% macro default___indexes(columns) %}
    {{- return([]) -}}
{% endmacro %}


{# How a table is built whose statement reads what the last build left in it. #}
{% macro _table_from_itself() %}
    {{- return(adapter.dispatch('_table_from_itself', 'driftline')()) -}}
{% endmacro %}
{% macro default___table_from_itself() %}
    {{- return('table') -}}
{% endmacro %}


{#
    A table as its last build has left it, or none. Where a run can die while a table and its successor change places,
    that is put right first.

    table  relation
#}
{% macro _standing(table) %}
    {{- return(adapter.dispatch('_standing', 'driftline')(table)) -}}
{% endmacro %}
{% macro default___standing(table) %}
    {{- return(load_relation(table)) -}}
{% endmacro %}


{# Stops a run in a session whose settings would make other numbers of the same rows. #}
{% macro _check_session() %}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {{- return(adapter.dispatch('_check_session', 'driftline')()) -}}
    {%- endif -%}
{% endmacro %}
{% macro default___check_session() %}
{% endmacro %}
