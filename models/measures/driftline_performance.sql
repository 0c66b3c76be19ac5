{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{#- The two-sided normal quantile at the level of significance. -#}
{%- set z = driftline._normal_quantile(driftline._alpha() / 2) %}

-- How good the model is: where labels are known, where they are estimated, and how far the estimate was off.
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
    left join (
        select group_no, window_periods, period_index from {{ ref('driftline_rolling_measures') }} where column_role = 'row' and reference_n > 0
    ) as s on s.group_no = r.group_no and s.window_periods = r.window_periods and s.period_index = r.period_index
    left join {{ ref('driftline_realized') }} as own
        on own.side = 'reference' and s.group_no is not null
        and own.group_no = r.group_no and own.window_periods = r.window_periods and own.period_index = r.period_index
        and own.metric = r.metric and own.class_name = r.class_name
    left join {{ ref('driftline_realized') }} as f
        on f.side = 'reference' and s.group_no is null and f.window_periods = 0
        and f.group_no = r.group_no and f.metric = r.metric and f.class_name = r.class_name
),

-- Windows that lie wholly in the reference, each held against the rest of it: what a good model's own windows differ by.
noise_floors as (
    select
        g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.metric, r.class_name, max(abs(r.value - f.value)) as noise_floor
    from realized as r
    join {{ ref('driftline_rolling_measures') }} as n
        on n.group_no = r.group_no and n.window_periods = r.window_periods and n.period_index = r.period_index
        and n.column_role = 'row' and n.n > 0 and n.n = n.reference_n
    join references_of as f
        on f.group_no = r.group_no and f.window_periods = r.window_periods and f.period_index = r.period_index and f.metric = r.metric and f.class_name = r.class_name
    join {{ ref('driftline_groups') }} as g on g.group_no = r.group_no
    where r.value is not null and f.value is not null
    group by g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.metric, r.class_name
    having count(*) > 1
),

versions as (
    select distinct group_no, reference_model_version from {{ ref('driftline_reference') }}
),

every as (
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
),

-- As far back as a window of the same length lies just before, and as whole seasons leave no overlap.
shifted as (
    select
        e.*, w.monitor, w.model_version, w.segment, w.segment_value, w.window_start, w.window_end, w.is_complete, g.period,
        e.period_index - e.window_periods as previous_index,
        case
            {%- for window in driftline._windows() %}
            {%- for size in window.sizes %}
            when g.period = '{{ window.period }}' and e.window_periods = {{ size }} then e.period_index - {{ ((size + window.season - 1) // window.season) * window.season }}
            {%- endfor %}
            {%- endfor %}
        end as seasonal_index
    from every as e
    join {{ ref('driftline_windows') }} as w
        on w.group_no = e.group_no and w.window_periods = e.window_periods and w.period_index = e.period_index and w.source = 'relation'
    join {{ ref('driftline_groups') }} as g on g.group_no = e.group_no
)

select
    s.monitor, s.model_version, s.segment, s.segment_value,
    cast(s.window_periods as {{ dbt.type_int() }}) as window_periods, s.window_start, s.window_end,
    {{ driftline._as_text('s.metric') }} as metric, {{ driftline._as_text('s.class_name') }} as class_name, {{ driftline._as_text('s.basis') }} as basis,
    s.is_complete,
    n.is_mature,
    {{ driftline._as_double('s.value') }} as value,
    {{ driftline._as_double('s.value_lower') }} as value_lower,
    {{ driftline._as_double('s.value_upper') }} as value_upper,
    {{ driftline._as_double('s.standard_error') }} as standard_error,
    cast(coalesce(n.row_count, 0) as {{ dbt.type_bigint() }}) as row_count,
    cast(case when s.basis = 'estimated' then n.known_count else coalesce(s.metric_n, 0) end as {{ dbt.type_bigint() }}) as labelled_row_count,
    {{ driftline._as_double('n.labelled_share') }} as labelled_share,
    {{ driftline._as_double('s.reference_value') }} as reference_value,
    {{ driftline._as_double('s.reference_standard_error') }} as reference_standard_error,
    cast(s.reference_n as {{ dbt.type_bigint() }}) as reference_row_count,
    {{ driftline._as_double("case when s.sampling_noise is null and f.noise_floor is null then null else greatest(coalesce(s.sampling_noise, 0e0), coalesce(case when s.basis <> 'estimate_error' then f.noise_floor end, 0e0)) end") }} as noise,
    {{ driftline._as_double('p.value') }} as previous_value,
    {{ driftline._as_double('a.value') }} as seasonal_value,
    {{ driftline._as_text('s.reason') }} as reason
from shifted as s
left join {{ ref('driftline_maturity') }} as n on n.group_no = s.group_no and n.window_periods = s.window_periods and n.period_index = s.period_index
left join versions as v on v.group_no = s.group_no
left join noise_floors as f
    on f.monitor = s.monitor and f.segment = s.segment and f.segment_value = s.segment_value and f.model_version = v.reference_model_version
    and f.window_periods = s.window_periods and f.metric = s.metric and f.class_name = s.class_name
{%- for alias, index in {'p': 'previous_index', 'a': 'seasonal_index'}.items() %}
left join every as {{ alias }}
    on {{ alias }}.group_no = s.group_no and {{ alias }}.window_periods = s.window_periods and {{ alias }}.period_index = s.{{ index }}
    and {{ alias }}.metric = s.metric and {{ alias }}.class_name = s.class_name and {{ alias }}.basis = s.basis
{%- endfor %}
