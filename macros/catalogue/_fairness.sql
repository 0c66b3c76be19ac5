{# What the groups of a segment are held against each other in: disparity → the rates that make it. #}
{% macro _disparities() %}
    {{- return({
        'demographic_parity': ['selection_rate'],
        'equal_opportunity': ['true_positive_rate'],
        'predictive_parity': ['precision'],
        'equalized_odds': ['true_positive_rate', 'false_positive_rate'],
    }) -}}
{% endmacro %}


{#
    Rates of the groups of a segment that driftline_fairness holds against each other: entries as in _metrics. What is
    given to a group says neither good nor bad of the model.

    nothing  why a group has none
#}
{% macro _fairness_rates() %}
    {%- set binary = driftline._binary_metrics() -%}
    {%- set true_positive_rate = {
        'label': 'True positive rate', 'better': 'none', 'is_share': true,
        'top': binary.recall.top, 'bottom': binary.recall.bottom, 'nothing': 'no labelled positives',
        'description': binary.recall.description,
    } -%}
    {%- set false_positive_rate = {
        'label': 'False positive rate', 'better': 'none', 'is_share': true,
        'top': {'false_positive': 1}, 'bottom': {'false_positive': 1, 'true_negative': 1},
        'nothing': 'no labelled negatives', 'description': 'Share of the negatives that are predicted positive',
    } -%}
    {{- return({
        'selection_rate': driftline._entry_like(binary.selection_rate, {'nothing': 'no rows with a score'}),
        'true_positive_rate': true_positive_rate, 'false_positive_rate': false_positive_rate,
        'precision': driftline._entry_like(
            binary.precision, {'nothing': 'no labelled rows that are predicted positive'}
        ),
    }) -}}
{% endmacro %}
