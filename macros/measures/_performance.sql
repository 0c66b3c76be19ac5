{#
    The performance metrics by task, as a relation (task, metric, rows_of): rows_of says which rows a metric counts
    (labelled, scored, requests, nonzero, above_minus_one).
#}
{% macro _performance_metrics(tasks) %}
    {%- set metrics = {
        'binary': {
            'accuracy': 'labelled', 'precision': 'labelled', 'recall': 'labelled', 'specificity': 'labelled', 'f1': 'labelled',
            'true_positive_share': 'labelled', 'false_positive_share': 'labelled', 'false_negative_share': 'labelled', 'true_negative_share': 'labelled',
            'selection_rate': 'scored', 'label_rate': 'labelled', 'roc_auc': 'labelled', 'average_precision': 'labelled', 'ks': 'labelled', 'gini': 'labelled',
            'log_loss': 'labelled', 'brier': 'labelled', 'expected_calibration_error': 'labelled', 'lift_top_10': 'labelled', 'capture_top_10': 'labelled',
        },
        'multiclass': {
            'accuracy': 'labelled', 'macro_precision': 'labelled', 'macro_recall': 'labelled', 'macro_f1': 'labelled', 'macro_roc_auc': 'labelled', 'log_loss': 'labelled',
        },
        'regression': {
            'mae': 'labelled', 'rmse': 'labelled', 'mape': 'nonzero', 'msle': 'above_minus_one', 'rmsle': 'above_minus_one', 'r2': 'labelled', 'bias': 'labelled',
        },
        'ranking': {'hit_rate': 'requests', 'ndcg': 'requests', 'mrr': 'requests'},
    } -%}
    {%- for task in tasks -%}
    {%- set outer = loop -%}
    {%- for metric in metrics[task] %}
    select {{ driftline._text(task) }} as task, {{ driftline._text(metric) }} as metric, {{ driftline._text(metrics[task][metric]) }} as rows_of
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{#
    Every metric as SQL over the row `w` of driftline_realized's `wide`:

    value         the metric
    variance      of its sampling; a metric without one has none that the sums can give
    lower, upper  bounds where it comes from bins
    n             the effective rows it is an average over (default: labelled)
    chance        its variance in n rows where nothing changed,
                  if that is another than `variance` (docs/measures.md, Noise)
    bias          what chance adds to its value in n rows
    skew          what its rows are like: rate, or loss (never negative, with a tail)
    count         the rows of its denominator (default: as driftline_performance counts them)

    Proportions have the binomial variance. f1 by the delta method over the multinomial counts; average precision by the
    binomial interval (Boyd, Eng & Page, ECML 2013); the area under the curve after Hanley & McNeil, Radiology 143 (1982).
#}
{% macro _realized_metrics() %}
    {%- set l = 'nullif(w.labelled_w, 0e0)' -%}
    {%- set rows_per_weight = '(w.labelled_n / ' ~ l ~ ')' -%}
    {%- set metrics = {} -%}
    {%- set proportions = {
        'accuracy': ["(case when w.task = 'binary' then w.true_positive_v + w.true_negative_v else w.correct_v end)", 'w.labelled_w'],
        'precision': ['w.true_positive_v', '(w.true_positive_v + w.false_positive_v)'],
        'recall': ['w.true_positive_v', '(w.true_positive_v + w.false_negative_v)'],
        'specificity': ['w.true_negative_v', '(w.true_negative_v + w.false_positive_v)'],
        'label_rate': ['w.label_v', 'w.labelled_w'],
        'true_positive_share': ['w.true_positive_v', 'w.labelled_w'], 'false_positive_share': ['w.false_positive_v', 'w.labelled_w'],
        'false_negative_share': ['w.false_negative_v', 'w.labelled_w'], 'true_negative_share': ['w.true_negative_v', 'w.labelled_w'],
    } -%}
    {%- for metric in proportions -%}
        {%- set top = proportions[metric][0] -%}{%- set bottom = proportions[metric][1] -%}
        {%- set p = '(' ~ top ~ ' / nullif(' ~ bottom ~ ', 0e0))' -%}
        {%- do metrics.update({metric: {
            'value': p, 'variance': p ~ ' * (1e0 - ' ~ p ~ ') / nullif(' ~ bottom
                ~ ', 0e0) * w.weight_per_row', 'skew': 'rate',
            'n': bottom ~ ' / w.weight_per_row', 'count': bottom ~ ' * ' ~ rows_per_weight,
        }}) -%}
    {%- endfor -%}
    {%- set rate = '(w.predicted_positive_v / nullif(w.predicted_positive_w, 0e0))' -%}
    {%- do metrics.update({'selection_rate': {'value': rate,
        'variance': rate ~ ' * (1e0 - ' ~ rate
        ~ ') * w.predicted_positive_w2 / nullif(w.predicted_positive_w * w.predicted_positive_w, 0e0)',
        'n': 'w.predicted_positive_w * w.predicted_positive_w / nullif(w.predicted_positive_w2, 0e0)', 'skew': 'rate',
    }}) -%}

    {%- set errors = '(w.false_positive_v + w.false_negative_v)' -%}
    {%- set f1_bottom = 'nullif(2e0 * w.true_positive_v + ' ~ errors ~ ', 0e0)' -%}
    {%- do metrics.update({'f1': {
        'value': '2e0 * w.true_positive_v / ' ~ f1_bottom,
        'variance': '4e0 * (w.true_positive_v / ' ~ f1_bottom ~ ') * (' ~ errors ~ ' / ' ~ f1_bottom ~ ') * ((w.true_positive_v + ' ~ errors ~ ') / ' ~ f1_bottom ~ ') / ' ~ f1_bottom ~ ' * w.weight_per_row',
        'n': '(w.true_positive_v + ' ~ errors ~ ') / w.weight_per_row', 'skew': 'rate',
        'count': '(w.true_positive_v + ' ~ errors ~ ') * ' ~ rows_per_weight,
    }}) -%}

    {%- set positives = '(w.all_positives / w.weight_per_row)' -%}{%- set negatives = '(w.all_negatives / w.weight_per_row)' -%}
    {%- set auc_variance = driftline._auc_variance('w.roc_auc', positives, negatives) -%}
    {#- Of the tenth and of the rest each row is positive or not: the delta method over both binomial counts. -#}
    {%- set all_rows = '(' ~ positives ~ ' + ' ~ negatives ~ ')' -%}
    {%- set inside = '(w.capture * ' ~ positives ~ ')' -%}{%- set outside = '((1e0 - w.capture) * ' ~ positives ~ ')' -%}
    {%- set capture_variance = '(' ~ outside ~ ' * ' ~ outside ~ ' * ' ~ inside ~ ' * greatest(1e0 - ' ~ inside ~ ' / nullif(0.1e0 * ' ~ all_rows ~ ', 0e0), 0e0) + ' ~ inside ~ ' * ' ~ inside ~ ' * ' ~ outside ~ ' * (1e0 - ' ~ outside ~ ' / nullif(0.9e0 * ' ~ all_rows ~ ', 0e0))) / nullif(' ~ positives ~ ' * ' ~ positives ~ ' * ' ~ positives ~ ' * ' ~ positives ~ ', 0e0)' -%}
    {#- Where nothing changed an area's variance goes with 1 / positives + 1 / negatives. -#}
    {%- set pairs = positives ~ ' * ' ~ negatives ~ ' / nullif(' ~ all_rows ~ ', 0e0)' -%}
    {%- set positive_rows = 'w.all_positives * ' ~ rows_per_weight -%}
    {%- do metrics.update({
        'roc_auc': {'value': 'w.roc_auc', 'lower': 'w.roc_auc - w.auc_slack', 'upper': 'w.roc_auc + w.auc_slack',
            'variance': auc_variance, 'n': pairs},
        'gini': {'value': '2e0 * w.roc_auc - 1e0', 'lower': '2e0 * (w.roc_auc - w.auc_slack) - 1e0',
            'upper': '2e0 * (w.roc_auc + w.auc_slack) - 1e0', 'variance': '4e0 * (' ~ auc_variance ~ ')', 'n': pairs},
        'average_precision': {'value': 'w.average_precision', 'lower': 'w.average_precision_lower',
            'upper': 'w.average_precision_upper',
            'variance': 'w.average_precision * (1e0 - w.average_precision) / nullif(' ~ positives ~ ', 0e0)',
            'n': positives, 'count': positive_rows},
        'ks': {'value': 'w.ks', 'lower': 'w.ks', 'upper': 'w.ks_upper', 'n': pairs,
            'chance': '0.25e0 / nullif(' ~ pairs ~ ', 0e0)'},
        'capture_top_10': {'value': 'w.capture', 'lower': 'w.capture_lower', 'upper': 'w.capture_upper',
            'variance': capture_variance, 'n': positives, 'count': positive_rows},
        'lift_top_10': {'value': '10e0 * w.capture', 'lower': '10e0 * w.capture_lower',
            'upper': '10e0 * w.capture_upper', 'variance': '100e0 * (' ~ capture_variance ~ ')', 'n': positives,
            'count': positive_rows},
    }) -%}

    {%- set probable = "w.has_no_probabilities = 0" -%}
    {%- set loss = driftline._mean_of('log_loss') -%}
    {%- set brier_mean = '(w.squared_error_v / ' ~ l ~ ')' -%}
    {%- do metrics.update({
        'log_loss': {'value': 'case when ' ~ probable ~ ' then ' ~ loss.value ~ ' end', 'variance': loss.variance,
            'n': loss.n, 'skew': 'loss'},
        'brier': {'value': 'case when ' ~ probable ~ ' then ' ~ brier_mean ~ ' end',
            'variance': driftline._variance('w.squared_error_d2 / ' ~ l, driftline._squared(brier_mean), 'w.labelled_n')
            ~ ' / nullif(w.effective_n, 0e0)', 'skew': 'loss'},
        'expected_calibration_error': {
            'value': 'case when ' ~ probable ~ ' then w.expected_calibration_error end',
            'chance': 'w.calibration_variance * w.weight_per_row',
            'bias': 'w.calibration_chance * sqrt(w.weight_per_row)',
        },
    }) -%}

    {%- for metric in ['macro_precision', 'macro_recall', 'macro_f1'] -%}
        {%- do metrics.update({metric: {'value': 'w.' ~ metric, 'chance': 'w.' ~ metric ~ '_variance'}}) -%}
    {%- endfor -%}
    {%- do metrics.update({'macro_roc_auc': {
        'value': 'w.macro_roc_auc', 'lower': 'w.macro_roc_auc - w.macro_auc_slack',
        'upper': 'w.macro_roc_auc + w.macro_auc_slack', 'chance': 'w.macro_auc_variance * w.weight_per_row',
    }}) -%}

    {%- set mean_error = '(w.error_v / ' ~ l ~ ')' -%}{%- set mean_absolute = '(w.absolute_error_v / ' ~ l ~ ')' -%}
    {#- The sums hold no fourth moment of the errors. From how far their mean size is from their root mean square it is
        taken to be what it is there between even, normal and doubly exponential errors:
        3 (2/π · mean square / square of the mean)³. -#}
    {%- set peakedness = 'case when ' ~ mean_absolute
        ~ ' > 1e-300 then greatest(0.774036823e0 * power(greatest(least(sqrt(w.absolute_error_d2 / ' ~ l ~ ') / '
        ~ mean_absolute ~ ', 1e3), 1e0), 6) - 1e0, 0.1e0) else 0.1e0 end' -%}
    {%- set unexplained = '(w.absolute_error_d2 / w.label_ss)' -%}
    {%- set percentage = driftline._mean_of('percentage_error') -%}{%- set squared_log = driftline._mean_of('squared_log_error') -%}
    {%- do metrics.update({
        'mae': {'value': mean_absolute,
            'variance': driftline._variance('w.absolute_error_d2 / ' ~ l, driftline._squared(mean_absolute),
            'w.labelled_n') ~ ' / nullif(w.effective_n, 0e0)', 'skew': 'loss'},
        'bias': {'value': mean_error,
            'variance': driftline._variance('w.error_d2 / ' ~ l, driftline._squared(mean_error), 'w.labelled_n')
            ~ ' / nullif(w.effective_n, 0e0)'},
        'rmse': {
            'value': 'sqrt(w.absolute_error_d2 / ' ~ l ~ ')',
            'chance': 'case when w.absolute_error_d2 / ' ~ l ~ ' <= 1e-200 then 0e0 when w.absolute_error_d2 / ' ~ l
                ~ ' < 1e200 then w.absolute_error_d2 / ' ~ l ~ ' * (' ~ peakedness
                ~ ') / (4e0 * nullif(w.effective_n, 0e0)) end',
        },
        'mape': {'value': percentage.value, 'variance': percentage.variance, 'n': percentage.n, 'skew': 'loss'},
        'msle': {'value': squared_log.value, 'variance': squared_log.variance, 'n': squared_log.n, 'skew': 'loss'},
        'rmsle': {'value': 'sqrt(' ~ squared_log.value ~ ')', 'variance': '(' ~ squared_log.variance
            ~ ') / nullif(4e0 * ' ~ squared_log.value ~ ', 0e0)', 'n': squared_log.n, 'skew': 'loss'},
        'r2': {
            'value': 'case when w.label_ss > 1e-12 * greatest(w.label_d2, 1e-280)'
                ~ ' then 1e0 - w.absolute_error_d2 / w.label_ss end',
            'chance': 'case when w.label_ss > 1e-12 * greatest(w.label_d2, 1e-280)'
                ~ ' and ' ~ unexplained ~ ' < 1e100 then '
                ~ driftline._squared(unexplained) ~ ' * ((' ~ peakedness ~ ') + greatest((' ~ peakedness
                ~ '), 2e0)) / nullif(w.effective_n, 0e0) end',
        },
    }) -%}

    {%- for metric, measure in {'hit_rate': 'hit', 'ndcg': 'ndcg', 'mrr': 'reciprocal_rank'}.items() -%}
        {%- set mean = '(w.' ~ measure ~ '_v / nullif(w.' ~ measure ~ '_n, 0e0))' -%}
        {#- A list that has a label below 0 has no NDCG: the others are not all there is. -#}
        {%- set mean = '(case when w.ndcg_n >= w.hit_n then ' ~ mean ~ ' end)' if measure == 'ndcg' else mean -%}
        {%- do metrics.update({metric: {
            'value': mean, 'n': 'w.' ~ measure ~ '_n', 'skew': 'rate',
            'variance': driftline._variance('w.' ~ measure ~ '_d2 / nullif(w.' ~ measure ~ '_n, 0e0)',
                mean ~ ' * ' ~ mean, 'w.' ~ measure ~ '_n') ~ ' / nullif(w.' ~ measure ~ '_n, 0e0)',
        }}) -%}
    {%- endfor -%}
    {{- return(metrics) -}}
{% endmacro %}


{# {value, variance, n} of the mean of a measure that has rows of its own. #}
{% macro _mean_of(measure) %}
    {%- set w = 'nullif(w.' ~ measure ~ '_w, 0e0)' -%}
    {%- set mean = '(w.' ~ measure ~ '_v / ' ~ w ~ ')' -%}
    {{- return({
        'value': mean,
        'variance': driftline._variance('w.' ~ measure ~ '_d2 / ' ~ w, driftline._squared(mean), 'w.' ~ measure ~ '_n')
            ~ ' * w.' ~ measure ~ '_w2 / (' ~ w ~ ' * ' ~ w ~ ')',
        'n': w ~ ' * ' ~ w ~ ' / nullif(w.' ~ measure ~ '_w2, 0e0)',
    }) -}}
{% endmacro %}


{#
    Variance of an area under the ROC curve (Hanley & McNeil, Radiology 143 (1982), formula 1).

    a          SQL of the area
    pos, neg   effective numbers of positives and negatives
#}
{% macro _auc_variance(a, pos, neg) %}
    {{- return(
        '(' ~ a ~ ' * (1e0 - ' ~ a ~ ') + greatest(' ~ pos ~ ' - 1e0, 0e0) * (' ~ a ~ ' / (2e0 - ' ~ a ~ ') - ' ~ a ~ ' * ' ~ a ~ ')'
        ~ ' + greatest(' ~ neg ~ ' - 1e0, 0e0) * (2e0 * ' ~ a ~ ' * ' ~ a ~ ' / (1e0 + ' ~ a ~ ') - ' ~ a ~ ' * ' ~ a ~ ')) / nullif(' ~ pos ~ ' * ' ~ neg ~ ', 0e0)'
    ) -}}
{% endmacro %}


{#
    The bins of some roles by side: those of every window, of the whole reference (window_periods 0), and of the reference
    without the window's rows where it shares some. group_no, window_periods, period_index, side, the cell, w, labelled,
    positives, score_sum.
#}
{% macro _score_sides(roles) %}
    {%- set cell = 'c.column_no, c.column_name, c.column_role, c.bin, c.bin_group, c.bin_lower, c.bin_upper, c.bin_kind, c.bin_label' -%}
    {%- set these -%}
    c.column_role in ({% for role in roles %}{{ driftline._literal(role) }}{{ ', ' if not loop.last }}{% endfor %}) and c.column_kind <> 'measure' and c.bin_kind <> 'moments'
    {%- endset %}
    select
        r.group_no, r.window_periods, r.period_index, 'window' as side, {{ cell }},
        r.w, r.l as labelled, r.y as positives, r.lp as score_sum
    from {{ ref('driftline_rolling_scores') }} as r
    join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no and {{ these }}
    where r.w > 0
    union all
    select f.group_no, 0, 0, 'reference', {{ cell }}, f.w, f.l, f.y, f.lp
    from {{ ref('driftline_reference') }} as f
    join {{ ref('driftline_cells') }} as c on c.cell_no = f.cell_no and {{ these }}
    union all
    select
        r.group_no, r.window_periods, r.period_index, 'reference', {{ cell }},
        -- What rounding leaves of a row is no row.
        f.w - r.reference_w, case when f.l - r.reference_l > 1e-12 * f.l then f.l - r.reference_l else 0e0 end,
        case when f.y - r.reference_y > 1e-12 * f.y then f.y - r.reference_y else 0e0 end, f.lp - r.reference_lp
    from {{ ref('driftline_rolling_scores') }} as r
    join {{ ref('driftline_maturity') }} as o
        on o.group_no = r.group_no and o.window_periods = r.window_periods and o.period_index = r.period_index and o.touches_reference
    join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no and {{ these }}
    join {{ ref('driftline_reference') }} as f on f.group_no = r.group_no and f.cell_no = r.cell_no
    where f.w - r.reference_w > 1e-12 * f.w
{% endmacro %}
