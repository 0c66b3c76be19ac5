{#
    What only performance counts, per row: the score, the probabilities and the classes in bins of their own, and the
    measures that are summed over whole rows.
#}

{# The columns of a declaration that only performance counts. #}
{% macro _fine_columns(declaration) %}
    {{- return(declaration.columns | rejectattr('role', 'in', ['feature', 'prediction', 'label']) | list) -}}
{% endmacro %}


{# Those of a source without labels: such a reference still has scores, which their fine bins are learnt on. #}
{% macro _columns_without_label(declaration, prediction) %}
    {%- set columns = [] -%}
    {%- for column in driftline._fine_columns(declaration) if column.role in ('performance', 'confidence') -%}
        {%- set resolved = {} -%}
        {%- do resolved.update(column) -%}
        {%- if column.get('class') is not none -%}
            {%- do resolved.update({
                'sql': prediction.probabilities[column.class], 'name': prediction.spelled[column.class]
            }) -%}
        {%- else -%}
            {%- do resolved.update({
                'sql': prediction.confidence if column.role == 'confidence' else prediction.score
            }) -%}
        {%- endif -%}
        {%- do columns.append(resolved) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}


{# Those of a source with labels: sql and, where rows have a label of their own in the column, outcome. #}
{% macro _columns_with_label(declaration, prediction, target, labelled) %}
    {%- set columns = [] -%}
    {%- set is_right = '(' ~ target.predicted ~ ') = (' ~ target.class ~ ')' -%}
    {%- set when = 'case when ' ~ labelled -%}
    {%- for column in driftline._fine_columns(declaration) -%}
        {%- set resolved = {} -%}
        {%- do resolved.update(column) -%}
        {%- if column.role == 'performance' and column.get('class') is not none -%}
            {%- set class = prediction.spelled[column.class] -%}
            {%- do resolved.update({
                'name': class, 'sql': prediction.probabilities[column.class],
                'outcome': when ~ ' then case when (' ~ target.class ~ ') = ' ~ driftline._literal(class)
                    ~ ' then 1e0 else 0e0 end end',
            }) -%}
        {%- elif column.role == 'performance' -%}
            {%- do resolved.update({'sql': prediction.score, 'score_type': prediction.score_type}) -%}
        {%- elif column.role == 'confidence' -%}
            {%- do resolved.update({
                'sql': prediction.confidence,
                'outcome': when ~ ' then case when ' ~ is_right ~ ' then 1e0 else 0e0 end end',
            }) -%}
        {%- elif column.role == 'class_predicted' -%}
            {%- do resolved.update({'sql': when ~ ' then ' ~ target.predicted ~ ' end', 'learn': target.class}) -%}
        {%- else -%}
            {%- set hit = ' and ' ~ is_right if column.role == 'class_hit' else '' -%}
            {%- do resolved.update({'sql': when ~ hit ~ ' then ' ~ target.class ~ ' end', 'learn': target.class}) -%}
        {%- endif -%}
        {%- do columns.append(resolved) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}


{#
    The measures of the model that are summed over whole rows, as _resolve_outcome describes them.

    a         the arguments of the declaration
    labelled  SQL: whether a row is labelled
    e         SQL of its loss
#}
{% macro _outcome_measures(a, prediction, target, labelled, e) %}
    {%- if a.task == 'binary' -%}
        {%- set measures = driftline._binary_measures(a, prediction, target.y, labelled, e) -%}
    {%- elif a.task == 'multiclass' -%}
        {%- set measures = driftline._multiclass_measures(prediction, target, labelled) -%}
    {%- elif a.task == 'regression' -%}
        {%- set measures = driftline._regression_measures(prediction.score, target.y, labelled, e) -%}
    {%- else -%}
        {%- set measures = [] -%}
    {%- endif -%}
    {#- The name of each measure's base in the sums: its own number where its rows are its own. -#}
    {%- set numbers = driftline._measure_numbers() -%}
    {%- for measure in measures -%}
        {%- do measure.update({'key': 'm' ~ numbers[measure.name] if measure.base == 'own' else measure.base}) -%}
    {%- endfor -%}
    {{- return(measures) -}}
{% endmacro %}


{# The loss of a probability: it is kept 2^-52 away from 0 and 1, where the logarithm would be infinite. #}
{% macro _kept_from_the_ends(probability) %}
    {{- return('least(greatest(' ~ probability ~ ', 2.220446049250313e-16), 1e0 - 2.220446049250313e-16)') -}}
{% endmacro %}


{% macro _binary_measures(a, prediction, y, labelled, e) %}
    {%- set score = prediction.score -%}
    {%- set positive = '(' ~ (score or '0e0') ~ ') >= '
        ~ driftline._declared_number(a.decision_threshold, driftline._is_real(prediction.score_type), 'least') -%}
    {%- set measures = [] -%}
    {%- for name, predicted, actual in [['true_positive', '', 1], ['false_positive', '', 0],
        ['false_negative', 'not ', 1], ['true_negative', 'not ', 0]] -%}
        {%- do measures.append({
            'name': name, 'base': 'labelled',
            'x': 'case when ' ~ predicted ~ positive ~ ' and (' ~ y ~ ') = ' ~ actual ~ ' then 1e0 else 0e0 end',
        }) -%}
    {%- endfor -%}
    {%- set p = driftline._kept_from_the_ends(score) -%}
    {{- return(measures + [
        {'name': 'predicted_positive', 'base': 'scored', 'x': 'case when ' ~ positive ~ ' then 1e0 else 0e0 end'},
        {
            'name': 'log_loss', 'base': 'own',
            'x': 'case when ' ~ labelled ~ ' and (' ~ score ~ ') between 0 and 1 then case when (' ~ y
                ~ ') = 1 then - ln(' ~ p ~ ') else - ln(1e0 - ' ~ p ~ ') end end',
        },
        {'name': 'squared_error', 'base': 'labelled', 'x': e},
        {'name': 'label', 'base': 'labelled', 'x': y},
    ]) -}}
{% endmacro %}


{% macro _multiclass_measures(prediction, target, labelled) %}
    {%- set correct = {
        'name': 'correct', 'base': 'labelled',
        'x': 'case when (' ~ target.predicted ~ ') = (' ~ target.class ~ ') then 1e0 else 0e0 end',
    } -%}
    {%- if not prediction.probabilities -%}{{- return([correct]) -}}{%- endif -%}
    {%- set ns = namespace(chosen='') -%}
    {%- for name, p in prediction.probabilities.items() -%}
        {%- set ns.chosen = ns.chosen ~ ' when ' ~ driftline._literal(prediction.spelled[name]) ~ ' then case when '
            ~ p ~ ' between 0 and 1 then - ln(' ~ driftline._kept_from_the_ends(p) ~ ') end' -%}
    {%- endfor -%}
    {{- return([correct, {
        'name': 'log_loss', 'base': 'own',
        'x': 'case when ' ~ labelled ~ ' then case ' ~ target.class ~ ns.chosen ~ ' end end',
    }]) -}}
{% endmacro %}


{% macro _regression_measures(score, y, labelled, e) %}
    {%- set error = '(' ~ score ~ ') - (' ~ y ~ ')' -%}
    {%- set log_error = '(ln(1e0 + (' ~ score ~ ')) - ln(1e0 + (' ~ y ~ ')))' -%}
    {{- return([
        {'name': 'absolute_error', 'base': 'labelled', 'x': e},
        {'name': 'error', 'base': 'labelled', 'x': error},
        {
            'name': 'percentage_error', 'base': 'own',
            'x': 'case when ' ~ labelled ~ ' and abs(' ~ y ~ ') > 1e-145 and abs(' ~ error ~ ') < 1e145 then abs('
                ~ error ~ ') / abs(' ~ y ~ ') end',
        },
        {
            'name': 'squared_log_error', 'base': 'own',
            'x': 'case when ' ~ labelled ~ ' and (' ~ score ~ ') > -1 and (' ~ y ~ ') > -1 then '
                ~ driftline._squared(log_error) ~ ' end',
        },
        {'name': 'label', 'base': 'labelled', 'x': y, 'deviation': true},
    ]) -}}
{% endmacro %}
