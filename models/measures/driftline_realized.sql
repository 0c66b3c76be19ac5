{{ config(materialized='table') }}
{%- set side = 'group_no, window_periods, period_index, side' %}

-- Performance where the labels are known: every metric of every side (as in driftline_model_sums).
with class_metrics as (
    select
        c.group_no, c.window_periods, c.period_index, c.side, c.class_name, c.is_pooled, c.support, c.predicted,
        case when c.predicted > 0 then c.hits / c.predicted end as class_precision,
        case when c.support > 0 then c.hits / c.support end as class_recall,
        case when c.support + c.predicted > 0 then 2e0 * c.hits / (c.support + c.predicted) end as class_f1,
        b.roc_auc, b.auc_slack, b.all_positives, b.all_negatives
    from {{ ref('driftline_class_counts') }} as c
    left join {{ ref('driftline_score_curves') }} as b
        on b.group_no = c.group_no and b.window_periods = c.window_periods and b.period_index = c.period_index and b.side = c.side
        and b.column_name = c.class_name
),

macro as (
    select {{ side }}, avg(class_precision) as macro_precision, avg(class_recall) as macro_recall, avg(class_f1) as macro_f1
    from class_metrics
    where is_pooled = 0
    group by {{ side }}
),

macro_auc as (
    select {{ side }}, avg(roc_auc) as macro_roc_auc, avg(auc_slack) as slack
    from {{ ref('driftline_score_curves') }}
    where roc_auc is not null
    group by {{ side }}
),

-- All metrics of a side in one row.
wide as (
    select
        a.*,
        case when coalesce(a.log_loss_n, 0) < a.labelled_n then 1 else 0 end as has_no_probabilities,
        b.all_positives, b.all_negatives, b.roc_auc, b.auc_slack, b.ks, b.ks_upper, b.average_precision, b.average_precision_lower, b.average_precision_upper,
        b.capture, b.capture_lower, b.capture_upper, b.expected_calibration_error,
        m.macro_precision, m.macro_recall, m.macro_f1, u.macro_roc_auc, u.slack as macro_auc_slack
    from {{ ref('driftline_model_sums') }} as a
    left join {{ ref('driftline_score_curves') }} as b
        on a.task = 'binary' and b.group_no = a.group_no and b.window_periods = a.window_periods and b.period_index = a.period_index and b.side = a.side
    left join macro as m
        on m.group_no = a.group_no and m.window_periods = a.window_periods and m.period_index = a.period_index and m.side = a.side
    left join macro_auc as u
        on a.task = 'multiclass' and u.group_no = a.group_no and u.window_periods = a.window_periods and u.period_index = a.period_index and u.side = a.side
),

named as (
    {{ driftline._performance_metrics(['binary', 'multiclass', 'regression', 'ranking']) }}
),

long as (
    select
        w.group_no, w.window_periods, w.period_index, w.side, n.metric, {{ driftline._text('all') }} as class_name, w.rows_n, w.known_n,
        case when n.metric = 'ndcg' then w.ndcg_n when n.rows_of = 'requests' then w.hit_n when n.rows_of = 'scored' then w.predicted_positive_n when n.rows_of = 'nonzero' then w.percentage_error_n
            when n.rows_of = 'above_minus_one' then w.squared_log_error_n else w.labelled_n end as metric_n,
        case n.metric
            {%- set metrics = driftline._realized_metrics() %}
            {%- for metric in metrics %}
            when '{{ metric }}' then {{ metrics[metric].value }}
            {%- endfor %}
        end as value,
        case n.metric
            {%- for metric in metrics if metrics[metric].lower is defined %}
            when '{{ metric }}' then {{ metrics[metric].lower }}
            {%- endfor %}
        end as value_lower,
        case n.metric
            {%- for metric in metrics if metrics[metric].upper is defined %}
            when '{{ metric }}' then {{ metrics[metric].upper }}
            {%- endfor %}
        end as value_upper,
        case n.metric
            {%- for metric in metrics if metrics[metric].variance is defined %}
            when '{{ metric }}' then {{ metrics[metric].variance }}
            {%- endfor %}
        end as variance,
        case
            when coalesce(w.rows_n, 0) = 0 then 'no rows in the window'
            when coalesce(w.known_n, 0) = 0 and n.rows_of <> 'scored' then 'no labels yet'
            when n.metric = 'ndcg' and w.hit_n > coalesce(w.ndcg_n, 0) then 'a label below 0 is no relevance'
            when n.rows_of = 'requests' then 'no request whose labels are all known'
            when n.rows_of = 'scored' then 'no scores'
            when coalesce(w.labelled_n, 0) = 0 then 'no row with both label and prediction'
            when w.has_no_probabilities = 1 and n.metric in ('log_loss', 'brier', 'expected_calibration_error') then 'a label without a probability from 0 to 1'
            when n.metric like 'macro%' then 'no class of the reference that has one'
            when n.metric in ('roc_auc', 'gini', 'ks') then 'labels of one class only'
            when n.metric = 'precision' then 'no predicted positives'
            when n.metric in ('recall', 'average_precision', 'lift_top_10', 'capture_top_10') then 'no positive labels'
            when n.metric = 'specificity' then 'no negative labels'
            when n.metric = 'f1' then 'no positives, neither labels nor predictions'
            when n.metric = 'r2' then 'the labels do not vary'
            when n.metric = 'mape' then 'no label but zeros'
            when n.metric in ('msle', 'rmsle') then 'no label and prediction over -1'
            else 'nothing to compute it from'
        end as reason_if_missing
    from wide as w
    join named as n
        on w.is_scored and n.task = w.task and not (n.metric in ('macro_roc_auc', 'log_loss') and w.task = 'multiclass' and w.log_loss_n is null and w.macro_roc_auc is null)
        or n.task = 'ranking' and w.ranking_k is not null
    union all
    {%- for metric, columns in {'precision': ['class_precision', 'predicted'], 'recall': ['class_recall', 'support'], 'f1': ['class_f1', none], 'roc_auc': ['roc_auc', none]}.items() %}
    select
        c.group_no, c.window_periods, c.period_index, c.side, {{ driftline._text(metric) }}, c.class_name, a.rows_n, a.known_n, a.labelled_n,
        c.{{ columns[0] }},
        {{ 'c.roc_auc - c.auc_slack' if metric == 'roc_auc' else driftline._as_double('null') }},
        {{ 'c.roc_auc + c.auc_slack' if metric == 'roc_auc' else driftline._as_double('null') }},
        {% if columns[1] -%}
        c.{{ columns[0] }} * (1e0 - c.{{ columns[0] }}) / nullif(c.{{ columns[1] }}, 0e0) * a.weight_per_row
        {%- elif metric == 'roc_auc' -%}
        {{ driftline._auc_variance('c.roc_auc', '(c.all_positives / a.weight_per_row)', '(c.all_negatives / a.weight_per_row)') }}
        {%- else -%}
        {{ driftline._as_double('null') }}
        {%- endif %},
        {{ driftline._literal({'precision': 'the class was never predicted', 'recall': 'no labels of the class', 'f1': 'the class does not occur', 'roc_auc': 'no labels of the class, or no others'}[metric]) }}
    from class_metrics as c
    join {{ ref('driftline_model_sums') }} as a on a.group_no = c.group_no and a.window_periods = c.window_periods and a.period_index = c.period_index and a.side = c.side
    where c.is_pooled = 0
        {%- if metric == 'roc_auc' %}
        and exists (
            select 1 from {{ ref('driftline_cells') }} as b
            where b.monitor = a.monitor and b.column_role = 'performance' and b.column_kind = 'numeric' and b.column_name = c.class_name
        )
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    group_no, window_periods, period_index, side, metric, class_name, rows_n, known_n, coalesce(metric_n, 0) as metric_n,
    -- Some engines sum what is too large to infinity.
    case when value between -1e300 and 1e300 then value end as value,
    case when value between -1e300 and 1e300 then coalesce(value_lower, value) end as value_lower,
    case when value between -1e300 and 1e300 then coalesce(value_upper, value) end as value_upper,
    case when variance between 0 and 1e300 then sqrt(variance) when variance < 0 then 0e0 end as standard_error,
    case when value between -1e300 and 1e300 then null when value is not null then 'values too large to sum' else reason_if_missing end as reason
from long
