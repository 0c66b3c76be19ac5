{#
    Drops what earlier versions of this package made and this one does not: renamed or given up, private all of it. dbt
    leaves a table where it is when its model is gone.

    dry_run  only lists them (default)
#}
{% macro drop_former(dry_run=true) %}
    {%- set found = driftline._former_relations_left() -%}
    {%- if not found -%}{%- do log('driftline: nothing is left of earlier versions', info=true) -%}{%- endif -%}
    {%- for relation in found -%}
        {%- set what = relation.type ~ ' ' ~ relation -%}
        {%- do log('driftline: ' ~ ('would drop ' if dry_run else 'dropping ') ~ what, info=true) -%}
    {%- endfor -%}
    {%- if found and dry_run -%}
        {%- do log("driftline: nothing was dropped; with --args '{dry_run: false}' they are", info=true) -%}
    {%- elif found -%}
        {%- for sql in driftline._drop_statements(found) -%}
            {%- call statement('drop_former', auto_begin=true) %}{{ sql }}{% endcall -%}
        {%- endfor -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{% endmacro %}


{# Those that are there, in the schemas the package's models are built in; nothing that a node of the project makes. #}
{% macro _former_relations_left() %}
    {%- set places, made, found = [], [], [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'snapshot'] -%}
        {%- do made.append([node.database, node.schema, node.alias] | join('.') | lower) -%}
        {%- if node.package_name == 'driftline' and [node.database, node.schema] not in places -%}
            {%- do places.append([node.database, node.schema]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for place in places -%}
        {%- for name in driftline._former_relations() if [place[0], place[1], name] | join('.') | lower not in made -%}
            {%- set relation = adapter.get_relation(database=place[0], schema=place[1], identifier=name) -%}
            {%- if relation is not none -%}{%- do found.append(relation) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}


{# The names. A model that is renamed or given up is added here (tests/state/test_drop_former.py holds the list to
    the models' history). #}
{% macro _former_relations() %}
    {{- return([
        'driftline_assessed', 'driftline_calendar', 'driftline_calibration', 'driftline_cause_parts',
        'driftline_cells', 'driftline_class_counts', 'driftline_critical_values', 'driftline_episodes',
        'driftline_estimated', 'driftline_expected_losses', 'driftline_explained_windows',
        'driftline_fairness_groups', 'driftline_groups', 'driftline_histories', 'driftline_judgements',
        'driftline_maturity', 'driftline_model_sums', 'driftline_realized', 'driftline_reference',
        'driftline_rolling_bins', 'driftline_rolling_columns', 'driftline_rolling_measures',
        'driftline_rolling_scores', 'driftline_score_curves', 'driftline_series', 'driftline_thresholds',
        'driftline_version_pairs', 'driftline_version_rows', 'driftline_version_splits',
        'driftline_version_sums', 'driftline_windows',
    ]) -}}
{% endmacro %}


{#
    What drops them. Views first; nothing else goes with them: where something of the project reads one, the engine
    says so.
#}
{% macro _drop_statements(relations) %}
    {{- return(adapter.dispatch('_drop_statements', 'driftline')(relations)) -}}
{% endmacro %}
{% macro default___drop_statements(relations) %}
    {%- set statements = [] -%}
    {%- for relation in relations | selectattr('is_view') | list + relations | rejectattr('is_view') | list -%}
        {%- do statements.append('drop ' ~ relation.type ~ ' if exists ' ~ relation) -%}
    {%- endfor -%}
    {{- return(statements) -}}
{% endmacro %}
{# In one statement, so that one that reads another is no obstacle, and none goes where one cannot. #}
{% macro postgres___drop_statements(relations) %}
    {%- set statements = [] -%}
    {%- for group in [relations | selectattr('is_view') | list, relations | rejectattr('is_view') | list] if group -%}
        {%- do statements.append('drop ' ~ group[0].type ~ ' if exists ' ~ group | join(', ')) -%}
    {%- endfor -%}
    {{- return([statements | join('; ')]) -}}
{% endmacro %}
