{# Which models have anything to do, from what the monitors declare (decisions 21, 35). #}

{#
    Whether a model has anything to do. Without a monitor nothing has; a model of one family or several has where some
    monitor declares what they are made of and does not leave them out. Where dbt does not run, all have: their refs
    must be seen. A listed model that does not call `driftline.monitor` is taken to have everything.
#}
{% macro _is_needed(families=none) %}
    {%- if not execute -%}{{- return(true) -}}{%- endif -%}
    {%- for declared in driftline._declarations() -%}
        {%- if not declared or families is none -%}{{- return(true) -}}{%- endif -%}
        {%- for family in families if driftline._declares(declared, family) -%}{{- return(true) -}}{%- endfor -%}
    {%- endfor -%}
    {{- return(false) -}}
{% endmacro %}


{# The arguments of each listed monitor, as its model's meta has them; nothing of one that does not say. #}
{% macro _declarations() %}
    {%- set declarations = [] -%}
    {%- for monitor in driftline._monitors() -%}
        {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ monitor] -%}
        {%- do declarations.append((node.config.meta or {}).driftline if node else none) -%}
    {%- endfor -%}
    {{- return(declarations) -}}
{% endmacro %}


{# The kinds of periods that some monitor has: no others' windows are written out. Where dbt does not run, one does. #}
{% macro _periods() %}
    {%- set periods = ['hour', 'day', 'week', 'month'] -%}
    {%- set declared = driftline._declarations() if execute else [{'period': 'day'}] -%}
    {%- if not declared or declared | reject('mapping') | list -%}{{- return(periods) -}}{%- endif -%}
    {{- return(periods | select('in', declared | map(attribute='period') | list) | list) -}}
{% endmacro %}


{# Whether some monitor may have groups that are not detailed. #}
{% macro _has_versions_or_segments() %}
    {%- for declared in (driftline._declarations() if execute else [none]) -%}
        {%- if not declared or declared.model_version or declared.segments -%}{{- return(true) -}}{%- endif -%}
    {%- endfor -%}
    {{- return(false) -}}
{% endmacro %}


{# Whether a declaration has what a family is made of, and does not leave it out. #}
{% macro _declares(declared, family) %}
    {%- set needs = {
        'performance': declared.label,
        'business': declared.business_metrics,
        'concept': declared.label and declared.task != 'none',
        'fairness': declared.segments and declared.prediction and declared.task == 'binary',
        'comparisons': declared.model_version,
    } -%}
    {{- return((true if needs[family] is undefined else (true if needs[family] else false))
        and family in (declared.families or driftline._families())) -}}
{% endmacro %}


{# A model's columns and no rows, for one that has nothing to do. #}
{% macro _empty() %}
    {%- set types = {
        'double precision': driftline._type_double(), 'bigint': dbt.type_bigint(), 'integer': dbt.type_int(),
        'boolean': dbt.type_boolean(), 'timestamp': driftline._type_timestamp(),
    } -%}
    {#- dbt may have put the engine's own names in their places. -#}
    {%- for own in [dbt.type_bigint(), dbt.type_int(), dbt.type_boolean()] -%}
        {%- do types.update({own: own}) -%}
    {%- endfor -%}
    {%- do types.update({dbt.type_timestamp(): driftline._type_timestamp()}) %}
select
    {%- for column in model.columns.values() %}
    cast(null as {{ types.get(column.data_type, driftline._type_text()) }}) as {{ column.name }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from (select 1 as nothing) as nobody
where 1 = 0
{% endmacro %}


{#
    What a private relation is: a table. Where no monitor is listed it is none at all, so that dbt has nothing to make;
    what would read it has nothing to do either.
#}
{% macro _private_table(reads_itself=false) %}
    {%- if not driftline._monitors() -%}{{- return('ephemeral') -}}{%- endif -%}
    {%- do driftline._place('steps') -%}
    {{- return(driftline._table_from_itself() if reads_itself else 'table') -}}
{% endmacro %}
