{#
    The names of the project's variables that the package reads. A variable is always read by `_var`, so that it means
    the same wherever it stands.
#}
{% macro _var_names() %}
    {{- return([
        'driftline_monitors', 'driftline_now', 'driftline_alpha', 'driftline_windows', 'driftline_trailing',
        'driftline_season', 'driftline_confidence', 'driftline_thresholds', 'driftline_fairness_min_rows',
        'driftline_lower_is_better', 'driftline_champions', 'driftline_comparison_min_rows', 'driftline_planned_rows',
        'driftline_minimal_effect', 'driftline_traffic', 'driftline_rows_per_unit', 'driftline_retention',
        'driftline_language', 'driftline_events', 'driftline_unit_values', 'driftline_costs',
        'driftline_false_alarms_per_week',
    ]) -}}
{% endmacro %}


{#
    A variable of the project, wherever in `vars` it stands (decision 14).

    dbt shows a monitor, which is a model of the project, what stands at the top level and under the project's name, and
    the package's models what stands at the top level and under `driftline`. Each side records what it sees in its
    meta; what only the other side sees is taken from there, and two values for one variable are refused.
#}
{% macro _var(name, default=none) %}
    {%- if name not in driftline._var_names() -%}
        {{- exceptions.raise_compiler_error("driftline: var '" ~ name ~ "' is not listed in _var_names") -}}
    {%- endif -%}
    {%- set unset = '(not set)' -%}
    {%- set here = var(name, unset) -%}
    {#- Both sides see what the command line says. -#}
    {%- if not execute or (invocation_args_dict is defined and name in (invocation_args_dict.vars or {})) -%}
        {{- return(default if here == unset else here) -}}
    {%- endif -%}
    {%- set there = driftline._other_scope() -%}
    {%- if name not in there -%}
        {{- return(default if here == unset else here) -}}
    {%- elif here == unset -%}
        {{- return(fromjson(there[name])) -}}
    {%- endif -%}
    {%- if driftline._var_text(here) != there[name] -%}
        {%- set ours = 'driftline' if model.package_name == 'driftline' else project_name -%}
        {%- set theirs = project_name if model.package_name == 'driftline' else 'driftline' -%}
        {{- exceptions.raise_compiler_error(
            "driftline: var '" ~ name ~ "': given " ~ driftline._var_text(here) ~ ' as the models of ' ~ ours
            ~ ' see it, and ' ~ there[name] ~ ' as those of ' ~ theirs
            ~ ' see it; allowed: one value, at the top level of vars in dbt_project.yml'
        ) -}}
    {%- endif -%}
    {{- return(here) -}}
{% endmacro %}


{# A variable's value as text that can be compared and read back. #}
{% macro _var_text(value) %}
    {{- return(tojson(driftline._plain(value), none, true)) -}}
{% endmacro %}


{# The same in values that JSON has: a date is its text. #}
{% macro _plain(value) %}
    {%- if value is none or value is string or value is number -%}
        {{- return(value) -}}
    {%- elif value is mapping -%}
        {%- set plain = {} -%}
        {%- for key in value -%}{%- do plain.update({key | string: driftline._plain(value[key])}) -%}{%- endfor -%}
        {{- return(plain) -}}
    {%- elif value is sequence -%}
        {%- set plain = [] -%}
        {%- for part in value -%}{%- do plain.append(driftline._plain(part)) -%}{%- endfor -%}
        {{- return(plain) -}}
    {%- endif -%}
    {{- return(value | string) -}}
{% endmacro %}


{# The package's variables as this model sees them: name → text.
    Recorded in the meta of monitors and of a model here. #}
{% macro _scope_vars() %}
    {%- set seen = {} -%}
    {%- for name in driftline._var_names() -%}
        {%- set value = var(name, '(not set)') -%}
        {%- if value != '(not set)' -%}{%- do seen.update({name: driftline._var_text(value)}) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(seen) -}}
{% endmacro %}


{# What the other side has recorded: for a model of the package a monitor of the project, for all others the package. #}
{% macro _other_scope() %}
    {%- set names = ['model.driftline.driftline_int_attempts'] -%}
    {%- if model.package_name == 'driftline' -%}
        {%- set names = [] -%}
        {%- set listed = var('driftline_monitors', []) -%}
        {%- if listed and listed is not string and listed is not mapping and listed is sequence -%}
            {%- for monitor in listed -%}{%- do names.append('model.' ~ project_name ~ '.' ~ monitor) -%}{%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {%- for name in names if name in graph.nodes -%}
        {%- set meta = graph.nodes[name].config.meta or {} -%}
        {%- if 'driftline_vars' in meta -%}{{- return(meta.driftline_vars) -}}{%- endif -%}
    {%- endfor -%}
    {{- return({}) -}}
{% endmacro %}


{# The project's models that call `driftline.monitor`: list of {name, vars as they see them}. Only when dbt runs. #}
{% macro _declared_monitors() %}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and 'driftline_vars' in (node.config.meta or {})
            and node.package_name != 'driftline' -%}
        {%- do found.append({'name': node.name, 'vars': node.config.meta.driftline_vars}) -%}
    {%- endfor -%}
    {{- return(found | sort(attribute='name')) -}}
{% endmacro %}


{#
    The names of the monitors, from the var driftline_monitors.

    The package's models refer to each name while dbt parses, when only their own variables can be seen: a list that
    stands under the project's name cannot be taken from there, so it is refused.
#}
{% macro _monitors() %}
    {%- set monitors = driftline._var('driftline_monitors', []) -%}
    {%- if execute and not monitors and model.package_name == 'driftline' -%}
        {%- for declared in driftline._declared_monitors() if fromjson(declared.vars.driftline_monitors or 'null') -%}
            {{- exceptions.raise_compiler_error(
                "driftline: var 'driftline_monitors': given " ~ declared.vars.driftline_monitors ~ ' under vars: {'
                ~ project_name ~ ': …}, which the models of the package do not see; allowed: the list at the top level'
                ~ ' of vars in dbt_project.yml (vars: {driftline_monitors: [...]}) or under vars: {driftline: …}'
            ) -}}
        {%- endfor -%}
    {%- endif -%}
    {%- if monitors is none -%}{{- return([]) -}}{%- endif -%}
    {%- if monitors is string or monitors is mapping or monitors is not sequence -%}
        {{- driftline._fail_monitors(monitors) -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for monitor in monitors -%}
        {%- if monitor is not string or monitor | trim == '' -%}{{- driftline._fail_monitors(monitor) -}}{%- endif -%}
        {%- if monitor not in names -%}{%- do names.append(monitor) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}


{% macro _fail_monitors(given) %}
    {{- exceptions.raise_compiler_error(
        "driftline: var 'driftline_monitors': given " ~ tojson(given | string)
        ~ "; allowed: a list of the monitors' names"
    ) -}}
{% endmacro %}


{# Warns of monitors that no list names, once in a build: nothing is measured of them. One that is merged may be. #}
{% macro _warn_unlisted() %}
    {%- set known = [] -%}
    {%- set listed = driftline._monitors() -%}
    {%- do known.extend(listed) -%}
    {%- set of_sites = ['macro.driftline.merge_states', 'macro.driftline.shared_state'] -%}
    {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and node.depends_on.macros | select('in', of_sites) | list -%}
        {%- for id in node.depends_on.nodes -%}{%- do known.append(id.split('.')[-1]) -%}{%- endfor -%}
    {%- endfor -%}
    {%- set unlisted = [] -%}
    {%- for declared in driftline._declared_monitors() if declared.name not in known -%}
        {%- do unlisted.append("'" ~ declared.name ~ "'") -%}
    {%- endfor -%}
    {%- if unlisted -%}
        {%- do exceptions.warn(
            'driftline: nothing is measured of monitor ' ~ unlisted | join(', ') ~ ': the var driftline_monitors, '
            ~ tojson(listed) ~ ', does not list ' ~ ('it' if unlisted | length == 1 else 'them')
        ) -%}
    {%- endif -%}
{% endmacro %}


{# Refuses wrong variables once in a build, whether a monitor needs what reads them or not. Returns nothing. #}
{% macro _check_variables() %}
    {%- do driftline._windows(every=true) -%}
    {%- do driftline._retention() -%}
    {%- do driftline._alpha() -%}
    {%- do driftline._false_alarms_per_week() -%}
    {%- do driftline._confidence() -%}
    {%- do driftline._fairness_min_rows() -%}
    {%- do driftline._comparison_settings() -%}
    {%- do driftline._language() -%}
    {%- do driftline._unit_values() -%}
    {%- do driftline._cost_limits() -%}
    {%- set events = driftline._var('driftline_events', none) -%}
    {%- if events is not string -%}{%- do driftline._listed_events(events) -%}{%- endif -%}
{% endmacro %}
