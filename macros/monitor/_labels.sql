{#
    Where the labels are: none, or {column, relation, key, known_at}. relation is none where the label is a column of
    the log itself. `a.label` becomes plain values, for the hash and the model's meta.
#}
{% macro _declared_label(monitor, a) %}
    {%- set given = a.label -%}
    {%- set allowed = "a column, {'relation': ref('...'), 'key': column, 'label': column, 'known_at': column} (known_at"
        ~ " may be left out) or {'label': column, 'known_at': column}" -%}
    {%- if given is none -%}
        {{- return(none) -}}
    {%- elif given is string -%}
        {{- driftline._check_name(monitor, 'label', given) -}}
        {{- return({'column': given, 'relation': none, 'key': none, 'known_at': none}) -}}
    {%- elif given is not mapping -%}
        {{- driftline._fail(monitor, 'label', tojson(given | string), allowed) -}}
    {%- endif -%}
    {%- for part in given if part not in ['relation', 'key', 'label', 'known_at'] -%}
        {{- driftline._fail(monitor, 'label', driftline._shown(part), allowed) -}}
    {%- endfor -%}
    {%- set plain = {} -%}
    {%- for part in ['label', 'key', 'known_at'] -%}
        {%- if part in given or part == 'label' -%}
            {{- driftline._check_name(monitor, 'label.' ~ part, given.get(part)) -}}
            {%- do plain.update({part: given[part]}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set relation = given.get('relation') -%}
    {%- if 'relation' in given -%}
        {%- if not driftline._is_relation(relation) -%}
            {{- driftline._fail(monitor, 'label.relation', tojson(relation | string),
                "ref('...') or source('...', '...')") -}}
        {%- elif 'key' not in given -%}
            {{- driftline._fail(monitor, 'label', 'a relation without a key', allowed) -}}
        {%- endif -%}
        {%- do plain.update({'relation': relation.identifier}) -%}
    {%- elif 'key' in given or 'known_at' not in given -%}
        {{- driftline._fail(monitor, 'label', tojson(plain), allowed) -}}
    {%- endif -%}
    {%- do a.update({'label': plain}) -%}
    {{- return({'column': plain.label, 'relation': relation, 'key': plain.get('key'),
        'known_at': plain.get('known_at')}) -}}
{% endmacro %}


{#
    Whether a row expression names one of some columns: a word of it, or a quoted name, that reads so without regard to
    case. A text in single quotes names nothing.

    names  list of text
#}
{% macro _names_a_column(expression, names) %}
    {%- set at = namespace(quote='', word='', words=[]) -%}
    {%- for character in (expression ~ ' ') | list -%}
        {%- if at.quote != '' -%}
            {%- if character == at.quote -%}
                {%- if at.quote != "'" -%}{%- do at.words.append(at.word) -%}{%- endif -%}
                {%- set at.quote = '' -%}
                {%- set at.word = '' -%}
            {%- else -%}
                {%- set at.word = at.word ~ character -%}
            {%- endif -%}
        {%- elif character in ["'", '"', '`'] or character in ' \t\n\r()[]+-*/%<>=!|&~^,.:?' -%}
            {%- do at.words.append(at.word) -%}
            {%- set at.word = '' -%}
            {%- set at.quote = character if character in ["'", '"', '`'] else '' -%}
        {%- else -%}
            {%- set at.word = at.word ~ character -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(at.words | map('lower') | select('in', names | map('lower') | list) | list | length > 0) -}}
{% endmacro %}


{#
    Whether a business metric depends on the label. A label of a relation of its own is joined to the log as the column
    driftline_label.
#}
{% macro _metric_names_label(metric, label) %}
    {%- if label is none -%}{{- return(false) -}}{%- endif -%}
    {%- set names = [label.column] if label.relation is none else ['driftline_label', 'driftline_label_'] -%}
    {{- return(driftline._names_a_column(metric.numerator ~ ' ' ~ (metric.denominator or ''), names)) -}}
{% endmacro %}


{# Checks what is said of labels beside where they are. #}
{% macro _check_label_arguments(monitor, a) %}
    {{- driftline._check_count(monitor, 'label_delay', a.label_delay, 0) -}}
    {%- if a.label_lookback is not none -%}
        {{- driftline._check_count(monitor, 'label_lookback', a.label_lookback, 0) -}}
    {%- endif -%}
    {%- if a.min_labelled_share is boolean or a.min_labelled_share is not number
        or not 0 < a.min_labelled_share <= 1 -%}
        {{- driftline._fail(monitor, 'min_labelled_share', tojson(a.min_labelled_share | string),
            'a number over 0, at most 1') -}}
    {%- endif -%}
    {%- if a.positive_label is not none and a.positive_label is not string and a.positive_label is not boolean
        and not driftline._is_finite(a.positive_label) -%}
        {{- driftline._fail(monitor, 'positive_label', tojson(a.positive_label | string),
            "one value of the label, such as 'yes'") -}}
    {%- elif a.positive_label is not none and a.task != 'binary' -%}
        {{- driftline._fail(monitor, 'positive_label', tojson(a.positive_label | string) ~ " with the task '" ~ a.task
            ~ "'", "a value of the label of the task 'binary'") -}}
    {%- endif -%}
{% endmacro %}


{# Checks the argument `ranking` and fills in its k. #}
{% macro _check_ranking(monitor, a) %}
    {%- set allowed = "{'request': column, 'position': column, 'k': places looked at (default 10)}, with a label and"
        ~ " the task 'binary' or 'regression': the label is the row's relevance" -%}
    {%- if a.ranking is not none -%}
        {%- if a.ranking is not mapping or a.label is none -%}
            {%- set without = ' without a label' if a.label is none else '' -%}
            {{- driftline._fail(monitor, 'ranking', tojson(a.ranking | string) ~ without, allowed) -}}
        {%- elif a.task not in ('binary', 'regression') -%}
            {{- driftline._fail(monitor, 'ranking', "task '" ~ a.task ~ "'", allowed) -}}
        {%- endif -%}
        {%- for part in a.ranking if part not in ['request', 'position', 'k'] -%}
            {{- driftline._fail(monitor, 'ranking', driftline._shown(part), allowed) -}}
        {%- endfor -%}
        {{- driftline._check_name(monitor, 'ranking.request', a.ranking.get('request')) -}}
        {{- driftline._check_name(monitor, 'ranking.position', a.ranking.get('position')) -}}
        {{- driftline._check_count(monitor, 'ranking.k', a.ranking.get('k', 10), 1) -}}
        {%- do a.update({'ranking': {'request': a.ranking.request, 'position': a.ranking.position,
            'k': a.ranking.get('k', 10)}}) -%}
    {%- endif -%}
{% endmacro %}


{#
    What performance counts beside the declared columns: the score in finer bins than drift needs (bounds of the area
    under the curve are about as wide as one bin); the classes of a multiclass label, and the probability of the class
    that was chosen.
#}
{% macro _performance_columns(a, label, first_no) %}
    {%- set columns = [] -%}
    {%- if label is not none and a.prediction is not none -%}
        {%- if a.task == 'binary' -%}
            {%- do columns.append({'name': a.prediction, 'role': 'performance', 'kind': 'numeric',
                'behind': a.prediction, 'cut': a.decision_threshold}) -%}
        {%- elif a.task == 'multiclass' -%}
            {%- for class in (a.prediction if a.prediction is mapping else []) -%}
                {%- do columns.append({'name': class | string, 'role': 'performance', 'kind': 'numeric',
                    'behind': a.prediction[class], 'class': class | string}) -%}
            {%- endfor -%}
            {%- if a.prediction is mapping -%}
                {%- do columns.append({'name': label.column, 'role': 'confidence', 'kind': 'numeric'}) -%}
            {%- endif -%}
            {%- for role in ['class_support', 'class_predicted', 'class_hit'] -%}
                {%- do columns.append({'name': label.column, 'role': role, 'kind': 'categorical'}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {%- for column in columns -%}
        {%- do column.update({'no': first_no + loop.index0, 'bins': 75, 'edges': none, 'argument': 'prediction'}) -%}
        {#- 50 quantiles of the reference, and 25 points of a grid. -#}
        {%- if column.kind == 'numeric' -%}{%- do column.update({'quantiles': 50}) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}
