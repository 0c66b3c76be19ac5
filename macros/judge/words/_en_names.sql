{# A measure of a column, and a metric of one class, as what moved. #}
{% macro _series_en() %}
    {{- return({
        'series.null_rate': 'The share of missing values of {column}',
        'series.nan_rate': 'The share of values of {column} that are no number',
        'series.infinite_rate': 'The share of infinite values of {column}',
        'series.unseen_rate': 'The share of values of {column} that the reference does not have',
        'series.out_of_range_rate': 'The share of values of {column} outside the range of the reference',
        'series.mean': 'The average of {column}', 'series.stddev': 'The spread of {column}',
        'series.minimum': 'The least value of {column}', 'series.maximum': 'The greatest value of {column}',
        'series.psi': 'The distance of {column} from the reference (PSI)',
        'series.other': '{metric} of {column}',
        'series.class': '{metric}, class {column}',
        'fairness.demographic_parity': 'The share that is chosen',
        'fairness.equal_opportunity': 'The share of the positives that is found',
        'fairness.predictive_parity': 'The share of the chosen that is right',
        'fairness.equalized_odds': 'The share that is chosen at the same outcome',
        'fairness.other': '{metric}',
    }) -}}
{% endmacro %}


{# The metrics of the catalogue (macros/catalogue); one that is missing goes by its label there. #}
{% macro _metrics_en() %}
    {{- return({
        'metric.accuracy': 'Accuracy',
        'metric.precision': 'Precision (how many of the chosen are right)',
        'metric.recall': 'Recall (how many of the positives are found)',
        'metric.f1': 'F1 (precision and recall together)',
        'metric.specificity': 'Specificity (how many of the negatives are recognised)',
        'metric.negative_predictive_value': 'The share of the rejected that is rightly so',
        'metric.roc_auc': 'How well the model ranks (AUC)',
        'metric.average_precision': 'How well the model ranks (average precision)',
        'metric.ks': 'How well the model separates (KS)', 'metric.gini': 'How well the model ranks (Gini)',
        'metric.log_loss': 'The error of the probabilities (log loss)',
        'metric.brier': 'The error of the probabilities (Brier score)',
        'metric.expected_calibration_error': 'The gap between predicted and real rates (calibration error)',
        'metric.lift_top_10': 'The lift of the top 10 %',
        'metric.capture_top_10': 'The share of the positives in the top 10 %',
        'metric.label_rate': 'The share of positive outcomes', 'metric.selection_rate': 'The share that is chosen',
        'metric.true_positive_share': 'The share of rows rightly chosen',
        'metric.false_positive_share': 'The share of rows wrongly chosen',
        'metric.false_negative_share': 'The share of rows wrongly rejected',
        'metric.true_negative_share': 'The share of rows rightly rejected',
        'metric.true_positive_rate': 'The share of the positives that is chosen',
        'metric.false_positive_rate': 'The share of the negatives that is chosen',
        'metric.macro_roc_auc': 'How well the model ranks (AUC, mean of classes)',
        'metric.macro_f1': 'F1 (mean of classes)', 'metric.macro_precision': 'Precision (mean of classes)',
        'metric.macro_recall': 'Recall (mean of classes)',
        'metric.ndcg': 'How well the lists are ordered (NDCG)',
        'metric.mrr': 'How high the first hit stands (MRR)', 'metric.hit_rate': 'The share of lists with a hit',
        'metric.mae': 'Mean absolute error', 'metric.rmse': 'Root mean squared error',
        'metric.r2': 'The share of the variation that the model explains (R²)',
        'metric.bias': 'What the model predicts too much (bias)',
        'metric.mape': 'Mean absolute percentage error', 'metric.msle': 'Mean squared log error',
        'metric.rmsle': 'Root mean squared log error',
    }) -}}
{% endmacro %}


{# What a gate found. #}
{% macro _gates_en() %}
    {{- return({
        'gate.drift': '{what} is {value} in the window from {window}, not below {limit}',
        'gate.low': '{what} is {value} in the window from {window}, under {limit}',
        'gate.high': '{what} is {value} in the window from {window}, over {limit}',
        'gate.business':
            '{what} is {value} instead of {expected} in the window from {window}, a change of over {limit}',
        'gate.silent': '{what} have not come for {value} periods up to the window from {window}, {limit} are allowed',
        'gate.unknown': '{what} is not known in the window from {window}: {reason}',
        'gate.nothing': '{monitor}: there is nothing of what this test looks at',
    }) -}}
{% endmacro %}


{# What befell the monitor itself. #}
{% macro _runs_en() %}
    {{- return({
        'runs': 'Monitor {monitor}: {what}',
        'runs.failed': {
            'one': 'its last run failed or was skipped ({first} UTC); {known}',
            'other': 'its last {count} runs failed or were skipped (the first {first} UTC); {known}',
        },
        'runs.unread': 'its rows have never been read',
        'runs.read': 'its rows were last read {last} UTC',
        'runs.worked': {
            'one': 'it works again; one run had failed or was skipped ({first} UTC)',
            'other': 'it works again; {count} runs had failed or were skipped ({first} to {last} UTC)',
        },
    }) -}}
{% endmacro %}
