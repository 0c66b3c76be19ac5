{# What of a statement is a step of its own: a CTE, a table, a part of the columns. #}

{#
    The steps of a statement, ready to be selected from: `with … as (…), …`. An engine that computes a CTE at each of
    its uses makes relations of some beforehand (_repeated_steps).

    steps  list of {name, sql} or {name, parts}, each reading those before it by their names (_state_steps)
#}
{% macro _with_steps(steps) %}
    {{- return(adapter.dispatch('_with_steps', 'driftline')(steps)) -}}
{% endmacro %}
{% macro default___with_steps(steps) %}
with {% for step in steps -%}
{{ step.name }} as (
    {{ driftline._step_sql(step) }}
)
{%- if not loop.last %},

{% endif -%}
{% endfor %}
{% endmacro %}


{# A step as one SQL. #}
{% macro _step_sql(step) %}
    {%- if step.parts is not defined -%}{{- return(step.sql) -}}{%- endif -%}
    {%- for part in step.parts %}
    select * from (
    {{ part }}
    ) as part_{{ loop.index }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{# Drops what _with_steps made for a monitor's table, once all monitors are built. #}
{% macro _drop_steps(table) %}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {{- return(adapter.dispatch('_drop_steps', 'driftline')(table)) -}}
    {%- endif -%}
{% endmacro %}
{% macro default___drop_steps(table) %}
{% endmacro %}


{#
    What _with_steps and _drop_steps are where a CTE is put in place of each of its uses: what is used repeatedly
    becomes a table beside the one that is built. Where nothing is built, nothing is made: the statement is shown as a
    whole.

    storage  SQL between the name of a new table and `as`
#}
{% macro _steps_as_tables(steps, storage) %}
    {%- if flags.WHICH not in ['run', 'build', 'retry'] -%}
        {{- return(driftline.default___with_steps(steps)) -}}
    {%- endif -%}
    {%- set ready = [] -%}
    {#- Where a step is cut, all that the parts have in common is a table too. -#}
    {%- set are_cut = steps | selectattr('parts', 'defined') | map(attribute='parts') | map('length') | max > 2 -%}
    {%- for step in steps -%}
        {%- if step.name in driftline._repeated_steps() or are_cut and step.name in driftline._cut_steps() -%}
            {%- set table = driftline._step_table(this, step.name) -%}
            {%- do run_query('drop table if exists ' ~ table) -%}
            {%- set before = driftline.default___with_steps(ready) if ready else '' -%}
            {%- set parts = step.parts if are_cut and step.parts is defined else [driftline._step_sql(step)] -%}
            {%- for part in parts -%}
                {%- set made = 'create table ' ~ table ~ ' ' ~ storage ~ ' as ' if loop.first
                    else 'insert into ' ~ table ~ ' ' -%}
                {%- do run_query(made ~ before ~ 'select * from (' ~ part ~ ') as step') -%}
            {%- endfor -%}
            {%- do ready.append({'name': step.name, 'sql': 'select * from ' ~ table}) -%}
        {%- else -%}
            {%- do ready.append(step) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(driftline.default___with_steps(ready)) -}}
{% endmacro %}
{% macro _drop_step_tables(table) %}
    {%- for step in driftline._repeated_steps() + driftline._cut_steps() -%}
        {%- do run_query('drop table if exists ' ~ driftline._step_table(table, step)) -%}
    {%- endfor -%}
{% endmacro %}
{% macro _step_table(relation, step) %}
    {{- return(relation.incorporate(path={'identifier': relation.identifier ~ '__driftline_' ~ step})) -}}
{% endmacro %}


{#
    How many columns are looked at in one pass over the rows. Each pass is some thousand characters of SQL, and engines
    take no more than a million and fewer (_check_length); within a pass every row is asked for each column.
#}
{% macro _columns_per_pass() %}
    {{- return(adapter.dispatch('_columns_per_pass', 'driftline')()) -}}
{% endmacro %}
{% macro default___columns_per_pass() %}
    {{- return(32) -}}
{% endmacro %}


{#
    How many columns one statement counts, or none for all of them: for engines that make tables of steps (_with_steps)
    and take no statement of any length. What is beyond goes into the same table by a statement of its own.
#}
{% macro _columns_per_statement() %}
    {{- return(adapter.dispatch('_columns_per_statement', 'driftline')()) -}}
{% endmacro %}
{% macro default___columns_per_statement() %}
    {{- return(none) -}}
{% endmacro %}


{# Columns as lists of those that one statement counts. #}
{% macro _by_statement(columns) %}
    {%- set most = driftline._columns_per_statement() -%}
    {{- return(columns | batch(most) | list if most is not none else [columns] if columns else []) -}}
{% endmacro %}
