{# The metrics of a model that says yes or no, in the order of the report. What an entry says: _metrics. #}
{% macro _binary_metrics() %}
    {%- set order = driftline._metrics_of_the_order() -%}
    {%- set metrics = {'roc_auc': order.roc_auc} -%}
    {%- do metrics.update(driftline._metrics_of_decisions()) -%}
    {%- do metrics.update(order) -%}
    {%- do metrics.update(driftline._metrics_of_probabilities()) -%}
    {%- do metrics.update(driftline._metrics_of_the_top()) -%}
    {%- do metrics.update(driftline._metrics_of_shares()) -%}
    {{- return(metrics) -}}
{% endmacro %}


{# Whether what was decided at the threshold was right. #}
{% macro _metrics_of_decisions() %}
    {{- return({
        'accuracy': {
            'label': 'Accuracy', 'better': 'higher', 'bounds': [0, 1],
            'top': {'true_positive': 1, 'true_negative': 1},
            'chance': 'share', 'estimate': 'counts', 'compared': 'sums',
            'description': 'Share of rows whose label is what was predicted',
        },
        'precision': {
            'label': 'Precision', 'better': 'higher', 'bounds': [0, 1], 'empty': 'no predicted positives',
            'top': {'true_positive': 1}, 'bottom': {'true_positive': 1, 'false_positive': 1},
            'chance': 'share', 'estimate': 'counts', 'compared': 'sums',
            'description': 'Share of the predicted positives that are positive',
        },
        'recall': {
            'label': 'Recall', 'better': 'higher', 'bounds': [0, 1], 'empty': 'no positive labels',
            'top': {'true_positive': 1}, 'bottom': {'true_positive': 1, 'false_negative': 1},
            'chance': 'share', 'estimate': 'counts', 'compared': 'sums',
            'description': 'Share of the positives that are predicted positive',
        },
        'f1': {
            'label': 'F1', 'better': 'higher', 'bounds': [0, 1],
            'empty': 'no positives, neither labels nor predictions',
            'top': {'true_positive': 2}, 'bottom': {'true_positive': 2, 'false_positive': 1, 'false_negative': 1},
            'chance': 'outcomes', 'estimate': 'counts', 'compared': 'sums',
            'description': 'Harmonic mean of precision and recall',
        },
        'specificity': {
            'label': 'Specificity', 'better': 'higher', 'bounds': [0, 1], 'empty': 'no negative labels',
            'top': {'true_negative': 1}, 'bottom': {'true_negative': 1, 'false_positive': 1},
            'chance': 'share', 'estimate': 'counts', 'compared': 'sums',
            'description': 'Share of the negatives that are predicted negative',
        },
        'negative_predictive_value': {
            'label': 'Negative predictive value', 'better': 'higher', 'bounds': [0, 1],
            'empty': 'no predicted negatives',
            'top': {'true_negative': 1}, 'bottom': {'true_negative': 1, 'false_negative': 1},
            'chance': 'share', 'estimate': 'counts', 'compared': 'sums',
            'description': 'Share of the predicted negatives that are negative',
        },
    }) -}}
{% endmacro %}


{# Whether positives have higher scores than negatives. #}
{% macro _metrics_of_the_order() %}
    {%- set positives = driftline._effective_positives() -%}
    {%- set negatives = driftline._effective_negatives() -%}
    {%- set positive_rows = driftline._positive_rows() -%}
    {%- set auc_variance = driftline._auc_variance('w.roc_auc', positives, negatives) -%}
    {#- Where nothing changed an area's variance goes with 1 / positives + 1 / negatives. -#}
    {%- set pairs = positives ~ ' * ' ~ negatives ~ ' / nullif((' ~ positives ~ ' + ' ~ negatives ~ '), 0e0)' -%}
    {{- return({
        'roc_auc': {
            'label': 'ROC AUC', 'better': 'higher', 'bounds': [0, 1], 'empty': 'labels of one class only',
            'value': 'w.roc_auc', 'lower': 'w.roc_auc - w.auc_slack', 'upper': 'w.roc_auc + w.auc_slack',
            'chance': {'variance': auc_variance, 'n': pairs},
            'estimate': {
                'value': 'auc_sum / nullif(positives * negatives, 0e0)', 'slope': driftline._auc_slope(),
            },
            'compared': 'windows', 'explained': 'brier',
            'description': 'Area under the ROC curve, from 75 bins: 50 quantiles of the reference\'s scores, and
                between them a grid (even in the log-odds), so that scores that move still fall into many bins.
                Bounds: all pairs inside a bin ordered wrongly, or rightly; a bin of one value is exact. The value
                lies in the middle',
            'source': 'Hanley and McNeil (1982)',
        },
        'average_precision': {
            'label': 'Average precision', 'better': 'higher', 'bounds': [0, 1], 'empty': 'no positive labels',
            'value': 'w.average_precision',
            'lower': 'w.average_precision_lower', 'upper': 'w.average_precision_upper',
            'chance': {
                'variance': 'w.average_precision * (1e0 - w.average_precision) / nullif(' ~ positives ~ ', 0e0)',
                'n': positives, 'count': positive_rows,
            },
            'compared': 'windows', 'explained': 'brier',
            'description': 'Mean of the precision at each positive, from the bins of the ROC AUC. Bounds over every
                order and every tie inside a bin; the value takes a bin as evenly mixed',
            'source': 'Boyd, Eng and Page (2013)',
        },
        'ks': {
            'label': 'KS of positives against negatives', 'better': 'higher', 'bounds': [0, 1],
            'empty': 'labels of one class only',
            'value': 'w.ks', 'lower': 'w.ks', 'upper': 'w.ks_upper',
            'chance': {'chance': '0.25e0 / nullif(' ~ pairs ~ ', 0e0)', 'n': pairs},
            'explained': 'brier',
            'description': 'Two-sample KS of the scores of positives and negatives: largest distance at an edge, and
                the most it can be between two edges',
        },
        'gini': {
            'label': 'Gini', 'better': 'higher', 'bounds': [-1, 1], 'empty': 'labels of one class only',
            'value': '2e0 * w.roc_auc - 1e0',
            'lower': '2e0 * (w.roc_auc - w.auc_slack) - 1e0', 'upper': '2e0 * (w.roc_auc + w.auc_slack) - 1e0',
            'chance': {'variance': '4e0 * (' ~ auc_variance ~ ')', 'n': pairs},
            'explained': 'brier',
            'description': '2·AUC−1',
            'source': 'Hanley and McNeil (1982)',
        },
    }) -}}
{% endmacro %}


{# Whether the scores are right as probabilities. #}
{% macro _metrics_of_probabilities() %}
    {%- set no_probabilities = ['w.has_no_probabilities = 1', 'a label without a probability from 0 to 1'] -%}
    {{- return({
        'log_loss': {
            'label': 'Log loss', 'better': 'lower', 'bounds': [0, none], 'unless': no_probabilities,
            'top': {'log_loss': 1}, 'base': 'log_loss', 'chance': 'mean', 'skew': 'loss', 'compared': 'sums',
            'description':
                'Mean of −ln of the probability that the label had, scores kept 2⁻⁵² away from 0 and 1.
                NULL where a labelled score lies outside 0…1 and is no probability',
        },
        'brier': {
            'label': 'Brier score', 'better': 'lower', 'bounds': [0, 1], 'unless': no_probabilities,
            'top': {'squared_error': 1}, 'chance': 'mean', 'skew': 'loss', 'compared': 'sums',
            'description': 'Mean squared distance of score and label (0 or 1). NULL where a labelled score is no
                probability',
            'source': 'Brier (1950)',
        },
        'expected_calibration_error': {
            'label': 'Calibration error', 'better': 'lower', 'bounds': [0, 1], 'unless': no_probabilities,
            'value': 'w.expected_calibration_error',
            'chance': {
                'chance': 'w.calibration_variance * w.weight_per_row',
                'bias': 'w.calibration_chance * sqrt(w.weight_per_row)',
            },
            'explained': 'brier',
            'description': 'Σ share·\\|mean score − share of positives\\| over the ten groups of the reference\'s
                score bins. NULL where a labelled score is no probability',
        },
    }) -}}
{% endmacro %}


{# What the tenth with the highest scores holds. #}
{% macro _metrics_of_the_top() %}
    {%- set positives = driftline._effective_positives() -%}
    {%- set capture_variance = driftline._capture_variance(positives, driftline._effective_negatives()) -%}
    {%- set positive_rows = driftline._positive_rows() -%}
    {{- return({
        'lift_top_10': {
            'label': 'Lift of the top 10%', 'better': 'higher', 'bounds': [0, 10], 'empty': 'no positive labels',
            'value': '10e0 * w.capture', 'lower': '10e0 * w.capture_lower', 'upper': '10e0 * w.capture_upper',
            'chance': {
                'variance': '100e0 * (' ~ capture_variance ~ ')', 'n': positives, 'count': positive_rows,
            },
            'explained': 'brier',
            'description': 'Ten times `capture_top_10`',
        },
        'capture_top_10': {
            'label': 'Captured by the top 10%', 'better': 'higher', 'bounds': [0, 1], 'is_share': true,
            'empty': 'no positive labels',
            'value': 'w.capture', 'lower': 'w.capture_lower', 'upper': 'w.capture_upper',
            'chance': {'variance': capture_variance, 'n': positives, 'count': positive_rows},
            'explained': 'brier',
            'description': 'Share of the positives among the tenth of the rows with the highest scores. Bounds: the
                split bin\'s positives all in, or all out',
        },
    }) -}}
{% endmacro %}


{# How many are positive, predicted positive, and both. #}
{% macro _metrics_of_shares() %}
    {{- return({
        'label_rate': {
            'label': 'Label rate', 'better': 'none', 'bounds': [0, 1], 'is_share': true,
            'top': {'label': 1}, 'chance': 'share', 'estimate': 'counts', 'effect': 'label',
            'description': 'Share of positives',
        },
        'selection_rate': {
            'label': 'Selection rate', 'better': 'none', 'bounds': [0, 1], 'is_share': true, 'empty': 'no scores',
            'top': {'predicted_positive': 1}, 'rows': 'predicted_positive', 'chance': 'share',
            'description': 'Share of rows with a score that are predicted positive, labelled or not',
        },
        'true_positive_share': {
            'label': 'True positives', 'better': 'none', 'bounds': [0, 1], 'is_share': true,
            'top': {'true_positive': 1}, 'chance': 'share',
            'description': 'Share of rows that are positive and predicted so',
        },
        'false_positive_share': {
            'label': 'False positives', 'better': 'none', 'bounds': [0, 1], 'is_share': true,
            'top': {'false_positive': 1}, 'chance': 'share',
            'description': 'Share of rows that are negative and predicted positive',
        },
        'false_negative_share': {
            'label': 'False negatives', 'better': 'none', 'bounds': [0, 1], 'is_share': true,
            'top': {'false_negative': 1}, 'chance': 'share',
            'description': 'Share of rows that are positive and predicted negative',
        },
        'true_negative_share': {
            'label': 'True negatives', 'better': 'none', 'bounds': [0, 1], 'is_share': true,
            'top': {'true_negative': 1}, 'chance': 'share',
            'description': 'Share of rows that are negative and predicted so',
        },
    }) -}}
{% endmacro %}
