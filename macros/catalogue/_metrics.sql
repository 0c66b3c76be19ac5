{#
    The catalogue of performance metrics: one entry each, in the file of its task. Everything that knows a metric by
    name reads it: driftline_int_realized, _estimated, _comparisons, _fairness, _causes, which sums
    driftline_int_model_sums has, the words of the report and the table in docs/measures.md (`make docs` writes these
    two, `make lint` checks them).

    What an entry says:

    label        as people call it
    better       higher, lower, or none: neither says good or bad
    bounds       [least, greatest], none where there is no bound
    is_share     reads well as a percentage (default: no)
    description  how it is made
    source       where the formula is from (default: nowhere in particular)
    empty        why it is NULL where its denominator has no rows
    unless       [condition, reason]: SQL over driftline_int_realized's `wide` of when it is withheld though there are
                 rows
    where        SQL over the same row: of which sides it is one at all (default: all of the task)

    A metric that is a ratio of sums over rows:

    top, bottom  {measure: how often its sum counts}, measures as in _measure_numbers. No bottom: the weight of all rows
    sums         v, sums of the measure (default), or d2, sums of its squares
    root         the metric is the root of the ratio (default: no)

    and another: value, SQL over `wide`; lower and upper, where it comes from bins; uses, {measure: its sums} it needs.

    Which rows it counts:

    rows         the measure that has as many (default: labelled)
    base         the measure whose rows carry the weights (default: rows)

    What is known of it if nothing changed, without which no metric can be judged (docs/measures.md, Noise):

    chance       share: each row is 0 or 1 of the denominator, so binomial
                 outcomes: rows fall into outcomes that count differently, by the delta method over the multinomial
                 mean: from the sums of squares
                 or SQL of another, {
                     variance  of its sampling
                     chance    of it in n rows where nothing changed, if that is another
                     n         the effective rows it is an average over (default: those of the base)
                     bias      what chance adds to its value in n rows
                     count     the rows of its denominator (default: rows)
                     scatter   by the reference's own windows: that variance is a guess, and they say how far it is off
                     apart     each side has the variance of its own rows: no pooled one of both
                 }
    skew         what its rows are like: rate, or loss (never negative, with a tail); default: rate for shares

    Where it appears beside its value:

    estimate     without labels: counts, from the expected outcomes (top and bottom say how); losses, from the expected
                 losses; {value, slope}, SQL over driftline_int_estimated's bins; or the name of the binary metric that
                 it is of the chosen class' probability
    compared     between versions: sums, by period, or windows, from whole windows
    effect       what a feature's own shift is asked about: label, calibration, or loss (default)
    explained    causes split this one in its place: the name of one that is a ratio of sums, or its {quantity, top,
                 sums}
#}
{% macro _metrics() %}
    {%- set metrics = [] -%}
    {%- for task, entries in {
        'binary': driftline._binary_metrics(), 'multiclass': driftline._multiclass_metrics(),
        'regression': driftline._regression_metrics(), 'ranking': driftline._ranking_metrics(),
    }.items() -%}
        {%- for name, entry in entries.items() -%}
            {%- set metric = {'task': task, 'name': name, 'no': metrics | length + 1, 'rows': 'labelled', 'sums': 'v',
                'effect': 'loss'} -%}
            {%- do metric.update(entry) -%}
            {%- do metric.update({
                'base': entry.get('base', metric.rows),
                'skew': entry.get('skew', 'rate' if entry.chance in ['share', 'outcomes'] else none),
            }) -%}
            {%- do metrics.append(metric) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(metrics) -}}
{% endmacro %}


{# An entry with some things said otherwise. #}
{% macro _entry_like(entry, more) %}
    {%- set like = {} -%}
    {%- do like.update(entry) -%}
    {%- do like.update(more) -%}
    {{- return(like) -}}
{% endmacro %}


{#
    SQL of a sum of sums.

    terms   {measure: how often its sum counts}
    ending  what follows the measure's name in the column's
    row     alias of the row, with its point
#}
{% macro _sum_of_terms(terms, ending='_v', row='w.') %}
    {%- set parts = [] -%}
    {%- for measure, times in terms.items() if times -%}
        {%- do parts.append((times ~ 'e0 * ' if times != 1 else '') ~ row ~ measure ~ ending) -%}
    {%- endfor -%}
    {{- return('(' ~ parts | join(' + ') ~ ')' if parts | length > 1 else parts[0]) -}}
{% endmacro %}


{#
    Which sums of which measures the metrics need: {measure: [n: rows, w: weights, w2: their squares, v: values, d2:
    their squares]}.
#}
{% macro _metric_sums() %}
    {%- set needed = {'rows': ['n'], 'known': ['n']} -%}
    {%- for metric in driftline._metrics() -%}
        {%- set measures = [] -%}
        {%- do measures.append([metric.rows, ['n']]) -%}
        {%- do measures.append([metric.base, ['n', 'w', 'w2']]) -%}
        {%- for measure in metric.get('top', []) -%}
            {%- do measures.append([measure, ['v', 'd2'] if metric.chance == 'mean' else [metric.sums]]) -%}
        {%- endfor -%}
        {%- for measure in metric.get('bottom', []) -%}{%- do measures.append([measure, ['v']]) -%}{%- endfor -%}
        {%- for measure, sums in metric.get('uses', {}).items() -%}
            {%- do measures.append([measure, sums]) -%}
        {%- endfor -%}
        {%- for measure, sums in measures -%}
            {%- do needed.update({measure: needed.get(measure, [])}) -%}
            {%- for sum in sums -%}
                {%- if sum not in needed[measure] -%}{%- do needed[measure].append(sum) -%}{%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(needed) -}}
{% endmacro %}
