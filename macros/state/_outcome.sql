{#
    Labels, predictions and losses: what the state keeps of them beside the counts.

    A row is labelled when its label is known and, where there is a prediction, that is known too. Per row there are
    s  the score or predicted number, y  the label as a number, e  the loss (binary: (s-y)², regression: |s-y|,
    multiclass: 1 where the class is wrong); y and e are NULL where the row is not labelled.
#}


{#
    The SQL of the row's outcome: {s, y, e, label_known, labelled (each SQL or none), is_number (y is a number to take
    deviations of), columns (those role performance and class_… count, resolved), measures, ranking}.

    measures  list of {name, x, base, key}: x is SQL of the value; base says to which rows it applies (labelled, scored,
              or own: where x is not NULL), key is what the sums call them
#}
{% macro _resolve_outcome(declaration, known, label, columns, optional) %}
    {%- set a = declaration.arguments -%}
    {%- set found = {'outcomes': label.outcomes, 'known_by_now': label.known_by_now} -%}
    {%- set nothing = {'s': none, 'y': none, 'e': none, 'label_known': none, 'labelled': none, 'is_number': false,
        'columns': [], 'measures': [], 'ranking': none} -%}
    {%- do nothing.update(found) -%}
    {%- set prediction = driftline._resolve_prediction(declaration, known, label, optional) -%}
    {%- if prediction is none -%}{{- return(nothing) -}}{%- endif -%}
    {%- do nothing.update({'s': prediction.score}) -%}
    {%- if label.actual is none or a.task == 'none' -%}
        {%- do nothing.update({'columns': driftline._columns_without_label(declaration, prediction)}) -%}
        {{- return(nothing) -}}
    {%- endif -%}

    {%- set target = driftline._resolve_target(declaration, label.actual, prediction) -%}
    {%- set y = target.y -%}
    {%- set known_label = y if target.class is none else target.class -%}
    {%- set has_prediction = a.prediction is not none -%}
    {%- set labelled = '(' ~ known_label ~ ') is not null' -%}
    {%- if has_prediction -%}
        {%- set labelled = labelled ~ ' and (' ~ (prediction.score if target.class is none else target.predicted)
            ~ ') is not null' -%}
    {%- endif -%}
    {%- set e = 'case when ' ~ labelled ~ ' then ' ~ driftline._loss_of(a.task, prediction.score, target)
        ~ ' end' if has_prediction else none -%}
    {%- do found.update({
        's': prediction.score,
        'y': ('case when ' ~ labelled ~ ' then ' ~ y ~ ' end' if has_prediction else y) if y is not none else none,
        'e': e,
        'label_known': '(' ~ known_label ~ ') is not null',
        'labelled': labelled,
        'is_number': a.task == 'regression',
        'columns': driftline._columns_with_label(declaration, prediction, target, labelled) if has_prediction else [],
        'measures': driftline._outcome_measures(a, prediction, target, labelled, e) if has_prediction else [],
        'ranking': driftline._resolve_ranking(declaration, known, y, optional),
    }) -%}
    {{- return(found) -}}
{% endmacro %}


{#
    The prediction, a number or a class; none where a source that may lack it does. SQL or none, each:
      score, score_type    the number and the declared type of its column
      predicted            the class; of probabilities the largest's, of equal ones the first declared
      predicted_class      the column that holds the class (not SQL: what _resolve_column returned)
      confidence           the largest probability
      probabilities        {class: SQL}
      spelled              {class: how the column spells it}
#}
{% macro _resolve_prediction(declaration, known, label, optional) %}
    {%- set a = declaration.arguments -%}
    {%- set found = {'score': none, 'score_type': '', 'predicted': none, 'predicted_class': none, 'confidence': none,
        'probabilities': {}, 'spelled': {}} -%}
    {%- if a.prediction is none -%}{{- return(found) -}}{%- endif -%}
    {%- if a.prediction is mapping -%}
        {{- return(driftline._resolve_probabilities(declaration, known, label, optional, found)) -}}
    {%- endif -%}
    {%- set actual = driftline._resolve_column(known, 'prediction', a.prediction, optional) -%}
    {%- if actual is none -%}{{- return(none) -}}{%- endif -%}
    {%- if a.task == 'multiclass' -%}
        {%- do found.update({'predicted': driftline._class_of(actual), 'predicted_class': actual}) -%}
    {%- elif actual.type in ('integer', 'numeric', 'boolean') -%}
        {%- do found.update({
            'score': driftline._finite(driftline._number_of(actual)), 'score_type': actual.data_type
        }) -%}
    {%- elif a.task == 'binary' and a.positive_label is not none -%}
        {%- do found.update({
            'score': driftline._indicator(declaration.monitor, 'positive_label', actual, a.positive_label)
        }) -%}
    {%- elif a.task == 'binary' and label.actual is not none -%}
        {{- driftline._fail(
            declaration.monitor, 'positive_label', 'none, for a prediction of type ' ~ actual.data_type,
            'the value of the prediction and the label that counts as positive'
        ) -}}
    {%- elif a.task == 'regression' -%}
        {{- driftline._fail(
            declaration.monitor, 'prediction', tojson(a.prediction) ~ ' of type ' ~ actual.data_type,
            'a column of a numeric type'
        ) -}}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}


{# The prediction where it is a probability for each class. #}
{% macro _resolve_probabilities(declaration, known, label, optional, found) %}
    {%- set a = declaration.arguments -%}
    {%- set of_label = label.actual if label.actual is not none
        else {'type': 'text', 'data_type': 'unknown', 'sql': ''} -%}
    {%- set spelled = driftline._spelled_classes(declaration.monitor, 'prediction', of_label,
        a.prediction.keys() | list) -%}
    {%- set probabilities = {} -%}
    {%- for class in a.prediction -%}
        {%- set actual = driftline._resolve_column(known, 'prediction.' ~ class, a.prediction[class], optional) -%}
        {%- if actual is none -%}{{- return(none) -}}{%- endif -%}
        {%- do probabilities.update({class | string: driftline._number_of(actual)}) -%}
    {%- endfor -%}
    {%- set greatest = probabilities.values() | first -%}
    {%- if probabilities | length > 1 -%}
        {%- set greatest = 'greatest(' ~ probabilities.values() | join(', ') ~ ')' -%}
    {%- endif -%}
    {%- set ns = namespace(cases='', all='') -%}
    {%- for class in probabilities -%}
        {%- set ns.cases = ns.cases ~ ' when ' ~ probabilities[class] ~ ' = ' ~ greatest ~ ' then '
            ~ driftline._literal(spelled[class]) -%}
        {%- set ns.all = ns.all ~ (' and ' if not loop.first) ~ probabilities[class] ~ ' between -1e300 and 1e300' -%}
    {%- endfor -%}
    {%- do found.update({
        'predicted': 'case when ' ~ ns.all ~ ' then case' ~ ns.cases ~ ' end end',
        'confidence': 'case when ' ~ ns.all ~ ' then ' ~ greatest ~ ' end',
        'probabilities': probabilities, 'spelled': spelled,
    }) -%}
    {{- return(found) -}}
{% endmacro %}


{#
    The label, a number or a class: {y, class, predicted (the predicted class, spelled as those of the label)}, SQL
    or none.

    actual  what _resolve_column returned of it
#}
{% macro _resolve_target(declaration, actual, prediction) %}
    {%- set a = declaration.arguments -%}
    {%- if a.task == 'regression' -%}
        {{- return({'y': driftline._finite(driftline._number_of(actual)), 'class': none,
            'predicted': prediction.predicted}) -}}
    {%- elif a.task == 'multiclass' -%}
        {%- set class = driftline._class_among(actual,
            a.prediction.keys() | list if a.prediction is mapping else []) -%}
        {%- if prediction.predicted_class is none -%}
            {{- return({'y': none, 'class': class, 'predicted': prediction.predicted}) -}}
        {%- endif -%}
        {%- set pair = driftline._classes_alike(declaration, actual, prediction.predicted_class) -%}
        {{- return({'y': none, 'class': pair[0], 'predicted': pair[1]}) -}}
    {%- endif -%}
    {%- if a.positive_label is not none -%}
        {%- set y = driftline._indicator(declaration.monitor, 'positive_label', actual, a.positive_label) -%}
    {%- elif actual.type in ('integer', 'numeric') -%}
        {#- What is neither 0 nor 1 is no label. -#}
        {%- set y = 'case when ' ~ actual.sql ~ ' = 1 then 1e0 when ' ~ actual.sql ~ ' = 0 then 0e0 end' -%}
    {%- elif actual.type == 'boolean' -%}
        {%- set y = 'case when ' ~ actual.sql ~ ' then 1e0 when not ' ~ actual.sql ~ ' then 0e0 end' -%}
    {%- else -%}
        {{- driftline._fail(
            declaration.monitor, 'positive_label', 'none, for a label of type ' ~ actual.data_type,
            'the value of the label that counts as positive'
        ) -}}
    {%- endif -%}
    {{- return({'y': driftline._as_double(y), 'class': none, 'predicted': prediction.predicted}) -}}
{% endmacro %}


{# SQL of the loss of a labelled row. #}
{% macro _loss_of(task, score, target) %}
    {%- if task == 'binary' -%}
        {{- return(driftline._squared('((' ~ score ~ ') - (' ~ target.y ~ '))')) -}}
    {%- elif task == 'regression' -%}
        {{- return('abs((' ~ score ~ ') - (' ~ target.y ~ '))') -}}
    {%- endif -%}
    {{- return('case when (' ~ target.predicted ~ ') = (' ~ target.class ~ ') then 0e0 else 1e0 end') -}}
{% endmacro %}


{# What the ranking metrics need: {request, position, k, relevance}, or none. #}
{% macro _resolve_ranking(declaration, known, y, optional) %}
    {%- set ranking = declaration.arguments.ranking -%}
    {%- if ranking is none -%}{{- return(none) -}}{%- endif -%}
    {%- set request = driftline._resolve_column(known, 'ranking.request', ranking.request, optional) -%}
    {%- set position = driftline._resolve_column(known, 'ranking.position', ranking.position, optional) -%}
    {%- if request is none or position is none -%}{{- return(none) -}}{%- endif -%}
    {%- if position.type not in ('integer', 'numeric') -%}
        {{- driftline._fail(
            declaration.monitor, 'ranking.position', tojson(ranking.position) ~ ' of type ' ~ position.data_type,
            'a column of a numeric type'
        ) -}}
    {%- endif -%}
    {{- return({
        'request': request.sql if request.type != 'other' else driftline._as_text(request.sql),
        'position': driftline._number_of(position), 'k': ranking.k, 'relevance': y,
    }) -}}
{% endmacro %}
