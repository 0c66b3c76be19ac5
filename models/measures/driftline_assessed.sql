{{ config(materialized='table') }}
{#- The two-sided normal quantile at the level of significance. -#}
{%- set z = driftline._normal_quantile(driftline._alpha() / 2) %}

-- What is known and estimated of each window's performance, next to the reference, and how far the two may differ by chance.
with realized as (
    select
        r.group_no, r.window_periods, r.period_index, r.metric, r.class_name, r.rows_n, r.known_n, r.metric_n, r.value, r.value_lower, r.value_upper,
        r.standard_error, r.reason
    from {{ ref('driftline_realized') }} as r
    where r.side = 'window'
),

-- The reference's values, for each window: its own where it shares rows with the reference, else those of all of it.
references_of as (
    select
        r.group_no, r.window_periods, r.period_index, r.metric, r.class_name,
        coalesce(own.metric_n, f.metric_n) as metric_n, coalesce(own.value, f.value) as value, coalesce(own.standard_error, f.standard_error) as standard_error
    from realized as r
    left join {{ ref('driftline_maturity') }} as s
        on s.group_no = r.group_no and s.window_periods = r.window_periods and s.period_index = r.period_index and s.touches_reference
    left join {{ ref('driftline_realized') }} as own
        on own.side = 'reference' and s.group_no is not null
        and own.group_no = r.group_no and own.window_periods = r.window_periods and own.period_index = r.period_index
        and own.metric = r.metric and own.class_name = r.class_name
    left join {{ ref('driftline_realized') }} as f
        on f.side = 'reference' and s.group_no is null and f.window_periods = 0
        and f.group_no = r.group_no and f.metric = r.metric and f.class_name = r.class_name
)

select
    r.group_no, r.window_periods, r.period_index, r.metric, r.class_name, 'realized' as basis,
    r.value, r.value_lower, r.value_upper, r.standard_error, r.metric_n,
    f.value as reference_value, f.standard_error as reference_standard_error, f.metric_n as reference_n,
    {{ z }} * sqrt(r.standard_error * r.standard_error + f.standard_error * f.standard_error) as sampling_noise, r.reason
from realized as r
left join references_of as f
    on f.group_no = r.group_no and f.window_periods = r.window_periods and f.period_index = r.period_index and f.metric = r.metric and f.class_name = r.class_name
union all
select
    e.group_no, e.window_periods, e.period_index, e.metric, 'all', 'estimated',
    e.value, e.value_lower, e.value_upper, e.standard_error, null,
    f.value, f.standard_error, f.metric_n,
    {{ z }} * sqrt(e.standard_error * e.standard_error + f.standard_error * f.standard_error), null
from {{ ref('driftline_estimated') }} as e
left join references_of as f
    on f.group_no = e.group_no and f.window_periods = e.window_periods and f.period_index = e.period_index and f.metric = e.metric and f.class_name = 'all'
union all
-- Held against 0: an estimate that is off by more than its own error has lost touch with the world. Rows that have no
-- label yet leave the truth uncertain too.
select
    e.group_no, e.window_periods, e.period_index, e.metric, 'all', 'estimate_error',
    e.value - r.value, e.value_lower - r.value, e.value_upper - r.value, e.standard_error, r.metric_n,
    0e0, null, null,
    {{ z }} * sqrt(e.standard_error * e.standard_error + coalesce(r.standard_error * r.standard_error * greatest(1e0 - r.known_n / nullif(r.rows_n, 0e0), 0e0), 0e0)), null
from {{ ref('driftline_estimated') }} as e
join realized as r
    on r.group_no = e.group_no and r.window_periods = e.window_periods and r.period_index = e.period_index and r.metric = e.metric and r.class_name = 'all'
where r.value is not null
