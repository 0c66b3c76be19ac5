{{ config(materialized=driftline._step_materialization('part')) }}
{%- if driftline._is_needed(['performance']) -%}
{#- The two-sided normal quantile at the level of significance. -#}
{%- set z = driftline._normal_tail(driftline._alpha() / 2) -%}
{#- The mean of |x| of a standard normal x. -#}
{%- set mean_of_absolute = '0.7978845608028654e0' -%}
{%- set apart = [] -%}
{%- for metric in driftline._metrics() if metric.chance is mapping and metric.chance.apart -%}
    {%- do apart.append(metric.name) -%}
{%- endfor %}

-- What is known and estimated of each window's performance, next to the reference, and how far the two may differ by
-- chance.
with realized as (
    select
        r.slice_no, r.window_periods, r.period_index, r.metric, r.class_name, r.rows_n, r.known_n, r.metric_n, r.value,
        r.value_lower, r.value_upper,
        r.standard_error, r.row_variance, r.chance_n, r.chance_bias, r.skew, r.denominator_n, r.reason
    from {{ ref('driftline_int_realized') }} as r
    where r.side = 'window'
),

-- The reference's values, for each window: its own where it shares rows with the reference, else those of all of it.
references_of as (
    select
        r.slice_no as slice_no, r.window_periods as window_periods, r.period_index as period_index, r.metric as metric,
        r.class_name as class_name,
        coalesce(own.metric_n, f.metric_n) as metric_n, coalesce(own.value, f.value) as value,
        coalesce(own.standard_error, f.standard_error) as standard_error
        {%- for part in ['row_variance', 'chance_n', 'chance_bias', 'denominator_n'] %},
        coalesce(own.{{ part }}, f.{{ part }}) as {{ part }}{% endfor %}
    from realized as r
    left join {{ ref('driftline_int_maturity') }} as s
        on s.slice_no = r.slice_no and s.window_periods = r.window_periods and s.period_index = r.period_index
            and s.touches_reference
    left join {{ ref('driftline_int_realized') }} as own
        on own.side = 'reference' and s.slice_no is not null
        and own.slice_no = r.slice_no and own.window_periods = r.window_periods and own.period_index = r.period_index
        and own.metric = r.metric and own.class_name = r.class_name
    left join {{ ref('driftline_int_realized') }} as f
        on f.side = 'reference' and s.slice_no is null and f.window_periods = 0
        and f.slice_no = r.slice_no and f.metric = r.metric and f.class_name = r.class_name
),

-- A mean over classes is one over other classes where the window's rows have none of some.
compositions as (
    select r.slice_no as slice_no, r.window_periods as window_periods, r.period_index as period_index,
        'macro_' || r.metric as metric, avg(f.value) as value
    from realized as r
    join references_of as f
        on f.slice_no = r.slice_no and f.window_periods = r.window_periods and f.period_index = r.period_index
            and f.metric = r.metric and f.class_name = r.class_name
    where r.class_name <> 'all' and r.value is not null
    group by r.slice_no, r.window_periods, r.period_index, r.metric
),

-- If nothing changed, the rows of both sides are one sample, and it is their variance together that says how far two
-- values may be apart: a window whose few rows are all alike is not certain for that.
paired as (
    select
        {{ driftline._all_of('r') }}, f.value as reference_value, f.standard_error as reference_standard_error,
        f.metric_n as reference_n,
        f.denominator_n as reference_denominator_n,
        1e0 / nullif(r.chance_n, 0e0) as one, 1e0 / nullif(f.chance_n, 0e0) as other,
        (r.chance_n * r.value + f.chance_n * f.value) / nullif(r.chance_n + f.chance_n, 0e0) as pooled_value,
        (r.chance_n * r.row_variance + f.chance_n * f.row_variance
            + r.chance_n / nullif(r.chance_n + f.chance_n, 0e0) * f.chance_n
                * {{ driftline._squared('(r.value - f.value)') }}
        ) / nullif(r.chance_n + f.chance_n, 0e0) as pooled_variance,
        -- A mean over classes is as sure as the rows of its smallest class, which differ from window to window.
        case when r.metric in ('{{ apart | join("', '") }}') then r.row_variance / nullif(r.chance_n, 0e0)
            + f.row_variance / nullif(f.chance_n, 0e0) end as composed_variance,
        abs(coalesce(r.chance_bias, 0e0) - coalesce(f.chance_bias, 0e0)) + coalesce(abs(m.value - f.value), 0e0) as bias
    from realized as r
    left join references_of as f
        on f.slice_no = r.slice_no and f.window_periods = r.window_periods and f.period_index = r.period_index
            and f.metric = r.metric and f.class_name = r.class_name
    left join compositions as m
        on r.class_name = 'all' and m.slice_no = r.slice_no and m.window_periods = r.window_periods
            and m.period_index = r.period_index and m.metric = r.metric
),

skewed as (
    select
        paired.*,
        case
            when skew = 'rate' then abs(1e0 - 2e0 * pooled_value)
            -- A loss with a tail, as a gamma distribution has it: twice the variance over the mean.
            when skew = 'loss' and pooled_value > 1e-100 and pooled_variance < 1e100
                then 2e0 * pooled_variance / pooled_value
            else 0e0
        end as row_skew
    from paired
),

-- Other rows have other scores, and so another estimate, without anything having changed: by no more than the metric
-- itself varies among as many rows as the window has.
estimates as (
    select
        {{ driftline._all_of('e') }}, f.value as reference_value, f.standard_error as reference_standard_error,
        f.metric_n as reference_n,
        sqrt(greatest(
            coalesce(e.standard_error * e.standard_error + f.standard_error * f.standard_error, 0e0),
            coalesce(f.row_variance / nullif(f.chance_n, 0e0) * (1e0 + f.metric_n / nullif(r.rows_n, 0e0)), 0e0)
        )) as error
    from {{ ref('driftline_int_estimated') }} as e
    left join references_of as f
        on f.slice_no = e.slice_no and f.window_periods = e.window_periods and f.period_index = e.period_index
            and f.metric = e.metric and f.class_name = 'all'
    left join realized as r
        on r.slice_no = e.slice_no and r.window_periods = e.window_periods and r.period_index = e.period_index
            and r.metric = e.metric and r.class_name = 'all'
)

select
    slice_no, window_periods, period_index, metric, class_name, 'realized' as basis,
    value, value_lower, value_upper, standard_error, metric_n, denominator_n,
    reference_value, reference_standard_error, reference_n, reference_denominator_n,
    coalesce({{ z }} * sqrt(composed_variance),
        {{ driftline._chance_of_difference(z, 'pooled_variance', 'row_skew', 'one', 'other') }})
        + bias as sampling_noise,
    sqrt(coalesce(composed_variance, pooled_variance * (one + other))) as sampling_error,
    {{ mean_of_absolute }} * sqrt(coalesce(composed_variance, pooled_variance * (one + other)))
        + bias as sampling_expected,
    reason
from skewed
union all
select
    slice_no, window_periods, period_index, metric, 'all', 'estimated',
    value, value_lower, value_upper, standard_error, null, null,
    reference_value, reference_standard_error, reference_n, reference_n,
    {{ z }} * error, error, {{ mean_of_absolute }} * error, null
from estimates
union all
-- Held against 0: an estimate that is off by more than its own error has lost touch with the world. Rows that have no
-- label yet leave the truth uncertain too.
select
    e.slice_no, e.window_periods, e.period_index, e.metric, 'all', 'estimate_error',
    e.value - r.value, e.value_lower - r.value, e.value_upper - r.value, e.standard_error, r.metric_n, r.metric_n,
    0e0, null, null, null,
    {{ z }} * sqrt(e.standard_error * e.standard_error
        + coalesce(r.standard_error * r.standard_error * greatest(1e0 - r.known_n / nullif(r.rows_n, 0e0), 0e0), 0e0)),
        null, null, null
from {{ ref('driftline_int_estimated') }} as e
join realized as r
    on r.slice_no = e.slice_no and r.window_periods = e.window_periods and r.period_index = e.period_index
        and r.metric = e.metric and r.class_name = 'all'
where r.value is not null
{%- else -%}{{ driftline._empty() }}{%- endif %}
