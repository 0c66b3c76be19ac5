{# The metrics of a model that chooses one of several classes. What an entry says: _metrics. #}
{% macro _multiclass_metrics() %}
    {%- set binary = driftline._binary_metrics() -%}
    {#- Monitors without a probability of any class have neither of the two that need some. -#}
    {%- set has_probabilities = '(w.log_loss_n is not null or w.macro_roc_auc is not null)' -%}
    {%- set metrics = {
        'macro_roc_auc': {
            'label': 'ROC AUC, mean of classes', 'better': 'higher', 'bounds': [0, 1], 'where': has_probabilities,
            'value': 'w.macro_roc_auc',
            'lower': 'w.macro_roc_auc - w.macro_auc_slack', 'upper': 'w.macro_roc_auc + w.macro_auc_slack',
            'chance': {'chance': 'w.macro_auc_variance * w.weight_per_row', 'apart': true},
            'description': 'Mean over the classes of the area of one against the rest',
        },
    } -%}
    {%- for name, of in {'f1': 'F1', 'precision': 'Precision', 'recall': 'Recall'}.items() -%}
        {%- do metrics.update({'macro_' ~ name: {
            'label': of ~ ', mean of classes', 'better': 'higher', 'bounds': [0, 1],
            'value': 'w.macro_' ~ name,
            'chance': {'chance': 'w.macro_' ~ name ~ '_variance', 'apart': true},
            'description': of ~ ' by class, their mean over the classes of the reference that have one (a class the
                reference does not have counts as wrong in accuracy only)',
        }}) -%}
    {%- endfor -%}
    {%- for name in metrics -%}
        {%- do metrics[name].update({'empty': 'no class of the reference that has one', 'explained': 'accuracy'}) -%}
    {%- endfor -%}
    {%- do metrics.update({
        'accuracy': {
            'label': 'Accuracy', 'better': 'higher', 'bounds': [0, 1],
            'top': {'correct': 1}, 'chance': 'share', 'estimate': 'label_rate', 'compared': 'sums',
            'description': 'Share of rows whose label is the predicted class: with class probabilities the most
                probable one, the first declared of equals',
        },
        'log_loss': driftline._entry_like(binary.log_loss, {
            'where': has_probabilities,
            'description': 'Mean of −ln of the probability of the label\'s class. NULL where a label has no such
                probability',
        }),
    }) -%}
    {{- return(metrics) -}}
{% endmacro %}


{#
    The metrics of one class of several, from how many rows are of it (support), were taken for it (predicted), and both
    (hits). Each has a mean over the classes, macro_<name>.

    chance  its variance in the rows at hand: one success and one failure more, so that no rate of few is certain
    rows    rows of its denominator
    macro   how often the variances of the classes count in that of their mean: a row that is taken for another class is
            wrong in both, so the F1 of classes go together
#}
{% macro _class_metrics() %}
    {%- set metrics = {} -%}
    {%- for name, rows in {'precision': 'predicted', 'recall': 'support'}.items() -%}
        {%- set chance -%}
        (hits / weight_per_row + 1e0) / ({{ rows }} / weight_per_row + 2e0)
            * (({{ rows }} - hits) / weight_per_row + 1e0) / ({{ rows }} / weight_per_row + 2e0)
            / ({{ rows }} / weight_per_row)
        {%- endset -%}
        {%- do metrics.update({name: {
            'top': {'hits': 1}, 'bottom': {rows: 1}, 'rows': rows, 'chance': chance, 'macro': 1,
            'empty': 'the class was never predicted' if name == 'precision' else 'no labels of the class',
        }}) -%}
    {%- endfor -%}
    {%- set f1_chance -%}
    4e0 * (hits / weight_per_row + 1e0) * ((support + predicted - 2e0 * hits) / weight_per_row + 1e0)
        * ((support + predicted - hits) / weight_per_row + 2e0)
        / power((support + predicted) / weight_per_row + 3e0, 4)
    {%- endset -%}
    {%- do metrics.update({'f1': {
        'top': {'hits': 2}, 'bottom': {'support': 1, 'predicted': 1}, 'rows': '(support + predicted - hits)',
        'chance': f1_chance, 'macro': 2, 'empty': 'the class does not occur',
    }}) -%}
    {{- return(metrics) -}}
{% endmacro %}
