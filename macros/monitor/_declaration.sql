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
      arguments  the declaration as plain values, without relations: what is hashed and recorded in the model's meta
      columns    list of {no, name, role, kind, bins, edges}; kind is none where it depends on the column's type
      label      none, or {column, relation (none: the log itself), key, known_at}
      metrics    list of {name, numerator, denominator, names_label}
    Stops the compile on anything it cannot accept.
#}
{% macro _declaration(monitor, arguments, unknown) %}
    {%- for name in unknown -%}
        {{- driftline._fail(monitor, name, tojson(unknown[name] | string), 'one of ' ~ (arguments.keys() | list | join(', '))) -}}
    {%- endfor -%}
    {%- set a = {} -%}
    {%- do a.update(arguments) -%}
    {%- if '"' in monitor or "'" in monitor or '`' in monitor -%}
        {{- driftline._fail(monitor, 'name of the file', tojson(monitor), 'a name without quotes and backticks (dbt does not escape them)') -}}
    {%- endif -%}

    {%- for name in a -%}{{- driftline._check_texts(monitor, name, a[name]) -}}{%- endfor -%}

    {%- if not driftline._is_relation(a.relation) -%}
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
        ['total', 'versions', 'segments', 'all'])}) -%}
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

    {#- The reference: a span of the same relation, or a relation of its own. -#}
    {%- set reference = a.reference -%}
    {%- set allowed_reference = "{'start': 'YYYY-MM-DD', 'end': 'YYYY-MM-DD'} (half-open) or {'relation': ref('...')}" -%}
    {%- if reference is not mapping -%}
        {{- driftline._fail(monitor, 'reference', tojson(reference | string), allowed_reference) -}}
    {%- endif -%}
    {%- set reference_relation = none -%}
    {%- if 'relation' in reference -%}
        {%- if reference | length != 1 or not driftline._is_relation(reference.relation) -%}
            {{- driftline._fail(monitor, 'reference', tojson(reference | string), allowed_reference) -}}
        {%- endif -%}
        {%- set reference_relation = reference.relation -%}
        {%- do a.update({'reference': {'relation': reference_relation.identifier}}) -%}
    {%- else -%}
        {%- if reference | length != 2 or 'start' not in reference or 'end' not in reference -%}
            {{- driftline._fail(monitor, 'reference', tojson(reference | string), allowed_reference) -}}
        {%- endif -%}
        {%- set start = driftline._moment(monitor, 'reference.start', reference.start) -%}
        {%- set end = driftline._moment(monitor, 'reference.end', reference.end) -%}
        {%- if not start < end -%}
            {{- driftline._fail(monitor, 'reference', start ~ ' to ' ~ end, 'a start before the end (the end is not included)') -}}
        {%- endif -%}
        {%- do a.update({'reference': {'start': start, 'end': end}}) -%}
    {%- endif -%}

    {#- Columns. One that is named twice is counted once; the first role wins, features last. -#}
    {%- set columns = [] -%}
    {%- set seen = [] -%}
    {%- set numeric = driftline._check_names(monitor, 'numeric', a.numeric) -%}
    {%- set categorical = driftline._check_names(monitor, 'categorical', a.categorical) -%}
    {%- set segments = driftline._check_names(monitor, 'segments', a.segments) -%}
    {%- for name in numeric -%}
        {%- if name in categorical -%}
            {{- driftline._fail(monitor, 'categorical', tojson(name), "columns that are not in 'numeric' as well") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in segments -%}
        {%- if name | lower == 'all' -%}
            {{- driftline._fail(monitor, 'segments', tojson(name), "any column but one called 'all', which names the total") -}}
        {%- endif -%}
    {%- endfor -%}
    {%- if a.prediction is mapping -%}
        {%- if a.task != 'multiclass' or a.prediction | length == 0 -%}
            {{- driftline._fail(monitor, 'prediction', tojson(a.prediction | string),
                "a column, or for task 'multiclass' {class: column}") -}}
        {%- endif -%}
        {{- driftline._check_classes(monitor, 'prediction', a.prediction) -}}
        {%- for class in a.prediction -%}
            {{- driftline._check_name(monitor, 'prediction.' ~ class, a.prediction[class]) -}}
            {%- if a.prediction[class] in seen -%}
                {{- driftline._fail(monitor, 'prediction.' ~ class, tojson(a.prediction[class]), 'a column of its own for each class') -}}
            {%- endif -%}
            {%- do columns.append({'name': a.prediction[class], 'role': 'prediction', 'kind': 'numeric', 'argument': 'prediction'}) -%}
            {%- do seen.append(a.prediction[class]) -%}
        {%- endfor -%}
    {%- elif a.prediction is not none -%}
        {{- driftline._check_name(monitor, 'prediction', a.prediction) -}}
        {%- do columns.append({'name': a.prediction, 'role': 'prediction', 'kind': none, 'argument': 'prediction'}) -%}
        {%- do seen.append(a.prediction) -%}
    {%- endif -%}
    {%- set label = driftline._declared_label(monitor, a) -%}
    {%- if label is not none and (label.column not in seen or label.relation is not none) -%}
        {%- set kind = 'categorical' if a.task in ('binary', 'multiclass') else ('numeric' if a.task == 'regression' else none) -%}
        {%- do columns.append({'name': label.column, 'role': 'label', 'kind': kind, 'argument': 'label'}) -%}
        {%- if label.relation is none -%}{%- do seen.append(label.column) -%}{%- endif -%}
    {%- endif -%}
    {{- driftline._check_count(monitor, 'label_delay', a.label_delay, 0) -}}
    {%- if a.label_lookback is not none -%}
        {{- driftline._check_count(monitor, 'label_lookback', a.label_lookback, 0) -}}
    {%- endif -%}
    {%- if a.min_labelled_share is boolean or a.min_labelled_share is not number or not 0 < a.min_labelled_share <= 1 -%}
        {{- driftline._fail(monitor, 'min_labelled_share', tojson(a.min_labelled_share | string), 'a number over 0, at most 1') -}}
    {%- endif -%}
    {%- if a.positive_label is not none and a.positive_label is not string and a.positive_label is not boolean
        and not driftline._is_finite(a.positive_label) -%}
        {{- driftline._fail(monitor, 'positive_label', tojson(a.positive_label | string),
            "one value of the label, such as 'yes'") -}}
    {%- elif a.positive_label is not none and a.task != 'binary' -%}
        {{- driftline._fail(monitor, 'positive_label', tojson(a.positive_label | string) ~ " with the task '" ~ a.task ~ "'", "a value of the label of the task 'binary'") -}}
    {%- endif -%}
    {{- driftline._check_ranking(monitor, a) -}}
    {%- for name in numeric if name not in seen -%}
        {%- do columns.append({'name': name, 'role': 'feature', 'kind': 'numeric', 'argument': 'numeric'}) -%}
    {%- endfor -%}
    {%- for name in categorical if name not in seen -%}
        {%- do columns.append({'name': name, 'role': 'feature', 'kind': 'categorical', 'argument': 'categorical'}) -%}
    {%- endfor -%}
    {%- if columns | length == 0 and a.business_metrics is mapping and a.business_metrics | length == 0 -%}
        {{- driftline._fail(monitor, 'numeric', '[]', 'at least one of numeric, categorical, prediction, label and business_metrics') -}}
    {%- endif -%}

    {%- if a.importances is not mapping -%}
        {{- driftline._fail(monitor, 'importances', tojson(a.importances | string), '{column: a number, 0 or more}') -}}
    {%- endif -%}
    {%- for name in a.importances -%}
        {%- if name not in columns | selectattr('role', 'equalto', 'feature') | map(attribute='name') | list -%}
            {{- driftline._fail(monitor, 'importances', driftline._shown(name),
                "columns of 'numeric' and 'categorical'") -}}
        {%- elif not driftline._is_finite(a.importances[name]) or a.importances[name] < 0 -%}
            {{- driftline._fail(monitor, 'importances.' ~ name, tojson(a.importances[name] | string), 'a number, 0 or more') -}}
        {%- endif -%}
    {%- endfor -%}

    {#- Bins: a number for all numeric columns, or own edges by column (the others keep the default). -#}
    {%- set own_edges = {} -%}
    {%- set bin_count = 20 -%}
    {%- if a.bins is mapping -%}
        {%- for name in a.bins -%}
            {%- if name not in columns | map(attribute='name') | list -%}
                {{- driftline._fail(monitor, 'bins', driftline._shown(name), 'numeric columns of this monitor') -}}
            {%- endif -%}
            {%- do own_edges.update({name: driftline._check_edges(monitor, 'bins.' ~ name, a.bins[name])}) -%}
        {%- endfor -%}
    {%- else -%}
        {{- driftline._check_count(monitor, 'bins', a.bins, 2, 1000) -}}
        {%- set bin_count = a.bins -%}
    {%- endif -%}
    {%- for column in columns -%}
        {%- do column.update({'no': loop.index0, 'edges': own_edges.get(column.name), 'bins': bin_count}) -%}
        {%- if column.edges is not none -%}
            {%- do column.update({'bins': column.edges | length + 1}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do columns.extend(driftline._performance_columns(a, label, columns | length)) -%}

    {#- Business metrics: row expressions, summed. -#}
    {%- set metrics = [] -%}
    {%- if a.business_metrics is not mapping -%}
        {{- driftline._fail(monitor, 'business_metrics', tojson(a.business_metrics | string), "{name: {'sum': expression}} or {name: {'numerator': expression, 'denominator': expression}}") -}}
    {%- endif -%}
    {%- for name in a.business_metrics -%}
        {%- if name is not string or name | trim == '' -%}
            {{- driftline._fail(monitor, 'business_metrics', tojson(name | string) ~ ' as a name',
                'a text as the name of each metric') -}}
        {%- endif -%}
        {%- set metric = a.business_metrics[name] -%}
        {%- set parts = [] -%}
        {%- if metric is mapping and metric | length == 1 and 'sum' in metric -%}
            {%- set parts = ['sum'] -%}
        {%- elif metric is mapping and metric | length == 2 and 'numerator' in metric and 'denominator' in metric -%}
            {%- set parts = ['denominator', 'numerator'] -%}
        {%- endif -%}
        {%- if parts == [] -%}
            {{- driftline._fail(monitor, 'business_metrics.' ~ name, tojson(metric | string), "{'sum': expression} or {'numerator': expression, 'denominator': expression}") -}}
        {%- endif -%}
        {%- for part in parts -%}
            {{- driftline._check_expression(monitor, 'business_metrics.' ~ name ~ '.' ~ part, metric[part]) -}}
        {%- endfor -%}
        {%- do metrics.append({
            'no': loop.index0,
            'name': name,
            'numerator': metric['sum'] if parts == ['sum'] else metric['numerator'],
            'denominator': none if parts == ['sum'] else metric['denominator'],
        }) -%}
        {%- do metrics[-1].update({'names_label': driftline._metric_names_label(metrics[-1], label)}) -%}
    {%- endfor -%}

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
        'arguments': a,
        'columns': columns,
        'segments': segments,
        'label': label,
        'metrics': metrics,
    }) -}}
{% endmacro %}


{# The version of what is in the state and how it is counted:
    3 spells categories by one canonical text (decision 18). #}
{% macro _state_version() %}
    {{- return(3) -}}
{% endmacro %}


{#
    The hash of what the state depends on. What only steers a run (lookback, owner, formerly, how labels are judged) is
    left out: changing it rebuilds nothing.

    version  the version of the state to hash for: by default what this package writes. A hash of an earlier one tells
             that the package has changed and the declaration has not (decision 13). So an argument that is new here
             must be left out of the hash wherever it says nothing.
#}
{% macro _spec_hash(declaration, version=none) %}
    {%- set hashed = {} -%}
    {%- do hashed.update(declaration.arguments) -%}
    {%- for name in ['lookback', 'owner', 'formerly', 'label_delay', 'label_lookback',
        'min_labelled_share', 'importances', 'detail', 'baselines', 'families'] -%}
        {%- do hashed.pop(name) -%}
    {%- endfor -%}
    {%- if hashed.task != 'binary' or declaration.label is none -%}
        {%- do hashed.pop('decision_threshold') -%}
    {%- endif -%}
    {%- do hashed.update({
        'relation': declaration.relation.identifier,
        'state_version': driftline._state_version() if version is none else version,
    }) -%}
    {{- return(local_md5(tojson(hashed, sort_keys=true))) -}}
{% endmacro %}
