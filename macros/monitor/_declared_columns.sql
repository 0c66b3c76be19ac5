{#
    The columns of a declaration, as _declaration describes them. One that is named twice is counted once; the first
    role wins, features last.
#}

{# The names given: {numeric, categorical, segments}. #}
{% macro _declared_names(monitor, a) %}
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
            {{- driftline._fail(monitor, 'segments', tojson(name),
                "any column but one called 'all', which names the total") -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return({'numeric': numeric, 'categorical': categorical, 'segments': segments}) -}}
{% endmacro %}


{# The column of the prediction, or of the probability of each class. #}
{% macro _predicted_columns(monitor, a) %}
    {%- set columns = [] -%}
    {%- set seen = [] -%}
    {%- if a.prediction is mapping -%}
        {%- if a.task != 'multiclass' or a.prediction | length == 0 -%}
            {{- driftline._fail(monitor, 'prediction', tojson(a.prediction | string),
                "a column, or for task 'multiclass' {class: column}") -}}
        {%- endif -%}
        {{- driftline._check_classes(monitor, 'prediction', a.prediction) -}}
        {%- for class in a.prediction -%}
            {{- driftline._check_name(monitor, 'prediction.' ~ class, a.prediction[class]) -}}
            {%- if a.prediction[class] in seen -%}
                {{- driftline._fail(monitor, 'prediction.' ~ class, tojson(a.prediction[class]),
                    'a column of its own for each class') -}}
            {%- endif -%}
            {%- do columns.append({'name': a.prediction[class], 'role': 'prediction', 'kind': 'numeric',
                'argument': 'prediction'}) -%}
            {%- do seen.append(a.prediction[class]) -%}
        {%- endfor -%}
    {%- elif a.prediction is not none -%}
        {{- driftline._check_name(monitor, 'prediction', a.prediction) -}}
        {%- do columns.append({'name': a.prediction, 'role': 'prediction', 'kind': none, 'argument': 'prediction'}) -%}
    {%- endif -%}
    {{- return(columns) -}}
{% endmacro %}


{# The column of the label, where it is not the prediction's. #}
{% macro _label_columns(a, label, columns) %}
    {%- if label is none or label.relation is none and label.column in columns | map(attribute='name') | list -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- set kind = {'binary': 'categorical', 'multiclass': 'categorical', 'regression': 'numeric'}.get(a.task) -%}
    {{- return([{'name': label.column, 'role': 'label', 'kind': kind, 'argument': 'label'}]) -}}
{% endmacro %}


{# The features: what is neither prediction nor label. A label of another relation may be called as a feature is. #}
{% macro _feature_columns(names, label, columns) %}
    {%- set seen = columns | selectattr('role', 'equalto', 'prediction') | map(attribute='name') | list -%}
    {%- if label is not none and label.relation is none -%}{%- do seen.append(label.column) -%}{%- endif -%}
    {%- set features = [] -%}
    {%- for kind in ['numeric', 'categorical'] -%}
        {%- for name in names[kind] if name not in seen -%}
            {%- do features.append({'name': name, 'role': 'feature', 'kind': kind, 'argument': kind}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(features) -}}
{% endmacro %}


{% macro _check_importances(monitor, a, columns) %}
    {%- if a.importances is not mapping -%}
        {{- driftline._fail(monitor, 'importances', tojson(a.importances | string), '{column: a number, 0 or more}') -}}
    {%- endif -%}
    {%- for name in a.importances -%}
        {%- if name not in columns | selectattr('role', 'equalto', 'feature') | map(attribute='name') | list -%}
            {{- driftline._fail(monitor, 'importances', driftline._shown(name),
                "columns of 'numeric' and 'categorical'") -}}
        {%- elif not driftline._is_finite(a.importances[name]) or a.importances[name] < 0 -%}
            {{- driftline._fail(monitor, 'importances.' ~ name, tojson(a.importances[name] | string),
                'a number, 0 or more') -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{# Numbers the columns and gives each its bins: as many for all, or own edges by column (others keep the default). #}
{% macro _give_bins(monitor, a, columns) %}
    {%- set own_edges = {} -%}
    {%- set bin_count = 20 -%}
    {%- if driftline._are_given_bins(a.bins) -%}
        {#- As many as they are: _take_given_bins. -#}
    {%- elif a.bins is mapping -%}
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
{% endmacro %}


{# The business metrics: row expressions, summed. #}
{% macro _declared_metrics(monitor, a, label) %}
    {%- set metrics = [] -%}
    {%- if a.business_metrics is not mapping -%}
        {{- driftline._fail(monitor, 'business_metrics', tojson(a.business_metrics | string),
            "{name: {'sum': expression}} or {name: {'numerator': expression, 'denominator': expression}}") -}}
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
            {{- driftline._fail(monitor, 'business_metrics.' ~ name, tojson(metric | string),
                "{'sum': expression} or {'numerator': expression, 'denominator': expression}") -}}
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
    {{- return(metrics) -}}
{% endmacro %}
