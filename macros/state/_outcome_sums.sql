{# The sums of labels, predictions and losses that every bin keeps. What s, y and e are: _outcome.sql. #}


{# The sums of every bin, in the order of the state's columns. #}
{% macro _outcome_names() %}
    {{- return(['prediction_sum', 'labelled_weight_sum', 'labelled_weight_sq_sum', 'label_sum', 'label_sq_sum',
        'labelled_prediction_sum', 'loss_sum', 'loss_sq_sum']) -}}
{% endmacro %}


{#
    The outcome as columns of the rows a run reads: s, y, e, and where deviations are taken z, the deviation of the
    label from the frozen centre, so that the sum of squares keeps its digits. l marks the labelled rows where neither y
    nor e does.
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
        {%- do values.append({'name': 'outcome_z', 'sql': driftline._squared('((' ~ rows.outcome.y ~ ') - '
            ~ rows.label_centre ~ ')')}) -%}
    {%- endif -%}
    {{- return(values) -}}
{% endmacro %}


{#
    The rows with what _outcome_sums would work out of them for every column again: p, the score where the loss is
    known, and q, the square of the loss.
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
    {%- set marker = 'outcome_y' if has_y else 'outcome_e' if o.e is not none
        else 'outcome_l' if o.labelled is not none else none -%}
    {%- set sums = {} -%}
    {%- if o.s is not none -%}{%- do sums.update({'prediction_sum': 'sum(' ~ w ~ 'outcome_s)'}) -%}{%- endif -%}
    {%- if marker is not none -%}
        {%- do sums.update({
            'labelled_weight_sum': driftline._weight_of(marker, 'w', rows.weight is not none),
            'labelled_weight_sq_sum': driftline._weight_of(marker, 'w * w', rows.weight is not none),
        }) -%}
    {%- endif -%}
    {%- if has_y -%}
        {%- do sums.update({
            'label_sum': 'sum(' ~ w ~ 'outcome_y)',
            'label_sq_sum': 'sum(' ~ w ~ ('outcome_z' if o.is_number else 'outcome_y') ~ ')',
        }) -%}
    {%- endif -%}
    {%- if o.e is not none and o.s is not none -%}
        {%- set score = 'outcome_p' if prepared else 'case when ' ~ marker ~ ' is not null then outcome_s end' -%}
        {%- do sums.update({'labelled_prediction_sum': 'sum(' ~ w ~ score ~ ')'}) -%}
    {%- endif -%}
    {%- if o.e is not none -%}
        {%- set square = 'outcome_q' if prepared else driftline._squared('outcome_e') -%}
        {%- do sums.update({'loss_sum': 'sum(' ~ w ~ 'outcome_e)', 'loss_sq_sum': 'sum(' ~ w ~ square ~ ')'}) -%}
    {%- endif -%}
    {%- set items = [] -%}
    {%- for name in driftline._outcome_names() -%}
        {%- do items.append((sums[name] if name in sums else driftline._as_double('null')) ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {{- return(items | join(', ')) -}}
{% endmacro %}
