{# The metrics of a model that says a number. What an entry says: _metrics. #}
{% macro _regression_metrics() %}
    {%- set mean_square = 'w.absolute_error_d2 / nullif(w.labelled_w, 0e0)' -%}
    {%- set effective_rows = 'nullif(w.effective_n, 0e0)' -%}
    {%- set peakedness = driftline._peakedness('(w.absolute_error_v / nullif(w.labelled_w, 0e0))', mean_square) -%}
    {%- set rmse_chance = driftline._rmse_chance(mean_square, peakedness, effective_rows) -%}
    {%- set varies = 'w.label_ss > 1e-12 * greatest(w.label_d2, 1e-280)' -%}
    {%- set r2_chance = driftline._r2_chance(varies, peakedness, effective_rows) -%}
    {{- return({
        'mae': {
            'label': 'Mean absolute error', 'better': 'lower', 'bounds': [0, none],
            'top': {'absolute_error': 1}, 'chance': 'mean', 'skew': 'loss', 'estimate': 'losses', 'compared': 'sums',
            'description': 'Mean distance of prediction and label',
        },
        'rmse': {
            'label': 'Root mean squared error', 'better': 'lower', 'bounds': [0, none],
            'top': {'absolute_error': 1}, 'sums': 'd2', 'root': true,
            'uses': {'absolute_error': ['v']}, 'chance': {'chance': rmse_chance, 'scatter': true},
            'description': 'Root of the mean squared distance of prediction and label',
        },
        'r2': {
            'label': 'R²', 'better': 'higher', 'bounds': [none, 1], 'empty': 'the labels do not vary',
            'value': 'case when ' ~ varies ~ ' then 1e0 - w.absolute_error_d2 / w.label_ss end',
            'uses': {'absolute_error': ['v', 'd2'], 'label': ['v', 'd2']},
            'chance': {'chance': r2_chance, 'scatter': true},
            'explained': {'quantity': 'mse', 'top': {'absolute_error': 1}, 'sums': 'd2'},
            'description': 'Share of the labels\' variance that the prediction explains',
        },
        'bias': {
            'label': 'Bias', 'better': 'none', 'bounds': [none, none],
            'top': {'error': 1}, 'chance': 'mean', 'effect': 'calibration',
            'description': 'Mean of prediction minus label',
        },
        'mape': {
            'label': 'Mean absolute percentage error', 'better': 'lower', 'bounds': [0, none], 'is_share': true,
            'empty': 'no label but zeros',
            'top': {'percentage_error': 1}, 'rows': 'percentage_error',
            'chance': 'mean', 'skew': 'loss', 'compared': 'sums',
            'description': 'Mean distance of prediction and label as a share of the label, labels of zero left out',
        },
        'msle': {
            'label': 'Mean squared log error', 'better': 'lower', 'bounds': [0, none],
            'empty': 'no label and prediction over -1',
            'top': {'squared_log_error': 1}, 'rows': 'squared_log_error',
            'chance': 'mean', 'skew': 'loss', 'compared': 'sums',
            'description': 'Mean squared distance of ln(1+prediction) and ln(1+label), rows with both over −1',
        },
        'rmsle': {
            'label': 'Root mean squared log error', 'better': 'lower', 'bounds': [0, none],
            'empty': 'no label and prediction over -1',
            'top': {'squared_log_error': 1}, 'rows': 'squared_log_error', 'root': true,
            'chance': 'mean', 'skew': 'loss',
            'description': 'Root of `msle`',
        },
    }) -}}
{% endmacro %}


{# What chance makes of the root of a mean square, and of the share that is explained. #}
{% macro _rmse_chance(mean_square, peakedness, effective_rows) -%}
    case
        when {{ mean_square }} <= 1e-200 then 0e0
        when {{ mean_square }} < 1e200 then {{ mean_square }} * ({{ peakedness }}) / (4e0 * {{ effective_rows }})
    end
{%- endmacro %}
{% macro _r2_chance(varies, peakedness, effective_rows) -%}
    {%- set unexplained = '(w.absolute_error_d2 / w.label_ss)' -%}
    case when {{ varies }} and {{ unexplained }} < 1e100 then
        {{ driftline._squared(unexplained) }} * (({{ peakedness }}) + greatest(({{ peakedness }}), 2e0))
        / {{ effective_rows }}
    end
{%- endmacro %}


{#
    κ − 1 of the errors, for the variance of their mean square. The sums hold no fourth moment. From how far the mean
    size of the errors is from their root mean square it is taken to be what it is there between even, normal and doubly
    exponential errors: κ = 3 (2/π · mean square / square of the mean)³.
#}
{% macro _peakedness(mean_absolute, mean_square) -%}
    case when {{ mean_absolute }} > 1e-300 then greatest(
        0.774036823e0 * power(greatest(least(sqrt({{ mean_square }}) / {{ mean_absolute }}, 1e3), 1e0), 6) - 1e0, 0.1e0
    ) else 0.1e0 end
{%- endmacro %}
