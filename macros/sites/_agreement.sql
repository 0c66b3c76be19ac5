{# What the sites of a merge have to agree about, before anything of theirs is added up. #}


{#
    What a state says of what it counts: argument → text. States with the same texts and the same bins can be added up.
    How relations, the key of labels and the time column are called is a site's own affair, and the bins are compared
    as they are.
#}
{% macro _declared_texts(declaration) %}
    {%- set texts = {} -%}
    {%- set a = declaration.arguments -%}
    {%- for name in a if name not in driftline._not_counted_by() + ['timestamp', 'bins', 'top_categories', 'states',
            'relation'] -%}
        {%- set value = a[name] -%}
        {%- if value is mapping and 'relation' in value -%}
            {%- set value = {} -%}
            {%- do value.update(a[name]) -%}
            {%- do value.update({'relation': true}) -%}
            {%- do value.pop('key', none) -%}
        {%- endif -%}
        {%- do texts.update({name: tojson(value, sort_keys=true)}) -%}
    {%- endfor -%}
    {%- if a.task != 'binary' or declaration.label is none -%}{%- do texts.pop('decision_threshold') -%}{%- endif -%}
    {{- return(texts) -}}
{% endmacro %}


{# Arguments that a state does not depend on: they steer a run, or say how results are judged and called. #}
{% macro _not_counted_by() %}
    {{- return([
        'lookback', 'owner', 'formerly', 'label_delay', 'label_lookback', 'min_labelled_share', 'importances', 'detail',
        'baselines', 'families', 'labels', 'units',
    ]) -}}
{% endmacro %}


{#
    Reads what the states of all sites say of themselves, and stops the run on the first that cannot be added to the
    others. Returns the sites: list of {site, state, types (column → type), settings (name → text)}.
#}
{% macro _agreed_sites(declaration) %}
    {%- set monitor = declaration.monitor -%}
    {%- set sites = [] -%}
    {%- for entry in declaration.sites -%}
        {%- set site = {'site': entry.site, 'state': entry.state,
            'types': driftline._types_of_state(monitor, entry.site, entry.state)} -%}
        {%- do site.update({'settings': driftline._settings_of_site(monitor, site)}) -%}
        {{- driftline._check_declared_alike(declaration, site) -}}
        {%- for other in sites -%}
            {{- driftline._check_not_the_same(monitor, other, site) -}}
        {%- endfor -%}
        {%- if sites -%}{{- driftline._check_counted_alike(monitor, sites[0], site) -}}{%- endif -%}
        {%- do sites.append(site) -%}
    {%- endfor -%}
    {{- driftline._warn_of_late_sites(monitor, sites) -}}
    {{- return(sites) -}}
{% endmacro %}


{# The columns of a state with their types; stops the run where it is none. #}
{% macro _types_of_state(monitor, site, state) %}
    {%- set types = {} -%}
    {%- for column in adapter.get_column_schema_from_query('select * from ' ~ state ~ ' where 1 = 0') -%}
        {%- do types.update({column.name | lower: driftline._type_of_result(column.data_type)}) -%}
    {%- endfor -%}
    {%- set missing = driftline._state_columns() | reject('in', types) | list -%}
    {%- if missing -%}
        {{- driftline._fail(monitor, 'states', state ~ ' for the site ' ~ tojson(site) ~ ', which has no column '
            ~ missing | join(', '), "the table of a monitor, or what driftline.shared_state makes of it") -}}
    {%- endif -%}
    {{- return(types) -}}
{% endmacro %}


{# What a site's state was declared with: setting → text. #}
{% macro _settings_of_site(monitor, site) %}
    {%- set settings, monitors = {}, [] -%}
    {%- for row in run_query(
        "select column_name, bin_label, monitor from " ~ site.state ~ " where record = 'setting'"
    ).rows -%}
        {%- do settings.update({row[0]: row[1]}) -%}
        {%- if row[2] not in monitors -%}{%- do monitors.append(row[2]) -%}{%- endif -%}
    {%- endfor -%}
    {%- set given = site.state ~ ' for the site ' ~ tojson(site.site) -%}
    {%- if not monitors -%}
        {{- driftline._fail(monitor, 'states', given ~ ', which holds no state',
            'the table of a monitor that has been run, with all of its rows') -}}
    {%- elif monitors | length > 1 -%}
        {{- driftline._fail(monitor, 'states', given ~ ', which holds the states of '
            ~ monitors | sort | join(', '), 'the state of one monitor') -}}
    {%- elif settings.state_version != driftline._state_version() | string -%}
        {{- driftline._fail(monitor, 'states', given ~ ', a state of version '
            ~ settings.get('state_version', 'unknown'),
            'states of version ' ~ driftline._state_version()
            ~ ': run the monitor there with the version of the package that is used here') -}}
    {%- endif -%}
    {%- do settings.update({'monitor': monitors[0]}) -%}
    {{- return(settings) -}}
{% endmacro %}


{# Stops the run where a site counts something else than the merge declares. #}
{% macro _check_declared_alike(declaration, site) %}
    {%- set texts = driftline._declared_texts(declaration) -%}
    {%- for name in texts -%}
        {%- set theirs = site.settings.get('declared:' ~ name, 'null') -%}
        {%- if theirs != texts[name] -%}
            {{- driftline._fail(declaration.monitor, name, theirs ~ ' at the site ' ~ tojson(site.site),
                'at every site what the merge declares, ' ~ texts[name]) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{# Stops the run on one state that is handed over twice. #}
{% macro _check_not_the_same(monitor, one, two) %}
    {%- set same = [] -%}
    {%- for name in ['monitor', 'relation_name', 'invocation_id', 'run_started_at']
            if one.settings.get(name) == two.settings.get(name) -%}
        {%- do same.append(name) -%}
    {%- endfor -%}
    {%- if same | length == 4 -%}
        {{- driftline._fail(monitor, 'states', 'one state, of the monitor ' ~ one.settings.monitor
            ~ ', for the sites ' ~ tojson(one.site) ~ ' and ' ~ tojson(two.site), 'the state of each site once') -}}
    {%- endif -%}
{% endmacro %}


{# Stops the run where a site has other bins than the first, or another cut between its decisions. #}
{% macro _check_counted_alike(monitor, first, site) %}
    {%- if site.settings.get('decision_cut') != first.settings.get('decision_cut') -%}
        {{- driftline._fail(monitor, 'decision_threshold', 'a cut at ' ~ site.settings.decision_cut ~ ' at the site '
            ~ tojson(site.site) ~ ' and at ' ~ first.settings.decision_cut ~ ' at ' ~ tojson(first.site),
            'scores of one type at all sites (32 or 64 bits)') -}}
    {%- endif -%}
    {%- set found = run_query(driftline._bins_that_differ(first.state, site.state)).rows[0] -%}
    {%- if found[0] -%}
        {{- driftline._fail(monitor, 'bins', found[0] ~ ' bins at the site ' ~ tojson(site.site) ~ ' that '
            ~ tojson(first.site) ~ ' has not, or the other way round; the first column is ' ~ tojson(found[1]),
            "the same bins at all sites: bins={'relation': the bins of " ~ first.site ~ '} there') -}}
    {%- endif -%}
{% endmacro %}


{# How many bins only one of two states has, and the first column that has any. #}
{% macro _bins_that_differ(one, two) %}
    {%- set bin = 'column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper, bin_group' %}
    select count(*), min(column_name)
    from (
        select {{ bin }}
        from (
            select {{ bin }}, 1 as side from {{ one }} where record = 'bin'
            union all
            select {{ bin }}, -1 from {{ two }} where record = 'bin'
        ) as both_sides
        group by {{ bin }}
        having sum(side) <> 0
    ) as differing
{% endmacro %}


{# Says which sites the others wait for: a merge reaches as far as the state that is furthest behind. #}
{% macro _warn_of_late_sites(monitor, sites) %}
    {%- set newest = sites | map(attribute='settings') | map(attribute='as_of') | max -%}
    {%- set oldest = sites | map(attribute='settings') | map(attribute='as_of') | min -%}
    {%- for site in sites if site.settings.as_of == oldest and oldest[:10] < newest[:10] -%}
        {%- do exceptions.warn(
            "driftline: monitor '" ~ monitor ~ "' reaches to " ~ oldest ~ ', where the state of the site '
            ~ tojson(site.site) ~ ' ends; the furthest ends at ' ~ newest
        ) -%}
    {%- endfor -%}
{% endmacro %}
