{#
    Labels, predictions and losses: what the state keeps of them beside the counts.

    A row is labelled when its label is known and, where there is a prediction, that is known too. Per row there are
    s  the score or predicted number, y  the label as a number, e  the loss (binary: (s-y)², regression: |s-y|,
    multiclass: 1 where the class is wrong); y and e are NULL where the row is not labelled.
#}

{# The sums of every bin, in the order of the state's columns. #}
{% macro _outcome_names() %}
    {{- return(['prediction_sum', 'labelled_weight_sum', 'labelled_weight_sq_sum', 'label_sum', 'label_sq_sum', 'labelled_prediction_sum', 'loss_sum', 'loss_sq_sum']) -}}
{% endmacro %}


{#
    Where the label is found: {actual (what _resolve_column returned, or none), relation (SQL to read from), outcomes (SQL
    of the CTE that has one label per key, or none), known_by_now (SQL: the log's own label is known, or none)}.

    Labels of their own relation are joined to the log as the column driftline_label. A reference relation that has the
    label as a column of its own keeps it. A label that became known after the run's clock is not known yet.
#}
{% macro _resolve_label(declaration, known, optional) %}
    {%- set label = declaration.label -%}
    {#- Rendered here: by itself a relation is no rows under `dbt --empty`, with an alias that is not ours. -#}
    {%- set here = {'actual': none, 'relation': known.relation.render(), 'outcomes': none, 'known_by_now': none} -%}
    {%- if label is none -%}
        {{- return(here) -}}
    {%- endif -%}
    {%- set own_column = known.exact.get(label.column, known.found.get(label.column | lower)) -%}
    {%- if label.relation is none or (optional and own_column is not none) -%}
        {%- set actual = driftline._resolve_column(known, 'label', label.column, optional) -%}
        {%- if actual is not none and label.known_at is not none and label.relation is none -%}
            {%- set known_at = driftline._resolve_column(known, 'label.known_at', label.known_at, optional) -%}
            {%- if known_at is not none -%}
                {%- do here.update({'known_by_now': driftline._known_by_now(declaration, known_at, '')}) -%}
                {%- do actual.update({'sql': 'case when ' ~ here.known_by_now ~ ' then ' ~ actual.sql ~ ' end'}) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do here.update({'actual': actual}) -%}
        {{- return(here) -}}
    {%- endif -%}

    {%- set key = driftline._resolve_column(known, 'label.key', label.key, optional) -%}
    {%- if key is none -%}
        {{- return(here) -}}
    {%- endif -%}
    {%- set there = {'monitor': known.monitor, 'relation': label.relation, 'exact': {}, 'found': {}} -%}
    {%- if execute and flags.INTROSPECT is not false -%}
        {%- for column in adapter.get_columns_in_relation(label.relation) -%}
            {%- do there.exact.update({column.name: column}) -%}
            {%- do there.found.update({column.name | lower: column}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set outcome_key = driftline._resolve_column(there, 'label.key', label.key, false) -%}
    {%- if not driftline._can_be_joined(key, outcome_key) -%}
        {{- driftline._fail(
            known.monitor, 'label.key', tojson(label.key) ~ ' of type ' ~ key.data_type ~ ' in ' ~ known.relation ~ ' and of type ' ~ outcome_key.data_type ~ ' in ' ~ label.relation,
            'a column of the same type in both'
        ) -}}
    {%- endif -%}
    {%- set joined = 'driftline_label' ~ ('_' if 'driftline_label' in known.found) -%}
    {%- set outcome_label = driftline._resolve_column(there, 'label.label', label.column, false) -%}
    {%- set known_at = driftline._resolve_column(there, 'label.known_at', label.known_at, false) if label.known_at is not none else none -%}
    {%- set outcomes %}
    select outcome_key, driftline_label
    from (
        select
            {{ driftline._exact_key(outcome_key, key) }} as outcome_key, {{ outcome_label.sql }} as driftline_label,
            {#- Of several labels of a row the one that became known last counts. -#}
            row_number() over (partition by {{ outcome_key.sql }} order by {{ known_at.sql ~ ' desc, ' if known_at is not none }}{{ driftline._byte_order(driftline._as_text(outcome_label.sql)) }} desc) as place
        from {{ label.relation.render() }}
        where {{ outcome_label.sql }} is not null and {{ outcome_key.sql }} is not null
            {%- if known_at is not none %} and {{ driftline._known_by_now(declaration, known_at, '') }}{% endif %}
    ) as outcomes_by_key
    where place = 1
    {%- endset -%}
    {%- do here.update({
        'actual': {'sql': joined, 'type': outcome_label.type, 'data_type': outcome_label.data_type},
        'relation': '(select r.*, o.driftline_label as ' ~ joined ~ ' from ' ~ known.relation.render()
            ~ ' as r left join outcomes as o on o.outcome_key = ' ~ driftline._exact_key(key, outcome_key, 'r.')
            ~ ') as log_with_labels',
        'outcomes': outcomes,
    }) -%}
    {{- return(here) -}}
{% endmacro %}


{#
    A key as it is joined. Whole numbers on one side only: those of the other, a double or a real, are taken for whole
    numbers where each has one double of its own. Beyond, keys that differ would meet in the same double.

    prefix  alias of the key's relation, with its dot
#}
{% macro _exact_key(key, other, prefix='') %}
    {%- set name = key.data_type | lower -%}
    {%- set sql = prefix ~ key.sql -%}
    {%- if key.type != 'numeric' or other.type != 'integer'
        or not ('double' in name or 'float' in name or 'real' in name) -%}
        {{- return(sql) -}}
    {%- endif -%}
    {%- set limit = '9007199254740992' if 'double' in name or '8' in name or '64' in name else '16777216' -%}
    {{- return(
        '(case when ' ~ sql ~ ' > -' ~ limit ~ ' and ' ~ sql ~ ' < ' ~ limit ~ ' and floor(' ~ sql ~ ') = ' ~ sql
        ~ ' then cast(' ~ sql ~ ' as ' ~ dbt.type_bigint() ~ ') end)'
    ) -}}
{% endmacro %}


{#
    Whether two columns can be held against each other. What the engine does with types of its own beside others is its
    affair.
#}
{% macro _can_be_joined(one, two) %}
    {%- if 'unknown' in (one.data_type, two.data_type) -%}{{- return(true) -}}{%- endif -%}
    {%- if 'other' in (one.type, two.type) -%}
        {{- return(adapter.dispatch('_other_types_join', 'driftline')(one, two)) -}}
    {%- endif -%}
    {{- return(driftline._comparable(one.type) == driftline._comparable(two.type)) -}}
{% endmacro %}
{% macro default___other_types_join(one, two) %}
    {{- return(true) -}}
{% endmacro %}


{# Types whose values can be held against each other go by one name. #}
{% macro _comparable(type) %}
    {{- return({'integer': 'number', 'numeric': 'number', 'naive': 'time', 'zoned': 'time', 'date': 'time'}.get(type, type)) -}}
{% endmacro %}


{# True where a label was known at the run's clock. #}
{% macro _known_by_now(declaration, known_at, alias) %}
    {%- if known_at.type not in ('date', 'naive', 'zoned') -%}
        {{- driftline._fail(declaration.monitor, 'label.known_at', tojson(declaration.label.known_at) ~ ' of type ' ~ known_at.data_type, 'a column of type date or timestamp') -}}
    {%- endif -%}
    {%- set now = driftline._as_timestamp(driftline._literal(driftline._now())) -%}
    {%- set zone = 'UTC' if declaration.arguments.period == 'hour' else declaration.arguments.timezone -%}
    {{- return(known_at.sql ~ ' < ' ~ driftline._column_time(now if known_at.type != 'date' else driftline._local_time(now, 'naive', zone), known_at.type, 'UTC')) -}}
{% endmacro %}


{#
    The SQL of the row's outcome: {s, y, e, label_known, labelled (each SQL or none), is_number (y is a number to take
    deviations of), columns (those role performance and class_… count, resolved), measures, ranking}.

    measures  list of {name, x, base, key}: x is SQL of the value; base says to which rows it applies (labelled, scored, or
              own: where x is not NULL), key is what the sums call them
#}
{% macro _resolve_outcome(declaration, known, label, columns, optional) %}
    {%- set a = declaration.arguments -%}
    {%- set nothing = {'s': none, 'y': none, 'e': none, 'label_known': none, 'labelled': none, 'is_number': false,
        'columns': [], 'measures': [], 'ranking': none, 'outcomes': label.outcomes,
        'known_by_now': label.known_by_now} -%}
    {%- set finite = '{0} between -1e300 and 1e300' -%}
    {%- set fine = declaration.columns | rejectattr('role', 'in', ['feature', 'prediction', 'label']) | list -%}

    {#- The prediction: a number, or a class. -#}
    {%- set score = none -%}{%- set score_type = '' -%}
    {%- set predicted = none -%}{%- set confidence = none -%}{%- set probabilities = {} -%}
    {%- set spelled = {} -%}{%- set predicted_class = none -%}
    {%- if a.prediction is mapping -%}
        {%- set of_label = label.actual if label.actual is not none
            else {'type': 'text', 'data_type': 'unknown', 'sql': ''} -%}
        {%- do spelled.update(driftline._spelled_classes(declaration.monitor, 'prediction', of_label,
            a.prediction.keys() | list)) -%}
        {%- for class in a.prediction -%}
            {%- set actual = driftline._resolve_column(known, 'prediction.' ~ class, a.prediction[class], optional) -%}
            {%- if actual is none -%}{{- return(nothing) -}}{%- endif -%}
            {%- do probabilities.update({class | string: driftline._number_of(actual)}) -%}
        {%- endfor -%}
        {#- The class with the largest probability; of equal ones the first declared. -#}
        {%- set greatest = 'greatest(' ~ probabilities.values() | join(', ') ~ ')' if probabilities | length > 1 else probabilities.values() | first -%}
        {%- set ns = namespace(cases='', all='') -%}
        {%- for class in probabilities -%}
            {%- set ns.cases = ns.cases ~ ' when ' ~ probabilities[class] ~ ' = ' ~ greatest ~ ' then '
                ~ driftline._literal(spelled[class]) -%}
            {%- set ns.all = ns.all ~ (' and ' if not loop.first) ~ finite.replace('{0}', probabilities[class]) -%}
        {%- endfor -%}
        {%- set predicted = 'case when ' ~ ns.all ~ ' then case' ~ ns.cases ~ ' end end' -%}
        {%- set confidence = 'case when ' ~ ns.all ~ ' then ' ~ greatest ~ ' end' -%}
    {%- elif a.prediction is not none -%}
        {%- set actual = driftline._resolve_column(known, 'prediction', a.prediction, optional) -%}
        {%- if actual is none -%}{{- return(nothing) -}}{%- endif -%}
        {%- if a.task == 'multiclass' -%}
            {%- set predicted = driftline._class_of(actual) -%}
            {%- set predicted_class = actual -%}
        {%- elif actual.type in ('integer', 'numeric', 'boolean') -%}
            {%- set number = driftline._number_of(actual) -%}
            {%- set score_type = actual.data_type -%}
            {%- set score = 'case when ' ~ finite.replace('{0}', number) ~ ' then ' ~ number ~ ' end' -%}
        {%- elif a.task == 'binary' and a.positive_label is not none -%}
            {%- set score = driftline._indicator(declaration.monitor, 'positive_label', actual, a.positive_label) -%}
        {%- elif a.task == 'binary' and label.actual is not none -%}
            {{- driftline._fail(declaration.monitor, 'positive_label', 'none, for a prediction of type ' ~ actual.data_type, 'the value of the prediction and the label that counts as positive') -}}
        {%- elif a.task == 'regression' -%}
            {{- driftline._fail(declaration.monitor, 'prediction', tojson(a.prediction) ~ ' of type ' ~ actual.data_type, 'a column of a numeric type') -}}
        {%- endif -%}
    {%- endif -%}
    {%- do nothing.update({'s': score}) -%}
    {%- if label.actual is none or a.task == 'none' -%}
        {#- A reference without the label still has scores, which their fine bins are learnt on. -#}
        {%- for column in fine if column.role in ('performance', 'confidence') -%}
            {%- set resolved = {} -%}
            {%- do resolved.update(column) -%}
            {%- do resolved.update({'sql': probabilities[column.class] if column.get('class') is not none else (confidence if column.role == 'confidence' else score)}) -%}
            {%- if column.get('class') is not none -%}
                {%- do resolved.update({'name': spelled[column.class]}) -%}
            {%- endif -%}
            {%- do nothing.columns.append(resolved) -%}
        {%- endfor -%}
        {{- return(nothing) -}}
    {%- endif -%}

    {#- The label. -#}
    {%- set y = none -%}{%- set class = none -%}
    {%- set actual = label.actual -%}
    {%- if a.task == 'binary' -%}
        {%- if a.positive_label is not none -%}
            {%- set y = driftline._indicator(declaration.monitor, 'positive_label', actual, a.positive_label) -%}
        {%- elif actual.type in ('integer', 'numeric') -%}
            {#- What is neither 0 nor 1 is no label. -#}
            {%- set y = 'case when ' ~ actual.sql ~ ' = 1 then 1e0 when ' ~ actual.sql ~ ' = 0 then 0e0 end' -%}
        {%- elif actual.type == 'boolean' -%}
            {%- set y = 'case when ' ~ actual.sql ~ ' then 1e0 when not ' ~ actual.sql ~ ' then 0e0 end' -%}
        {%- else -%}
            {{- driftline._fail(declaration.monitor, 'positive_label', 'none, for a label of type ' ~ actual.data_type, 'the value of the label that counts as positive') -}}
        {%- endif -%}
        {%- set y = driftline._as_double(y) -%}
    {%- elif a.task == 'regression' -%}
        {%- set number = driftline._number_of(actual) -%}
        {%- set y = 'case when ' ~ finite.replace('{0}', number) ~ ' then ' ~ number ~ ' end' -%}
    {%- else -%}
        {%- set class = driftline._class_among(actual,
            a.prediction.keys() | list if a.prediction is mapping else []) -%}
        {%- if predicted_class is not none -%}
            {%- set pair = driftline._classes_alike(declaration, actual, predicted_class) -%}
            {%- set class = pair[0] -%}
            {%- set predicted = pair[1] -%}
        {%- endif -%}
    {%- endif -%}
    {%- set known_label = y if class is none else class -%}
    {%- set prediction = score if class is none else predicted -%}
    {%- set has_prediction = a.prediction is not none -%}
    {%- set labelled = '(' ~ known_label ~ ') is not null' ~ (' and (' ~ prediction ~ ') is not null' if has_prediction else '') -%}
    {%- set e = none -%}
    {%- if has_prediction -%}
        {%- if a.task == 'binary' -%}
            {%- set e = driftline._squared('((' ~ score ~ ') - (' ~ y ~ '))') -%}
        {%- elif a.task == 'regression' -%}
            {%- set e = 'abs((' ~ score ~ ') - (' ~ y ~ '))' -%}
        {%- else -%}
            {%- set e = 'case when (' ~ predicted ~ ') = (' ~ class ~ ') then 0e0 else 1e0 end' -%}
        {%- endif -%}
        {%- set e = 'case when ' ~ labelled ~ ' then ' ~ e ~ ' end' -%}
    {%- endif -%}

    {#- The columns that only performance counts. -#}
    {%- set resolved_columns = [] -%}
    {%- for column in (fine if has_prediction else []) -%}
        {%- set resolved = {} -%}
        {%- do resolved.update(column) -%}
        {%- if column.role == 'performance' and column.get('class') is not none -%}
            {%- set is_class = 'case when (' ~ class ~ ') = ' ~ driftline._literal(spelled[column.class])
                ~ ' then 1e0 else 0e0 end' -%}
            {%- do resolved.update({
                'name': spelled[column.class], 'sql': probabilities[column.class],
                'outcome': 'case when ' ~ labelled ~ ' then ' ~ is_class ~ ' end',
            }) -%}
        {%- elif column.role == 'performance' -%}
            {%- do resolved.update({'sql': score, 'score_type': score_type}) -%}
        {%- elif column.role == 'confidence' -%}
            {%- do resolved.update({
                'sql': confidence,
                'outcome': 'case when ' ~ labelled ~ ' then case when (' ~ predicted ~ ') = (' ~ class ~ ') then 1e0 else 0e0 end end',
            }) -%}
        {%- elif column.role == 'class_predicted' -%}
            {%- do resolved.update({'sql': 'case when ' ~ labelled ~ ' then ' ~ predicted ~ ' end', 'learn': class}) -%}
        {%- else -%}
            {%- set where = labelled ~ (' and (' ~ predicted ~ ') = (' ~ class ~ ')' if column.role == 'class_hit' else '') -%}
            {%- do resolved.update({'sql': 'case when ' ~ where ~ ' then ' ~ class ~ ' end', 'learn': class}) -%}
        {%- endif -%}
        {%- do resolved_columns.append(resolved) -%}
    {%- endfor -%}

    {%- set measures = [] -%}
    {%- if has_prediction -%}
        {%- set positive = '(' ~ (score or '0e0') ~ ') >= '
            ~ driftline._declared_number(a.decision_threshold, driftline._is_real(score_type), 'least') -%}
        {%- if a.task == 'binary' -%}
            {%- for name, sides in {'true_positive': [1, 1], 'false_positive': [1, 0], 'false_negative': [0, 1], 'true_negative': [0, 0]}.items() -%}
                {%- do measures.append({'name': name, 'base': 'labelled', 'x': 'case when ' ~ ('' if sides[0] else 'not ') ~ positive ~ ' and (' ~ y ~ ') = ' ~ sides[1] ~ ' then 1e0 else 0e0 end'}) -%}
            {%- endfor -%}
            {%- do measures.append({'name': 'predicted_positive', 'base': 'scored', 'x': 'case when ' ~ positive ~ ' then 1e0 else 0e0 end'}) -%}
            {#- The probability is kept 2^-52 away from 0 and 1, where the logarithm would be infinite. -#}
            {%- set p = 'least(greatest(' ~ score ~ ', 2.220446049250313e-16), 1e0 - 2.220446049250313e-16)' -%}
            {%- do measures.append({'name': 'log_loss', 'base': 'own', 'x': 'case when ' ~ labelled ~ ' and (' ~ score ~ ') between 0 and 1 then case when (' ~ y ~ ') = 1 then - ln(' ~ p ~ ') else - ln(1e0 - ' ~ p ~ ') end end'}) -%}
            {%- do measures.append({'name': 'squared_error', 'base': 'labelled', 'x': e}) -%}
            {%- do measures.append({'name': 'label', 'base': 'labelled', 'x': y}) -%}
        {%- elif a.task == 'multiclass' -%}
            {%- do measures.append({'name': 'correct', 'base': 'labelled', 'x': 'case when (' ~ predicted ~ ') = (' ~ class ~ ') then 1e0 else 0e0 end'}) -%}
            {%- if probabilities -%}
                {%- set ns = namespace(chosen='') -%}
                {%- for name in probabilities -%}
                    {%- set ns.chosen = ns.chosen ~ ' when ' ~ driftline._literal(spelled[name]) ~ ' then case when '
                        ~ probabilities[name] ~ ' between 0 and 1 then - ln(least(greatest(' ~ probabilities[name]
                        ~ ', 2.220446049250313e-16), 1e0 - 2.220446049250313e-16)) end' -%}
                {%- endfor -%}
                {%- do measures.append({'name': 'log_loss', 'base': 'own', 'x': 'case when ' ~ labelled ~ ' then case ' ~ class ~ ns.chosen ~ ' end end'}) -%}
            {%- endif -%}
        {%- elif a.task == 'regression' -%}
            {%- do measures.append({'name': 'absolute_error', 'base': 'labelled', 'x': e}) -%}
            {%- do measures.append({'name': 'error', 'base': 'labelled', 'x': '(' ~ score ~ ') - (' ~ y ~ ')'}) -%}
            {%- do measures.append({'name': 'percentage_error', 'base': 'own', 'x': 'case when ' ~ labelled ~ ' and abs(' ~ y ~ ') > 1e-145 and abs((' ~ score ~ ') - (' ~ y ~ ')) < 1e145 then abs((' ~ score ~ ') - (' ~ y ~ ')) / abs(' ~ y ~ ') end'}) -%}
            {%- do measures.append({'name': 'squared_log_error', 'base': 'own', 'x': 'case when ' ~ labelled ~ ' and (' ~ score ~ ') > -1 and (' ~ y ~ ') > -1 then ' ~ driftline._squared('(ln(1e0 + (' ~ score ~ ')) - ln(1e0 + (' ~ y ~ ')))') ~ ' end'}) -%}
            {%- do measures.append({'name': 'label', 'base': 'labelled', 'x': y, 'deviation': true}) -%}
        {%- endif -%}
    {%- endif -%}

    {%- set ranking = none -%}
    {%- if a.ranking is not none -%}
        {%- set request = driftline._resolve_column(known, 'ranking.request', a.ranking.request, optional) -%}
        {%- set position = driftline._resolve_column(known, 'ranking.position', a.ranking.position, optional) -%}
        {%- if request is not none and position is not none -%}
            {%- if position.type not in ('integer', 'numeric') -%}
                {{- driftline._fail(declaration.monitor, 'ranking.position', tojson(a.ranking.position) ~ ' of type ' ~ position.data_type, 'a column of a numeric type') -}}
            {%- endif -%}
            {%- set ranking = {
                'request': request.sql if request.type != 'other' else driftline._as_text(request.sql),
                'position': driftline._number_of(position), 'k': a.ranking.k, 'relevance': y
            } -%}
        {%- endif -%}
    {%- endif -%}

    {#- The name of each measure's base in the sums: its own number where its rows are its own. -#}
    {%- for measure in measures -%}
        {%- do measure.update({'key': 'm' ~ driftline._measure_numbers()[measure.name] if measure.base == 'own' else measure.base}) -%}
    {%- endfor -%}

    {{- return({
        's': score,
        'y': ('case when ' ~ labelled ~ ' then ' ~ y ~ ' end' if has_prediction else y) if y is not none else none,
        'e': e,
        'label_known': '(' ~ known_label ~ ') is not null',
        'labelled': labelled,
        'is_number': a.task == 'regression',
        'columns': resolved_columns,
        'measures': measures,
        'ranking': ranking,
        'outcomes': label.outcomes, 'known_by_now': label.known_by_now,
    }) -}}
{% endmacro %}


{#
    The outcome as columns of the rows a run reads: s, y, e, and where deviations are taken z, the deviation of the label
    from the frozen centre, so that the sum of squares keeps its digits. l marks the labelled rows where neither y nor e does.
#}
{% macro _outcome_values(rows) %}
    {%- set values = [] -%}
    {%- for name in ['s', 'y', 'e'] if rows.outcome[name] is not none -%}
        {%- do values.append({'name': 'outcome_' ~ name, 'sql': rows.outcome[name]}) -%}
    {%- endfor -%}
    {%- if rows.outcome.y is none and rows.outcome.e is none and rows.outcome.labelled is not none -%}
        {%- do values.append({'name': 'outcome_l', 'sql': 'case when ' ~ rows.outcome.labelled ~ ' then 1 end'}) -%}
    {%- endif -%}
    {%- if rows.outcome.is_number -%}
        {%- do values.append({'name': 'outcome_z', 'sql': driftline._squared('((' ~ rows.outcome.y ~ ') - ' ~ rows.label_centre ~ ')')}) -%}
    {%- endif -%}
    {{- return(values) -}}
{% endmacro %}


{#
    The rows with what _outcome_sums would work out of them for every column again: p, the score where the loss is known, and
    q, the square of the loss.
#}
{% macro _prepared_rows(rows, values) %}
    {%- set selected = driftline._select_rows(rows, values) -%}
    {%- if rows.outcome.e is none -%}{{- return(selected) -}}{%- endif %}
    select
        prepared.*, {{ driftline._squared('outcome_e') }} as outcome_q
        {%- if rows.outcome.s is not none %}, case when outcome_e is not null then outcome_s end as outcome_p{% endif %}
    from ({{ selected }}) as prepared
{% endmacro %}


{#
    The sums of one bin over the rows' outcome columns, as select items in the order of _outcome_names.

    own_label  the column has a label of its own (outcome_y of the row: this class or another)
    prepared   the rows come from _prepared_rows
#}
{% macro _outcome_sums(rows, own_label=false, prepared=false) %}
    {%- set o = rows.outcome -%}
    {%- set w = 'w * ' if rows.weight is not none else '' -%}
    {%- set has_y = o.y is not none or own_label -%}
    {%- set marker = 'outcome_y' if has_y else ('outcome_e' if o.e is not none else ('outcome_l' if o.labelled is not none else none)) -%}
    {%- set sums = {} -%}
    {%- if o.s is not none -%}{%- do sums.update({'prediction_sum': 'sum(' ~ w ~ 'outcome_s)'}) -%}{%- endif -%}
    {%- if marker is not none -%}
        {%- do sums.update({
            'labelled_weight_sum': 'sum(case when ' ~ marker ~ ' is not null then w else 0 end)' if w else 'count(' ~ marker ~ ')',
            'labelled_weight_sq_sum': 'sum(case when ' ~ marker ~ ' is not null then w * w else 0 end)' if w else 'count(' ~ marker ~ ')',
        }) -%}
    {%- endif -%}
    {%- if has_y -%}
        {%- do sums.update({
            'label_sum': 'sum(' ~ w ~ 'outcome_y)',
            'label_sq_sum': 'sum(' ~ w ~ ('outcome_z' if o.is_number else 'outcome_y') ~ ')',
        }) -%}
    {%- endif -%}
    {%- if o.e is not none -%}
        {%- if o.s is not none -%}
            {%- do sums.update({'labelled_prediction_sum': 'sum(' ~ w ~ ('outcome_p' if prepared else 'case when ' ~ marker ~ ' is not null then outcome_s end') ~ ')'}) -%}
        {%- endif -%}
        {%- do sums.update({'loss_sum': 'sum(' ~ w ~ 'outcome_e)', 'loss_sq_sum': 'sum(' ~ w ~ ('outcome_q' if prepared else driftline._squared('outcome_e')) ~ ')'}) -%}
    {%- endif -%}
    {%- set items = [] -%}
    {%- for name in driftline._outcome_names() -%}
        {%- do items.append((sums[name] if name in sums else driftline._as_double('null')) ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {{- return(items | join(', ')) -}}
{% endmacro %}
