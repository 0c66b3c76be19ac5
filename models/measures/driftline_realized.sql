{{ config(materialized='table') }}
{%- set side = 'group_no, window_periods, period_index, side' -%}
{#- What the sums of a measure are called, and which of them are needed. -#}
{%- set parts = {
    'rows': ['n'], 'known': ['n'], 'labelled': ['n', 'w', 'w2'],
    'true_positive': ['v'], 'false_positive': ['v'], 'false_negative': ['v'], 'true_negative': ['v'],
    'predicted_positive': ['n', 'w', 'w2', 'v'], 'log_loss': ['n', 'w', 'w2', 'v', 'd2'], 'squared_error': ['v', 'd2'], 'label': ['v', 'd2'],
    'correct': ['v'], 'absolute_error': ['v', 'd2'], 'error': ['v', 'd2'],
    'percentage_error': ['n', 'w', 'w2', 'v', 'd2'], 'squared_log_error': ['n', 'w', 'w2', 'v', 'd2'],
    'hit': ['n', 'v', 'd2'], 'ndcg': ['n', 'v', 'd2'], 'reciprocal_rank': ['n', 'v', 'd2'],
} %}

-- Performance where the labels are known: every metric of every window, and the same of the reference without the rows of
-- the window. Windows that share no rows with the reference share its values: they stand under window_periods 0.
with shared_windows as (
    select r.group_no, r.window_periods, r.period_index
    from {{ ref('driftline_rolling_measures') }} as r
    where r.column_role = 'row' and r.reference_n > 0
),

groups as (
    select g.group_no, m.task, m.ranking_k
    from {{ ref('driftline_groups') }} as g
    join {{ ref('driftline_monitors') }} as m on m.monitor = g.monitor
    where g.source = 'relation' and m.has_label = 1 and m.has_prediction = 1
),

measures as (
    select r.group_no, r.window_periods, r.period_index, 'window' as side, r.measure, r.n, r.w, r.w2, r.v, r.d2
    from {{ ref('driftline_rolling_measures') }} as r
    where r.column_role in ('performance', 'row')
    union all
    select f.group_no, 0, 0, 'reference', c.bin_kind, f.n, f.w, f.w2, f.v, f.d2
    from {{ ref('driftline_reference') }} as f
    join {{ ref('driftline_cells') }} as c on c.cell_no = f.cell_no and c.column_kind = 'measure' and c.column_role in ('performance', 'row')
    union all
    select
        r.group_no, r.window_periods, r.period_index, 'reference', r.measure,
        f.n - r.reference_n, f.w - r.reference_w, f.w2 - r.reference_w2, f.v - r.reference_v, f.d2 - r.reference_d2
    from {{ ref('driftline_rolling_measures') }} as r
    join shared_windows as o on o.group_no = r.group_no and o.window_periods = r.window_periods and o.period_index = r.period_index
    join {{ ref('driftline_reference') }} as f on f.group_no = r.group_no and f.cell_no = r.cell_no
    -- What rounding leaves of a row is no row.
    where r.column_role in ('performance', 'row') and f.n > r.reference_n and f.w - r.reference_w > 1e-12 * f.w
),

sums as (
    select
        {{ side }},
        {%- for measure in parts -%}
        {%- set outer = loop -%}
        {%- for part in parts[measure] %}
        max(case when measure = '{{ measure }}' then {{ part }} end) as {{ measure }}_{{ part }}{{ ',' if not (loop.last and outer.last) }}
        {%- endfor -%}
        {%- endfor %}
    from measures
    group by {{ side }}
),

-- A label's deviations were taken from its frozen centre.
additive as (
    select
        s.*, g.task, g.ranking_k, coalesce(c.centre, 0e0) as centre,
        s.labelled_w * s.labelled_w / nullif(s.labelled_w2, 0e0) as effective_n,
        s.labelled_w2 / nullif(s.labelled_w, 0e0) as weight_per_row,
        s.absolute_error_d2 as squared_sum,
        s.label_d2 - s.labelled_w * {{ driftline._squared('(s.label_v / nullif(s.labelled_w, 0e0) - coalesce(c.centre, 0e0))') }} as label_ss
    from sums as s
    join groups as g on g.group_no = s.group_no
    left join (
        select g.group_no, max(b.bin_lower) as centre
        from {{ ref('driftline_groups') }} as g
        join {{ ref('driftline_bins') }} as b on b.monitor = g.monitor and b.column_role = 'label' and b.bin_kind = 'centre'
        group by g.group_no
    ) as c on c.group_no = s.group_no
),

-- The score's bins, lowest first: positives, negatives, and whether the bin holds one value only (nothing to be unsure of).
scores as (
    select
        b.*,
        case when b.labelled > b.positives then b.labelled - b.positives else 0e0 end as negatives,
        coalesce(b.bin_lower >= {{ driftline._just_below('b.bin_upper') }}, false) as is_one_value
    from (
        select
            r.group_no, r.window_periods, r.period_index, 'window' as side, c.column_no, c.column_name, c.column_role, c.bin, c.bin_group, c.bin_lower, c.bin_upper, c.bin_kind, c.bin_label,
            r.w, r.l as labelled, r.y as positives, r.lp as score_sum
        from {{ ref('driftline_rolling_scores') }} as r
        join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no
        where r.purpose <> 'loss' and (r.l > 0 or r.w > 0)
        union all
        select
            f.group_no, 0, 0, 'reference', c.column_no, c.column_name, c.column_role, c.bin, c.bin_group, c.bin_lower, c.bin_upper, c.bin_kind, c.bin_label,
            f.w, f.l, f.y, f.lp
        from {{ ref('driftline_reference') }} as f
        join {{ ref('driftline_cells') }} as c on c.cell_no = f.cell_no and c.bin_kind <> 'moments'
            and (c.column_role = 'performance' and c.column_kind = 'numeric' or c.column_role in ('class_support', 'class_predicted', 'class_hit'))
        union all
        select
            r.group_no, r.window_periods, r.period_index, 'reference', c.column_no, c.column_name, c.column_role, c.bin, c.bin_group, c.bin_lower, c.bin_upper, c.bin_kind, c.bin_label,
            f.w - r.reference_w, case when f.l - r.reference_l > 1e-12 * f.l then f.l - r.reference_l else 0e0 end,
            case when f.y - r.reference_y > 1e-12 * f.y then f.y - r.reference_y else 0e0 end, f.lp - r.reference_lp
        from {{ ref('driftline_rolling_scores') }} as r
        join shared_windows as o on o.group_no = r.group_no and o.window_periods = r.window_periods and o.period_index = r.period_index
        join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no
        join {{ ref('driftline_reference') }} as f on f.group_no = r.group_no and f.cell_no = r.cell_no
        where r.purpose <> 'loss' and f.w - r.reference_w > 1e-12 * f.w
    ) as b
),

ranked as (
    select
        {{ side }}, column_no, column_name, bin, bin_group, is_one_value, labelled, positives, negatives, score_sum,
        sum(positives) over (partition by {{ side }}, column_no) as all_positives,
        sum(negatives) over (partition by {{ side }}, column_no) as all_negatives,
        sum(positives) over (partition by {{ side }}, column_no order by bin rows unbounded preceding) as positives_to,
        sum(negatives) over (partition by {{ side }}, column_no order by bin rows unbounded preceding) as negatives_to,
        -- Added up from the top, not subtracted from the total, so that nothing stays where there is nothing.
        coalesce(sum(positives) over (partition by {{ side }}, column_no order by bin desc rows between unbounded preceding and 1 preceding), 0e0) as positives_above,
        coalesce(sum(labelled) over (partition by {{ side }}, column_no order by bin desc rows between unbounded preceding and 1 preceding), 0e0) as labelled_above,
        coalesce(sum(negatives) over (partition by {{ side }}, column_no order by bin rows between unbounded preceding and 1 preceding), 0e0) as negatives_below,
        coalesce(sum(positives) over (partition by {{ side }}, column_no order by bin rows between unbounded preceding and 1 preceding), 0e0) as positives_below
    from scores
    where column_role = 'performance' and labelled > 0
),

terms as (
    select
        {{ side }}, column_no, column_name, all_positives, all_negatives, labelled, positives, score_sum, bin_group,
        positives * (negatives_below + 0.5e0 * negatives) as auc_term,
        case when is_one_value then 0e0 else 0.5e0 * positives * negatives end as auc_slack,
        abs(positives_to / nullif(all_positives, 0e0) - negatives_to / nullif(all_negatives, 0e0)) as ks_term,
        case when is_one_value then abs(positives_to / nullif(all_positives, 0e0) - negatives_to / nullif(all_negatives, 0e0))
            else greatest(positives_to / nullif(all_positives, 0e0) - negatives_below / nullif(all_negatives, 0e0), negatives_to / nullif(all_negatives, 0e0) - positives_below / nullif(all_positives, 0e0))
        end as ks_upper_term,
        -- Average precision: what this bin's positives add, all at one threshold; in the best and the worst order; and evenly mixed.
        positives * (positives_above + positives) / (labelled_above + labelled) as tied_term,
        positives * (positives_above + positives) / nullif(labelled_above + positives, 0e0) as best_term,
        positives - case when labelled_above + negatives > 0 then
            (labelled_above - positives_above + negatives) * ln((labelled_above + labelled) / (labelled_above + negatives))
        else 0e0 end as worst_term,
        positives * (positives / labelled + case when labelled_above > 0 then
            (positives_above - positives * labelled_above / labelled) / labelled * ln((labelled_above + labelled) / labelled_above)
        else 0e0 end) as mixed_term,
        is_one_value,
        -- The part of the bin that is among the top tenth.
        case
            when 0.1e0 * (all_positives + all_negatives) - labelled_above >= labelled then labelled
            when 0.1e0 * (all_positives + all_negatives) > labelled_above then 0.1e0 * (all_positives + all_negatives) - labelled_above
            else 0e0
        end as taken,
        negatives
    from ranked
),

by_score as (
    select
        {{ side }}, column_no, column_name,
        max(all_positives) as all_positives, max(all_negatives) as all_negatives,
        sum(auc_term) / nullif(max(all_positives) * max(all_negatives), 0e0) as roc_auc,
        sum(auc_slack) / nullif(max(all_positives) * max(all_negatives), 0e0) as auc_slack,
        max(ks_term) as ks, max(ks_upper_term) as ks_upper,
        sum(case when is_one_value then tied_term else mixed_term end) / nullif(max(all_positives), 0e0) as average_precision,
        sum(case when is_one_value then tied_term else worst_term end) / nullif(max(all_positives), 0e0) as average_precision_lower,
        sum(case when is_one_value then tied_term else best_term end) / nullif(max(all_positives), 0e0) as average_precision_upper,
        sum(positives * taken / labelled) / nullif(max(all_positives), 0e0) as capture,
        sum(case when taken > negatives then taken - negatives else 0e0 end) / nullif(max(all_positives), 0e0) as capture_lower,
        sum(least(taken, positives)) / nullif(max(all_positives), 0e0) as capture_upper
    from terms
    group by {{ side }}, column_no, column_name
),

calibration as (
    select {{ side }}, column_no, sum(abs(score_sum - positives)) / nullif(sum(labelled), 0e0) as expected_calibration_error
    from (
        select {{ side }}, column_no, bin_group, sum(score_sum) as score_sum, sum(positives) as positives, sum(labelled) as labelled
        from ranked
        group by {{ side }}, column_no, bin_group
    ) as bins
    group by {{ side }}, column_no
),

-- Classes: how many rows are of it, were taken for it, and both. Those of the reference are looked for in every window;
-- classes that the reference does not have share two bins.
classes as (
    select
        {{ side }}, class_name, max(is_pooled) as is_pooled, sum(support) as support, sum(predicted) as predicted, sum(hits) as hits
    from (
        select
            {{ side }}, coalesce(bin_label, bin_kind) as class_name, case when bin_kind = 'category' then 0 else 1 end as is_pooled,
            case when column_role = 'class_support' then w else 0e0 end as support,
            case when column_role = 'class_predicted' then w else 0e0 end as predicted,
            case when column_role = 'class_hit' then w else 0e0 end as hits
        from scores
        where column_role in ('class_support', 'class_predicted', 'class_hit') and bin_kind <> 'null' and w > 0
        union all
        select a.group_no, a.window_periods, a.period_index, a.side, b.bin_label, 0, 0e0, 0e0, 0e0
        from additive as a
        join {{ ref('driftline_groups') }} as g on g.group_no = a.group_no
        join {{ ref('driftline_bins') }} as b on b.monitor = g.monitor and b.column_role = 'class_support' and b.bin_kind = 'category'
    ) as counts
    group by {{ side }}, class_name
),

class_metrics as (
    select
        c.group_no, c.window_periods, c.period_index, c.side, c.class_name, c.is_pooled, c.support, c.predicted,
        case when c.predicted > 0 then c.hits / c.predicted end as class_precision,
        case when c.support > 0 then c.hits / c.support end as class_recall,
        case when c.support + c.predicted > 0 then 2e0 * c.hits / (c.support + c.predicted) end as class_f1,
        b.roc_auc, b.auc_slack, b.all_positives, b.all_negatives
    from classes as c
    left join by_score as b
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
    from by_score
    where roc_auc is not null
    group by {{ side }}
),

-- All metrics of a side in one row.
wide as (
    select
        a.*,
        case when coalesce(a.log_loss_n, 0) < a.labelled_n then 1 else 0 end as has_no_probabilities,
        b.all_positives, b.all_negatives, b.roc_auc, b.auc_slack, b.ks, b.ks_upper, b.average_precision, b.average_precision_lower, b.average_precision_upper,
        b.capture, b.capture_lower, b.capture_upper, k.expected_calibration_error,
        m.macro_precision, m.macro_recall, m.macro_f1, u.macro_roc_auc, u.slack as macro_auc_slack
    from additive as a
    left join by_score as b
        on a.task = 'binary' and b.group_no = a.group_no and b.window_periods = a.window_periods and b.period_index = a.period_index and b.side = a.side
    left join calibration as k
        on a.task = 'binary' and k.group_no = a.group_no and k.window_periods = a.window_periods and k.period_index = a.period_index and k.side = a.side
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
        case when n.rows_of = 'requests' then w.hit_n when n.rows_of = 'scored' then w.predicted_positive_n when n.rows_of = 'nonzero' then w.percentage_error_n
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
            when n.rows_of = 'requests' then 'no request whose labels are all known'
            when n.rows_of = 'scored' then 'no scores'
            when coalesce(w.labelled_n, 0) = 0 then 'no row with both label and prediction'
            when w.has_no_probabilities = 1 and n.metric = 'log_loss' then 'a label without a probability from 0 to 1'
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
        on n.task = w.task and not (n.metric in ('macro_roc_auc', 'log_loss') and w.task = 'multiclass' and w.log_loss_n is null and w.macro_roc_auc is null)
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
    join additive as a on a.group_no = c.group_no and a.window_periods = c.window_periods and a.period_index = c.period_index and a.side = c.side
    where c.is_pooled = 0
        {%- if metric == 'roc_auc' %}
        and exists (
            select 1 from {{ ref('driftline_groups') }} as g
            join {{ ref('driftline_bins') }} as b on b.monitor = g.monitor and b.column_role = 'performance' and b.column_name = c.class_name
            where g.group_no = c.group_no
        )
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    group_no, window_periods, period_index, side, metric, class_name, rows_n, known_n, coalesce(metric_n, 0) as metric_n, value,
    case when value is not null then coalesce(value_lower, value) end as value_lower,
    case when value is not null then coalesce(value_upper, value) end as value_upper,
    sqrt(case when variance < 0e0 then 0e0 else variance end) as standard_error,
    case when value is null then reason_if_missing end as reason
from long
