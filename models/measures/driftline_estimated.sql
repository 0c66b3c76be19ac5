{{ config(materialized='table') }}
{%- set window = 'group_no, window_periods, period_index' -%}
{#- Estimated metrics: {value, slope: the change of the metric with the calibrated share of one bin, from both sides}. -#}
{%- set metrics = {
    'accuracy': {
        'value': '(positives_kept + negatives_kept) / total',
        'slope': 'case when is_positive then w else - w end / total',
    },
    'precision': {
        'value': 'positives_kept / nullif(selected, 0e0)',
        'slope': 'case when is_positive then w else 0e0 end / nullif(selected, 0e0)',
    },
    'recall': {
        'value': 'positives_kept / nullif(positives, 0e0)',
        'slope': 'w * (case when is_positive then 1e0 else 0e0 end - positives_kept / nullif(positives, 0e0)) / nullif(positives, 0e0)',
    },
    'specificity': {
        'value': 'negatives_kept / nullif(negatives, 0e0)',
        'slope': 'w * (negatives_kept / nullif(negatives, 0e0) - case when is_positive then 0e0 else 1e0 end) / nullif(negatives, 0e0)',
    },
    'f1': {
        'value': '2e0 * positives_kept / nullif(selected + positives, 0e0)',
        'slope': 'w * (case when is_positive then 2e0 else 0e0 end - 2e0 * positives_kept / nullif(selected + positives, 0e0)) / nullif(selected + positives, 0e0)',
    },
    'label_rate': {'value': 'positives / total', 'slope': 'w / total'},
    'roc_auc': {
        'value': 'auc_sum / nullif(positives * negatives, 0e0)',
        'slope': 'w * ((negatives_below + 0.5e0 * n) - (positives_above + 0.5e0 * p)) / nullif(positives * negatives, 0e0) - w * auc_sum / nullif(positives * negatives, 0e0) * (1e0 / nullif(positives, 0e0) - 1e0 / nullif(negatives, 0e0))',
    },
} -%}
{%- set z = driftline._normal_quantile((1 - driftline._confidence()) / 2) %}

-- Performance without labels. A row with a score is a positive with the probability its score had in the reference; what
-- the metrics would be then is a sum over bins (confidence-based estimation). Two things make it uncertain: which rows turn
-- out positive, and how well the reference knows the probabilities.
with calibration as (
    select g.group_no, m.task, k.cell_no, k.bin, k.bin_lower, k.calibrated, k.variance, k.block, m.decision_threshold
    from {{ ref('driftline_groups') }} as g
    join {{ ref('driftline_monitors') }} as m on m.monitor = g.monitor
    join {{ ref('driftline_groups') }} as whole
        on whole.monitor = g.monitor and whole.source = g.source and whole.model_version = g.model_version and whole.segment = 'all'
    join {{ ref('driftline_calibration') }} as k on k.group_no = whole.group_no
    join {{ ref('driftline_cells') }} as c
        on c.cell_no = k.cell_no and c.column_role = case when m.task = 'binary' then 'performance' else 'confidence' end
    where g.source = 'relation'
),

bins as (
    select
        r.group_no, r.window_periods, r.period_index, k.task, k.bin, k.block, k.calibrated, k.variance, r.w, r.w2,
        -- The threshold is one of the edges.
        coalesce(k.bin_lower >= k.decision_threshold - greatest(abs(k.decision_threshold) * 1e-15, 1e-299), false) as is_positive,
        r.w * k.calibrated as p, r.w * (1e0 - k.calibrated) as n
    from {{ ref('driftline_rolling_scores') }} as r
    join calibration as k on k.group_no = r.group_no and k.cell_no = r.cell_no
    where r.w > 0
),

placed as (
    select
        bins.*,
        coalesce(sum(p) over (partition by {{ window }} order by bin desc rows between unbounded preceding and 1 preceding), 0e0) as positives_above,
        coalesce(sum(n) over (partition by {{ window }} order by bin rows between unbounded preceding and 1 preceding), 0e0) as negatives_below
    from bins
),

totals as (
    select
        {{ window }}, max(task) as task,
        sum(w) as total, sum(p) as positives, sum(n) as negatives,
        sum(case when is_positive then w else 0e0 end) as selected,
        sum(case when is_positive then p else 0e0 end) as positives_kept,
        sum(case when is_positive then 0e0 else n end) as negatives_kept,
        sum(p * (negatives_below + 0.5e0 * n)) as auc_sum
    from placed
    group by {{ window }}
),

slopes as (
    select
        b.group_no, b.window_periods, b.period_index, b.task, b.block, b.variance, b.calibrated * (1e0 - b.calibrated) * b.w2 / (b.w * b.w) as spread
        {%- for metric in metrics %},
        {{ metrics[metric].value }} as {{ metric }},
        {{ metrics[metric].slope }} as {{ metric }}_slope
        {%- endfor %}
    from placed as b
    join totals as t on t.group_no = b.group_no and t.window_periods = b.window_periods and t.period_index = b.period_index
),

-- Bins of one block share their value, and with it its error.
blocks as (
    select
        {{ window }}, block, max(task) as task, max(variance) as variance
        {%- for metric in metrics %},
        max({{ metric }}) as {{ metric }},
        sum({{ metric }}_slope) as {{ metric }}_slope,
        sum({{ metric }}_slope * {{ metric }}_slope * spread) as {{ metric }}_spread
        {%- endfor %}
    from slopes
    group by {{ window }}, block
),

wide as (
    select
        {{ window }}, max(task) as task
        {%- for metric in metrics %},
        max({{ metric }}) as {{ metric }},
        sqrt(sum({{ metric }}_spread + {{ metric }}_slope * {{ metric }}_slope * variance)) as {{ metric }}_error
        {%- endfor %}
    from blocks
    group by {{ window }}
),

-- A number's error: the loss the reference had in each bin of the column that tells most about it.
loss_bins as (
    select
        r.group_no, r.window_periods, r.period_index, r.w, r.w2, f.e / f.l as loss,
        greatest(f.e2 / f.l - {{ driftline._squared('(f.e / f.l)') }}, 0e0) as loss_variance,
        f.l2 / (f.l * f.l) as reference_share
    from {{ ref('driftline_rolling_scores') }} as r
    join {{ ref('driftline_groups') }} as g on g.group_no = r.group_no
    join {{ ref('driftline_groups') }} as whole
        on whole.monitor = g.monitor and whole.source = g.source and whole.model_version = g.model_version and whole.segment = 'all'
    join {{ ref('driftline_reference') }} as f on f.group_no = whole.group_no and f.cell_no = r.cell_no and f.l > 0
    where r.purpose = 'loss' and r.w > 0
),

losses as (
    select
        {{ window }}, sum(w * loss) / sum(w) as value,
        sqrt(sum(w2 * loss_variance + w * w * loss_variance * reference_share)) / sum(w) as error
    from loss_bins
    group by {{ window }}
)

{#- Of several classes the choice is right or wrong: their accuracy is the rate of right choices. -#}
{% set results = [] -%}
{% for metric in metrics %}{% do results.append([metric, metric, 'binary']) %}{% endfor -%}
{% do results.append(['accuracy', 'label_rate', 'multiclass']) -%}
{% for name, metric, task in results -%}
select
    {{ window }}, {{ driftline._text(name) }} as metric, {{ metric }} as value, {{ metric }}_error as standard_error,
    greatest({{ metric }} - {{ z }} * {{ metric }}_error, 0e0) as value_lower, least({{ metric }} + {{ z }} * {{ metric }}_error, 1e0) as value_upper
from wide
where task = '{{ task }}' and {{ metric }} is not null
union all
{% endfor -%}
select
    {{ window }}, {{ driftline._text('mae') }}, value, error, greatest(value - {{ z }} * error, 0e0), value + {{ z }} * error
from losses
