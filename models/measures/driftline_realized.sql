{{ config(materialized='table') }}
{%- set side = 'group_no, window_periods, period_index, side' -%}
{%- set null_double = driftline._as_double('null') %}

-- Performance where the labels are known: every metric of every side (as in driftline_model_sums).
with class_metrics as (
    select
        c.group_no, c.window_periods, c.period_index, c.side, c.class_name, c.is_pooled, c.support, c.predicted, c.hits,
        case when c.predicted > 0 then c.hits / c.predicted end as class_precision,
        case when c.support > 0 then c.hits / c.support end as class_recall,
        case when c.support + c.predicted > 0 then 2e0 * c.hits / (c.support + c.predicted) end as class_f1,
        b.roc_auc, b.auc_slack, b.all_positives, b.all_negatives, a.weight_per_row,
        a.labelled_n / nullif(a.labelled_w, 0e0) as rows_per_weight
    from {{ ref('driftline_class_counts') }} as c
    left join {{ ref('driftline_model_sums') }} as a
        on a.group_no = c.group_no and a.window_periods = c.window_periods
            and a.period_index = c.period_index and a.side = c.side
    left join {{ ref('driftline_score_curves') }} as b
        on b.group_no = c.group_no and b.window_periods = c.window_periods and b.period_index = c.period_index and b.side = c.side
        and b.column_name = c.class_name
),

-- What the classes' metrics vary by if nothing changes: one success and one failure more,
-- so that no rate of few is certain.
varied as (
    select
        class_metrics.*
        {%- for metric, rows in {'precision': 'predicted', 'recall': 'support'}.items() %},
        case when {{ rows }} > 0 then (hits / weight_per_row + 1e0) / ({{ rows }} / weight_per_row + 2e0)
            * (({{ rows }} - hits) / weight_per_row + 1e0) / ({{ rows }} / weight_per_row + 2e0)
                / ({{ rows }} / weight_per_row) end as {{ metric }}_variance
        {%- endfor %},
        case when support + predicted > 0
            then 4e0 * (hits / weight_per_row + 1e0) * ((support + predicted - 2e0 * hits) / weight_per_row + 1e0)
            * ((support + predicted - hits) / weight_per_row + 2e0)
                / power((support + predicted) / weight_per_row + 3e0, 4) end as f1_variance
    from class_metrics
),

-- A row that is taken for another class is wrong in both, so the F1 of classes go together.
macro as (
    select
        {{ side }}, avg(class_precision) as macro_precision, avg(class_recall) as macro_recall,
        avg(class_f1) as macro_f1
        {%- for metric, both in {'precision': 1, 'recall': 1, 'f1': 2}.items() %},
        {{ both }} * sum({{ metric }}_variance) / nullif(count(class_{{ metric }}), 0)
            / nullif(count(class_{{ metric }}), 0) as macro_{{ metric }}_variance
        {%- endfor %}
    from varied
    where is_pooled = 0
    group by {{ side }}
),

macro_auc as (
    select
        {{ side }}, avg(roc_auc) as macro_roc_auc, avg(auc_slack) as slack,
        -- All classes are told by the same rows: their areas go together.
        {{ driftline._squared("avg(sqrt(greatest("
            ~ driftline._auc_variance('roc_auc', 'all_positives', 'all_negatives') ~ ", 0e0)))") }} as auc_variance
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
        b.calibration_chance, b.calibration_variance,
        m.macro_precision, m.macro_recall, m.macro_f1, m.macro_precision_variance,
        m.macro_recall_variance, m.macro_f1_variance,
        u.macro_roc_auc, u.slack as macro_auc_slack, u.auc_variance as macro_auc_variance
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
        case when n.metric = 'ndcg' then w.ndcg_n when n.rows_of = 'requests' then w.hit_n
            when n.rows_of = 'scored' then w.predicted_positive_n when n.rows_of = 'nonzero' then w.percentage_error_n
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
        {#- What the noise is made of: see _realized_metrics. -#}
        {%- for part, default in {'chance': null_double, 'n': 'w.effective_n', 'bias': null_double,
            'count': null_double}.items() %}
        case n.metric
            {%- for metric in metrics if metrics[metric][part] is defined %}
            when '{{ metric }}' then {{ metrics[metric][part] }}
            {%- endfor %}
            else {{ default }}
        end as {{ 'chance_' ~ part if part != 'chance' else 'chance' }},
        {%- endfor %}
        case {% for metric in metrics if metrics[metric].skew is defined -%}
            when n.metric = '{{ metric }}' then '{{ metrics[metric].skew }}' {% endfor %}end as skew,
        case
            when coalesce(w.rows_n, 0) = 0 then 'no rows in the window'
            when coalesce(w.known_n, 0) = 0 and n.rows_of <> 'scored' then 'no labels yet'
            when n.metric = 'ndcg' and w.hit_n > coalesce(w.ndcg_n, 0) then 'a label below 0 is no relevance'
            when n.rows_of = 'requests' then 'no request whose labels are all known'
            when n.rows_of = 'scored' then 'no scores'
            when coalesce(w.labelled_n, 0) = 0 then 'no row with both label and prediction'
            when w.has_no_probabilities = 1 and n.metric in ('log_loss', 'brier', 'expected_calibration_error')
                then 'a label without a probability from 0 to 1'
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
        on w.is_scored and n.task = w.task
            and not (n.metric in ('macro_roc_auc', 'log_loss') and w.task = 'multiclass' and w.log_loss_n is null
            and w.macro_roc_auc is null)
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
        {{ null_double }}
        {%- endif %},
        {{ 'c.f1_variance' if metric == 'f1' else null_double }},
        {% if metric == 'roc_auc' -%}
        c.all_positives * c.all_negatives / nullif(c.all_positives + c.all_negatives, 0e0) / a.weight_per_row
        {%- else -%}
        {{ 'c.' ~ columns[1] if columns[1] else '(c.support + c.predicted - c.hits)' }} / a.weight_per_row
        {%- endif %},
        {{ null_double }},
        {{ ('c.' ~ columns[1] if columns[1] else '(c.support + c.predicted - c.hits)') ~ ' * c.rows_per_weight'
            if metric != 'roc_auc' else null_double }},
        {{ "'rate'" if metric != 'roc_auc' else 'null' }},
        {{ driftline._literal({'precision': 'the class was never predicted', 'recall': 'no labels of the class', 'f1': 'the class does not occur', 'roc_auc': 'no labels of the class, or no others'}[metric]) }}
    from varied as c
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
    -- The variance of one row, and the rows: what is needed for the noise where nothing changed.
    case when chance between 1e-200 and 1e200 then chance * chance_n when chance < 1e200 then 0e0 end as row_variance,
    chance_n, chance_bias, skew,
    coalesce(floor(chance_count + 0.5e0), metric_n, 0) as denominator_n,
    case when value between -1e300 and 1e300 then null when value is not null then 'values too large to sum' else reason_if_missing end as reason
from (
    select
        {{ side }}, metric, class_name, rows_n, known_n, metric_n, value, value_lower, value_upper, chance_n,
        chance_bias, chance_count, skew, reason_if_missing,
        -- What rounding leaves of a rate of 1, or of a mean of numbers that are all alike, is no variance.
        {%- for name, of in {'variance': 'variance', 'chance': 'coalesce(chance, variance)'}.items() %}
        case when abs(value) between 1e-100 and 1e100 and {{ of }} between 0 and 1e200
            and {{ of }} * chance_n <= value * value * {{ driftline._rounding('chance_n') }} then 0e0
            else {{ of }} end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from long
) as long
