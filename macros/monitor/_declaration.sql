{# Stops the compile with the one message every wrong argument gets. #}
{% macro _fail(monitor, argument, given, allowed) %}
    {{- exceptions.raise_compiler_error(
        "driftline: monitor '" ~ monitor ~ "', argument '" ~ argument ~ "': given " ~ given ~ "; allowed: " ~ allowed
    ) -}}
{% endmacro %}


{#
    Reads and checks a declaration.

    monitor    text, the model's name
    arguments  dict of the macro's arguments
    unknown    dict of arguments the macro does not have

    Returns a dict:
      monitor, relation, reference_relation (none unless the reference is a relation of its own),
      sites      none, or what is merged: list of {site, state}
      bins_relation  none, or the relation whose bins are used instead of learning some
      arguments  the declaration as plain values, without relations: what is hashed and recorded in the model's meta
      columns    list of {no, name, role, kind, bins, edges}; kind is none where it depends on the column's type
      label      none, or {column, relation (none: the log itself), key, known_at}
      metrics    list of {name, numerator, denominator, names_label}
    Stops the compile on anything it cannot accept.
#}
{% macro _declaration(monitor, arguments, unknown) %}
    {%- for name in unknown -%}
        {{- driftline._fail(monitor, name, tojson(unknown[name] | string), 'one of '
            ~ (arguments.keys() | list | join(', '))) -}}
    {%- endfor -%}
    {%- set a = {} -%}
    {%- do a.update(arguments) -%}
    {{- driftline._check_plain_arguments(monitor, a) -}}
    {%- set sites = driftline._declared_sites(monitor, a) -%}
    {%- set bins_relation = driftline._declared_bins_relation(a) -%}
    {%- set reference_relation = driftline._declared_reference(monitor, a) -%}
    {%- set names = driftline._declared_names(monitor, a) -%}
    {%- set columns = driftline._predicted_columns(monitor, a) -%}
    {%- set label = driftline._declared_label(monitor, a) -%}
    {%- do columns.extend(driftline._label_columns(a, label, columns)) -%}
    {{- driftline._check_label_arguments(monitor, a) -}}
    {{- driftline._check_ranking(monitor, a) -}}
    {%- do columns.extend(driftline._feature_columns(names, label, columns)) -%}
    {%- if columns | length == 0 and a.business_metrics is mapping and a.business_metrics | length == 0 -%}
        {{- driftline._fail(monitor, 'numeric', '[]',
            'at least one of numeric, categorical, prediction, label and business_metrics') -}}
    {%- endif -%}
    {{- driftline._check_importances(monitor, a, columns) -}}
    {%- for argument, most in {'labels': 100, 'units': 20}.items() -%}
        {%- set words = driftline._declared_words(monitor, argument, most, a, names, columns) -%}
        {%- do a.update({argument: words}) -%}
    {%- endfor -%}
    {{- driftline._give_bins(monitor, a, columns) -}}
    {%- do columns.extend(driftline._performance_columns(a, label, columns | length)) -%}
    {%- set metrics = driftline._declared_metrics(monitor, a, label) -%}
    {%- if a.model_version is not none -%}
        {{- driftline._check_name(monitor, 'model_version', a.model_version) -}}
    {%- endif -%}
    {%- if a.weight is not none -%}
        {{- driftline._check_expression(monitor, 'weight', a.weight) -}}
    {%- endif -%}

    {%- set relation = a.relation -%}
    {%- do a.pop('relation') -%}
    {{- return({
        'monitor': monitor,
        'relation': relation,
        'reference_relation': reference_relation,
        'sites': sites,
        'bins_relation': bins_relation,
        'arguments': a,
        'columns': columns,
        'segments': names.segments,
        'label': label,
        'metrics': metrics,
    }) -}}
{% endmacro %}


{# Checks what is one value, or a list of choices; the choices are written out in `a`. #}
{% macro _check_plain_arguments(monitor, a) %}
    {%- if '"' in monitor or "'" in monitor or '`' in monitor -%}
        {{- driftline._fail(monitor, 'name of the file', tojson(monitor),
            'a name without quotes and backticks (dbt does not escape them)') -}}
    {%- endif -%}
    {%- for name in a -%}{{- driftline._check_texts(monitor, name, a[name]) -}}{%- endfor -%}

    {%- if not driftline._is_relation(a.relation) and not driftline._are_states(a.relation) -%}
        {{- driftline._fail(monitor, 'relation', tojson(a.relation | string), "ref('...') or source('...', '...')") -}}
    {%- endif -%}
    {{- driftline._check_name(monitor, 'timestamp', a.timestamp) -}}
    {{- driftline._check_choice(monitor, 'period', a.period, ['hour', 'day', 'week', 'month']) -}}
    {{- driftline._check_choice(monitor, 'task', a.task, ['binary', 'multiclass', 'regression', 'none']) -}}
    {{- driftline._check_zone(monitor, 'timezone', a.timezone) -}}
    {{- driftline._check_count(monitor, 'lookback', a.lookback, 0) -}}
    {{- driftline._check_count(monitor, 'top_categories', a.top_categories, 1, 10000) -}}
    {%- if not driftline._is_finite(a.decision_threshold) -%}
        {{- driftline._fail(monitor, 'decision_threshold', driftline._shown(a.decision_threshold), 'a number') -}}
    {%- endif -%}
    {%- do a.update({'detail': driftline._check_choices(monitor, 'detail', a.detail,
        ['total', 'versions', 'segments', 'crosses', 'all'])}) -%}
    {%- set baselines = driftline._check_choices(monitor, 'baselines', a.baselines, driftline._baselines()) -%}
    {%- do a.update({'baselines': driftline._baselines() | select('in', ['reference'] + baselines) | list}) -%}
    {%- set families = driftline._check_choices(monitor, 'families', a.families,
        ['all'] + driftline._families()) -%}
    {%- do a.update({'families': driftline._families() if 'all' in families else families}) -%}
    {%- if a.owner is not none and a.owner is not string -%}
        {{- driftline._fail(monitor, 'owner', driftline._shown(a.owner), 'a text or none') -}}
    {%- endif -%}
    {%- if a.formerly is not none
        and (a.formerly is not string or a.formerly == '' or a.formerly == monitor
        or a.formerly in driftline._monitors()) -%}
        {{- driftline._fail(monitor, 'formerly', tojson(a.formerly),
            'the name this monitor had before, which no other monitor has now') -}}
    {%- endif -%}
{% endmacro %}


{#
    The reference: a span of the same relation, or a relation of its own, which is returned (else none). `a.reference`
    becomes plain values.
#}
{% macro _declared_reference(monitor, a) %}
    {%- set reference = a.reference -%}
    {%- set allowed = "{'start': 'YYYY-MM-DD', 'end': 'YYYY-MM-DD'} (half-open; without what 'exclude' lists, if it"
        ~ " does) or {'relation': ref('...')}" -%}
    {%- if reference is not mapping -%}
        {{- driftline._fail(monitor, 'reference', tojson(reference | string), allowed) -}}
    {%- endif -%}
    {%- set reference_relation = none -%}
    {%- if 'relation' in reference -%}
        {%- if reference | length != 1 or not driftline._is_relation(reference.relation) -%}
            {{- driftline._fail(monitor, 'reference', tojson(reference | string), allowed) -}}
        {%- endif -%}
        {%- set reference_relation = reference.relation -%}
        {%- do a.update({'reference': {'relation': reference_relation.identifier}}) -%}
    {%- else -%}
        {%- if 'start' not in reference or 'end' not in reference
            or reference | list | reject('in', ['start', 'end', 'exclude']) | list -%}
            {{- driftline._fail(monitor, 'reference', tojson(reference | string), allowed) -}}
        {%- endif -%}
        {%- set start = driftline._moment(monitor, 'reference.start', reference.start) -%}
        {%- set end = driftline._moment(monitor, 'reference.end', reference.end) -%}
        {%- if not start < end -%}
            {{- driftline._fail(monitor, 'reference', start ~ ' to ' ~ end,
                'a start before the end (the end is not included)') -}}
        {%- endif -%}
        {%- set excluded = driftline._declared_exclusions(monitor, reference.get('exclude'), start, end) -%}
        {%- do a.update({'reference': {'start': start, 'end': end}}) -%}
        {#- A reference that excludes nothing is hashed as it was before there was this. -#}
        {%- if excluded -%}{%- do a.reference.update({'exclude': excluded}) -%}{%- endif -%}
    {%- endif -%}
    {{- return(reference_relation) -}}
{% endmacro %}


{# The version of what is in the state and how it is counted:
    3 spells categories by one canonical text (decision 18). #}
{% macro _state_version() %}
    {{- return(3) -}}
{% endmacro %}


{#
    The hash of what the state depends on. What only steers a run (lookback, owner, formerly, how labels are judged) or
    is only said (labels, units) is left out: changing it rebuilds nothing.

    version  the version of the state to hash for: by default what this package writes. A hash of an earlier one tells
             that the package has changed and the declaration has not (decision 13). So an argument that is new here
             must be left out of the hash wherever it says nothing.
#}
{% macro _spec_hash(declaration, version=none) %}
    {%- set hashed = {} -%}
    {%- do hashed.update(declaration.arguments) -%}
    {%- for name in driftline._not_counted_by() -%}{%- do hashed.pop(name) -%}{%- endfor -%}
    {%- if hashed.task != 'binary' or declaration.label is none -%}
        {%- do hashed.pop('decision_threshold') -%}
    {%- endif -%}
    {%- do hashed.update({
        'relation': declaration.relation.identifier,
        'state_version': driftline._state_version() if version is none else version,
    }) -%}
    {{- return(local_md5(tojson(hashed, sort_keys=true))) -}}
{% endmacro %}
