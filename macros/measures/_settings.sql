{# The level of significance of psi_critical, ks_critical and the quality noise (var driftline_alpha). #}
{% macro _alpha() %}
    {%- set alpha = driftline._var('driftline_alpha', 0.001) -%}
    {%- if not driftline._is_finite(alpha) or alpha <= 0 or alpha >= 0.5 -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_alpha': given " ~ tojson(alpha | string)
            ~ '; allowed: a number over 0 and under 0.5') -}}
    {%- endif -%}
    {{- return(alpha) -}}
{% endmacro %}


{# Column contracts, where the engine can hold a model to one. #}
{% macro _enforce_contract() %}
    {{- return(adapter.dispatch('_enforce_contract', 'driftline')()) -}}
{% endmacro %}
{% macro default___enforce_contract() %}
    {{- return(true) -}}
{% endmacro %}


{# The config of a result: at the top of its model. #}
{% macro _result(materialized) %}
    {{- config(materialized=materialized, contract={'enforced': driftline._enforce_contract()}) -}}
    {%- if materialized == 'table' -%}{{- driftline._place('results') -}}{%- endif -%}
{% endmacro %}


{#
    What, beside the state and its declaration, the results depend on: windows computed under other rules are not kept.
    `version` is raised with every change of the package that changes a number. Thresholds are the judge's; what they
    ask to have computed is in driftline_int_frames. Left out is what no result that keeps its windows depends on, and
    the calendar, which _other_events compares.

    The text that is hashed is put together here: dbt's engines print a mapping in orders of their own.
#}
{% macro _rules_hash() %}
    {%- set rules = [
        '"version": 6',
        '"distances": ' ~ tojson(driftline._distances() | map(attribute='name') | list),
        '"metrics": ' ~ tojson(driftline._metrics() | map(attribute='name') | list),
    ] -%}
    {%- for name in driftline._var_names()
            if name not in ['driftline_monitors', 'driftline_now', 'driftline_thresholds', 'driftline_language',
                'driftline_costs', 'driftline_false_alarms_per_week', 'driftline_events', 'driftline_unit_values'] -%}
        {%- do rules.append(tojson(name) ~ ': ' ~ tojson(driftline._var_text(driftline._var(name)))) -%}
    {%- endfor -%}
    {{- return(local_md5('{' ~ rules | join(', ') ~ '}')) -}}
{% endmacro %}


{# Whether such a table is there already, with the columns it is described with. #}
{% macro _has_earlier_rows(name=none) %}
    {%- if not execute or flags.INTROSPECT is false -%}{{- return(false) -}}{%- endif -%}
    {%- set table = driftline._standing(driftline._last_build(name)) -%}
    {%- if table is none or not table.is_table -%}{{- return(false) -}}{%- endif -%}
    {%- set columns = (model if name is none else driftline._node_of(name)).columns -%}
    {%- set names = adapter.get_columns_in_relation(table) | map(attribute='name') | map('lower') | list -%}
    {{- return(columns.keys() | map('lower') | reject('in', names) | list | length == 0) -}}
{% endmacro %}


{#
    The table as its last build has left it, for the steps that come before it: an edge to it would be a circle. Without
    a name that of the model that is being built.
#}
{% macro _last_build(name=none) %}
    {%- if name is none or not execute -%}{{- return(this) -}}{%- endif -%}
    {%- set node = driftline._node_of(name) -%}
    {{- return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) -}}
{% endmacro %}
{% macro _node_of(name) %}
    {{- return(graph.nodes['model.' ~ model.package_name ~ '.' ~ name]) -}}
{% endmacro %}


{# How many periods back the windows of a kind of period look from their last period, baselines included. #}
{% macro _reach(window) %}
    {%- set reaches = [] -%}
    {%- for size in window.sizes -%}
        {%- do reaches.append(2 * size) -%}
        {%- do reaches.append(size + window.trailing) -%}
        {%- do reaches.append(size + ((size + window.season - 1) // window.season) * window.season) -%}
    {%- endfor -%}
    {{- return(reaches | max) -}}
{% endmacro %}


{# The confidence of the intervals of estimates and comparisons (var driftline_confidence). #}
{% macro _confidence() %}
    {%- set confidence = driftline._var('driftline_confidence', 0.95) -%}
    {%- if not driftline._is_finite(confidence) or confidence <= 0.5 or confidence >= 1 -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_confidence': given "
            ~ tojson(confidence | string) ~ '; allowed: a number over 0.5 and under 1') -}}
    {%- endif -%}
    {{- return(confidence) -}}
{% endmacro %}


{#
    How many rows a version's own reference (or a segment value's of it) must have to be held against: the judge's usual
    min_rows. With fewer nothing could ever be judged.
#}
{% macro _least_reference_rows() %}
    {{- return(100) -}}
{% endmacro %}


{# Whether a row stands for all rows of its window: over all versions and all values of a segment. #}
{% macro _is_total(rows) %}
    {{- return('(' ~ rows ~ ".model_version = 'all' and " ~ rows ~ ".segment_value = 'all')") -}}
{% endmacro %}
