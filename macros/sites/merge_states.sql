{#
    Merges the states of several sites into one monitor: the whole body of one model file. No row of a log moves, only
    counts. Arguments and errors: macros/sites/_sites.yml.
#}
{% macro merge_states(states) %}
    {%- set given = {} -%}
    {%- do given.update(kwargs) -%}
    {%- if 'relation' in given -%}
        {{- driftline._fail(model.name, 'relation', tojson(given.relation | string),
            "no relation: 'states' are what a merge reads") -}}
    {%- endif -%}
    {#- What the sites' bins say already, and what only steers a run that reads a log. -#}
    {%- for name in ['bins', 'top_categories', 'lookback', 'label_lookback'] -%}
        {%- do given.pop(name, none) -%}
    {%- endfor -%}
    {%- if 'timestamp' not in given -%}{%- do given.update({'timestamp': 'period_start'}) -%}{%- endif -%}
    {#- Relations of the sites: the merging project need not have them, so a name will do. -#}
    {%- for argument in ['reference', 'label']
            if given.get(argument) is mapping and given[argument].get('relation') is string -%}
        {%- set named = {} -%}
        {%- do named.update(given[argument]) -%}
        {%- do named.update({'relation': api.Relation.create(identifier=named.relation)}) -%}
        {%- do given.update({argument: named}) -%}
    {%- endfor -%}
    {{- driftline.monitor(relation={'states': states}, **given) -}}
{% endmacro %}


{# Whether what a monitor reads are states of sites (merge_states), not a log. #}
{% macro _are_states(relation) %}
    {{- return(relation is mapping and not driftline._is_relation(relation) and relation | list == ['states']) -}}
{% endmacro %}


{#
    The sites of a merge, checked: list of {site, state (a relation)}; none for a monitor of a log. `a.states` becomes
    plain values and `a.relation` a relation of the sites' names, which is only ever shown.
#}
{% macro _declared_sites(monitor, a) %}
    {%- if not driftline._are_states(a.relation) -%}{{- return(none) -}}{%- endif -%}
    {%- set given = a.relation.states -%}
    {%- set allowed = "a list with a site of its own each: [{'site': 'tokyo', 'state': ref('...')}, …]" -%}
    {%- if given is string or given is mapping or given is not sequence or given | length == 0 -%}
        {{- driftline._fail(monitor, 'states', driftline._shown(given), allowed) -}}
    {%- endif -%}
    {%- set names, relations, plain = [], {}, [] -%}
    {%- for entry in given -%}
        {%- if entry is not mapping or entry | list | sort != ['site', 'state'] or entry.site is not string
            or entry.site | trim == '' or not driftline._is_relation(entry.state) -%}
            {{- driftline._fail(monitor, 'states', driftline._shown(entry), allowed) -}}
        {%- endif -%}
        {%- if entry.site | trim | lower in names -%}
            {{- driftline._fail(monitor, 'states', 'the site ' ~ tojson(entry.site) ~ ' twice', allowed) -}}
        {%- elif execute and entry.state | string in relations -%}
            {{- driftline._fail(monitor, 'states', 'the state ' ~ entry.state ~ ' for the sites '
                ~ tojson(relations[entry.state | string]) ~ ' and ' ~ tojson(entry.site), allowed) -}}
        {%- endif -%}
        {%- do names.append(entry.site | trim | lower) -%}
        {%- do relations.update({entry.state | string: entry.site}) -%}
        {%- do plain.append({'site': entry.site, 'state': entry.state.identifier}) -%}
    {%- endfor -%}
    {%- do a.update({
        'states': plain,
        'relation': api.Relation.create(identifier=plain | map(attribute='site') | join(', ')),
    }) -%}
    {{- return(given) -}}
{% endmacro %}
