{#
    What driftline_causes adds up of one cell, by the name of the sum: n, w, w2, v, d2, p, l, y, e as in driftline_series, o the
    weight out of range, r the residual (prediction minus label).

    field   SQL of the name
    s       alias of driftline_series or driftline_reference
    prefix  'reference_' for the part that is reference, or ''
#}
{% macro _sum_of(field, s, prefix='') %}
    {%- set columns = {'o': s ~ '.' ~ prefix ~ 'out_of_range_weight', 'r': s ~ '.' ~ prefix ~ 'lp - ' ~ s ~ '.' ~ prefix ~ 'y'} -%}
    {%- for name in ['n', 'w', 'w2', 'v', 'd2', 'p', 'l', 'y', 'e'] -%}
        {%- do columns.update({name: s ~ '.' ~ prefix ~ name}) -%}
    {%- endfor -%}
    {%- set cases = [] -%}
    {%- for name in columns -%}
        {%- do cases.append("when '" ~ name ~ "' then " ~ columns[name]) -%}
    {%- endfor -%}
    {{- return('coalesce(case ' ~ field ~ ' ' ~ cases | join(' ') ~ ' end, 0e0)') -}}
{% endmacro %}


{#
    The metrics that are a ratio of two sums over rows, so that they can be split into parts: as a relation (metric, quantity,
    measure, field, top, bottom, is_root). Each row says how often a sum of a measure counts above and below the line;
    is_root, that the metric is the square root of the ratio. Metrics that are no such ratio (areas, calibration error) are
    split by the loss that stands for them: quantity says which.
#}
{% macro _ratio_metrics() %}
    {%- set ratios = {
        'accuracy': {'top': {'true_positive': 'v', 'true_negative': 'v', 'correct': 'v'}, 'bottom': {'labelled': 'w'}},
        'precision': {'top': {'true_positive': 'v'}, 'bottom': {'true_positive': 'v', 'false_positive': 'v'}},
        'recall': {'top': {'true_positive': 'v'}, 'bottom': {'true_positive': 'v', 'false_negative': 'v'}},
        'specificity': {'top': {'true_negative': 'v'}, 'bottom': {'true_negative': 'v', 'false_positive': 'v'}},
        'f1': {'top': {'true_positive': 'v'}, 'bottom': {'true_positive': 'v', 'false_positive': 'v/2', 'false_negative': 'v/2'}},
        'true_positive_share': {'top': {'true_positive': 'v'}, 'bottom': {'labelled': 'w'}},
        'false_positive_share': {'top': {'false_positive': 'v'}, 'bottom': {'labelled': 'w'}},
        'false_negative_share': {'top': {'false_negative': 'v'}, 'bottom': {'labelled': 'w'}},
        'true_negative_share': {'top': {'true_negative': 'v'}, 'bottom': {'labelled': 'w'}},
        'label_rate': {'top': {'label': 'v'}, 'bottom': {'labelled': 'w'}},
        'selection_rate': {'top': {'predicted_positive': 'v'}, 'bottom': {'predicted_positive': 'w'}},
        'log_loss': {'top': {'log_loss': 'v'}, 'bottom': {'log_loss': 'w'}},
        'brier': {'top': {'squared_error': 'v'}, 'bottom': {'labelled': 'w'}},
        'mae': {'top': {'absolute_error': 'v'}, 'bottom': {'labelled': 'w'}},
        'mse': {'top': {'absolute_error': 'd2'}, 'bottom': {'labelled': 'w'}},
        'rmse': {'top': {'absolute_error': 'd2'}, 'bottom': {'labelled': 'w'}, 'root': 1},
        'bias': {'top': {'error': 'v'}, 'bottom': {'labelled': 'w'}},
        'mape': {'top': {'percentage_error': 'v'}, 'bottom': {'percentage_error': 'w'}},
        'msle': {'top': {'squared_log_error': 'v'}, 'bottom': {'squared_log_error': 'w'}},
        'rmsle': {'top': {'squared_log_error': 'v'}, 'bottom': {'squared_log_error': 'w'}, 'root': 1},
        'hit_rate': {'top': {'hit': 'v'}, 'bottom': {'hit': 'n'}},
        'ndcg': {'top': {'ndcg': 'v'}, 'bottom': {'ndcg': 'n'}},
        'mrr': {'top': {'reciprocal_rank': 'v'}, 'bottom': {'reciprocal_rank': 'n'}},
    } -%}
    {%- set stand_ins = {'r2': 'mse', 'macro_precision': 'accuracy', 'macro_recall': 'accuracy', 'macro_f1': 'accuracy', 'macro_roc_auc': 'accuracy'} -%}
    {%- for metric in ['roc_auc', 'gini', 'average_precision', 'ks', 'expected_calibration_error', 'lift_top_10', 'capture_top_10'] -%}
        {%- do stand_ins.update({metric: 'brier'}) -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for metric in ratios.keys() | list + stand_ins.keys() | list -%}
        {%- set quantity = stand_ins.get(metric, metric) -%}
        {%- for side in ['top', 'bottom'] -%}
            {%- for measure in ratios[quantity][side] -%}
                {%- set field = ratios[quantity][side][measure].split('/')[0] -%}
                {%- set factor = '0.5e0' if '/2' in ratios[quantity][side][measure] else '1e0' -%}
                {%- do rows.append(
                    "select '" ~ metric ~ "' as metric, '" ~ quantity ~ "' as quantity, '" ~ measure ~ "' as measure, '" ~ field ~ "' as field, "
                    ~ (factor ~ ' as top, 0e0' if side == 'top' else '0e0 as top, ' ~ factor) ~ ' as bottom, ' ~ ratios[quantity].get('root', 0) ~ ' as is_root'
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(rows | join('\n    union all ')) -}}
{% endmacro %}


{# A share in per cent. #}
{% macro _percent(x) %}
    {{- return("coalesce(" ~ driftline._as_text('cast(100e0 * ' ~ x ~ ' as numeric(18, 1))') ~ " || ' %', '?')") -}}
{% endmacro %}


{# The business metrics, as a relation (monitor, metric, is_sum): a sum has no denominator. #}
{% macro _business_metrics() %}
    select monitor, column_name as metric, 1 - max(case when bin_kind = 'denominator' then 1 else 0 end) as is_sum
    from {{ ref('driftline_cells') }}
    where column_role = 'business' and bin_kind in ('numerator', 'denominator')
    group by monitor, column_name
{% endmacro %}
