{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['performance']) -%}
{%- set window = 'slice_no, window_periods, period_index' -%}
{%- set metrics = driftline._estimated_metrics() -%}
{%- set z = driftline._normal_tail((1 - driftline._confidence()) / 2) %}

-- Performance without labels. A row with a score is a positive with the probability its score had in the reference;
-- what the metrics would be then is a sum over bins (confidence-based estimation). Two things make it uncertain:
-- which rows turn out positive, and how well the reference knows the probabilities.
with bins as (
    select
        r.slice_no, r.window_periods, r.period_index, k.bin, k.block, k.calibrated, k.variance, k.is_positive, r.w,
        r.w2,
        r.w * k.calibrated as p, r.w * (1e0 - k.calibrated) as n
    from {{ ref('driftline_int_rolling_scores') }} as r
    join {{ ref('driftline_int_calibration') }} as k on k.slice_no = r.slice_no and k.bin_no = r.bin_no and k.is_used
    where r.w > 0
),

placed as (
    select
        bins.*,
        coalesce(sum(p) over (
            partition by {{ window }} order by bin desc rows between unbounded preceding and 1 preceding
        ), 0e0) as positives_above,
        coalesce(sum(n) over (
            partition by {{ window }} order by bin rows between unbounded preceding and 1 preceding
        ), 0e0) as negatives_below,
        sum(p) over (partition by {{ window }}) as positives,
        sum(n) over (partition by {{ window }}) as negatives,
        -- What the outcomes of the rows are expected to be.
        sum(case when is_positive then p else 0e0 end) over (partition by {{ window }}) as true_positive,
        sum(case when is_positive then n else 0e0 end) over (partition by {{ window }}) as false_positive,
        sum(case when is_positive then 0e0 else p end) over (partition by {{ window }}) as false_negative,
        sum(case when is_positive then 0e0 else n end) over (partition by {{ window }}) as true_negative
    from bins
),

summed as (
    select placed.*, sum(p * (negatives_below + 0.5e0 * n)) over (partition by {{ window }}) as auc_sum
    from placed
),

slopes as (
    select
        {{ window }}, block, variance, calibrated * (1e0 - calibrated) * w2 / (w * w) as spread
        {%- for metric in metrics %},
        {{ metrics[metric].value }} as {{ metric }},
        {{ metrics[metric].slope }} as {{ metric }}_slope
        {%- endfor %}
    from summed
),

-- Bins of one block share their value, and with it its error.
blocks as (
    select
        {{ window }}, block, max(variance) as variance
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
        {{ window }}
        {%- for metric in metrics %},
        max({{ metric }}) as {{ metric }},
        sqrt(sum({{ metric }}_spread + {{ metric }}_slope * {{ metric }}_slope * variance)) as {{ metric }}_error
        {%- endfor %}
    from blocks
    group by {{ window }}
),

-- A number's error: the loss to expect in each bin of the column that tells most about it.
loss_bins as (
    select r.slice_no, r.window_periods, r.period_index, r.w, r.w2, x.loss, x.loss_variance, x.reference_share
    from {{ ref('driftline_int_rolling_scores') }} as r
    join {{ ref('driftline_int_expected_losses') }} as x on x.slice_no = r.slice_no and x.bin_no = r.bin_no
    where r.purpose = 'loss' and r.w > 0
),

losses as (
    select
        {{ window }}, sum(w * loss) / sum(w) as value,
        sqrt(sum(w2 * loss_variance + w * w * loss_variance * reference_share)) / sum(w) as error
    from loss_bins
    group by {{ window }}
),

estimates as (
    {%- for metric in driftline._metrics() if metric.estimate is defined %}
    {{ 'union all' if not loop.first }}
    {%- if metric.estimate == 'losses' %}
    select
        {{ window }}, {{ driftline._text(metric.name) }} as metric, value, error as standard_error,
        greatest(coalesce(value - {{ z }} * error, 0e0), 0e0) as value_lower, value + {{ z }} * error as value_upper
    from losses
    {%- else %}
    {%- set of = metric.name if metric.task == 'binary' else metric.estimate %}
    select
        w.slice_no, w.window_periods, w.period_index, {{ driftline._text(metric.name) }} as metric,
        {{ of }} as value, {{ of }}_error as standard_error,
        greatest(coalesce({{ of }} - {{ z }} * {{ of }}_error, 0e0), 0e0) as value_lower,
        least(coalesce({{ of }} + {{ z }} * {{ of }}_error, 1e0), 1e0) as value_upper
    from wide as w
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = w.slice_no
    where g.task = '{{ metric.task }}' and {{ of }} is not null
    {%- endif %}
    {%- endfor %}
)

-- What is learnt from labels that are not final is learnt from those that come first: no estimate until then.
select
    e.slice_no, e.window_periods, e.period_index, e.metric
    {%- for part in ['value', 'standard_error', 'value_lower', 'value_upper'] %},
    case when r.is_mature then e.{{ part }} end as {{ part }}
    {%- endfor %}
from estimates as e
left join {{ ref('driftline_int_reference_labels') }} as r on r.slice_no = e.slice_no
{%- else -%}{{ driftline._empty() }}{%- endif %}
