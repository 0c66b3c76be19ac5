{{ config(materialized='table') }}
{%- set fields = ['compare', 'direction', 'warn', 'critical', 'min_rows', 'consecutive', 'windows', 'segments', 'versions'] %}

-- Every window that has a threshold: whether it could be judged, how large its effect is, and whether it breaches.
with overrides as (
    {{ driftline._threshold_overrides() }}
),

shortest as (
    select monitor, min(window_periods) as window_periods from {{ ref('driftline_windows') }} group by monitor
),

metrics as (
    select m.*, cast(row_number() over (order by m.monitor) as {{ dbt.type_bigint() }}) as metric_no
    from {{ ref('driftline_metrics') }} as m
    where m.is_complete and m.value is not null
        and (
            exists (
                select 1 from {{ ref('driftline_thresholds') }} as s
                where s.family = m.family and s.metric in (m.metric, 'any') and s.baseline = m.baseline and s.column_kind in (m.column_kind, 'any')
            )
            or exists (select 1 from overrides as o where o.metric = m.metric)
        )
),

chosen as (
    select metric_no, max(priority) as priority
    from metrics as m
    join overrides as o
        on coalesce(o.monitor, m.monitor) = m.monitor
        and coalesce(o.family, m.family) = m.family
        and coalesce(o.metric, m.metric) = m.metric
        -- An override speaks of the reference unless it names another baseline; business is held against what came before.
        and coalesce(o.baseline, case when m.family = 'business' then 'trailing' when m.baseline = 'none' then 'none' else 'reference' end) = m.baseline
        and coalesce(o.column_name, m.column_name) = m.column_name
        and coalesce(o.segment, m.segment) = m.segment
        and coalesce(o.segment_value, m.segment_value) = m.segment_value
        and coalesce(o.model_version, m.model_version) = m.model_version
    group by metric_no
),

ruled as (
    select
        m.*,
        coalesce(o.compare, s.compare, case when m.expected is null then 'value' when m.family = 'business' then 'relative' else 'difference' end) as compare,
        coalesce(o.direction, s.direction, 'above') as direction,
        coalesce(o.warn, {{ driftline._as_double('s.warn') }}) as warn,
        coalesce(o.critical, {{ driftline._as_double('s.critical') }}) as critical,
        coalesce(o.min_rows, s.min_rows, 100) as min_rows,
        coalesce(o.consecutive, s.consecutive, 1) as consecutive,
        coalesce(o.windows, s.windows, 'shortest') as windows,
        case when o.segment is not null then 'each' else coalesce(o.segments, s.segments, 'total') end as segments,
        case when o.model_version is not null then 'each' else coalesce(o.versions, s.versions, 'total') end as versions,
        coalesce(o.enabled, 1) as enabled,
        -- A threshold with nothing said about noise is a threshold alone.
        coalesce(m.noise, case when s.metric is null then 0 end) as judged_noise
    from metrics as m
    left join {{ ref('driftline_thresholds') }} as s
        on s.family = m.family and s.metric in (m.metric, 'any') and s.baseline = m.baseline and s.column_kind in (m.column_kind, 'any')
    left join chosen as c on c.metric_no = m.metric_no
    left join overrides as o on o.priority = c.priority
),

effects as (
    select
        r.*,
        r.value - case when r.compare = 'value' then 0e0 else r.expected end as difference,
        case
            when r.compare = 'value' then r.value
            when r.compare = 'difference' then r.value - r.expected
            else (r.value - r.expected) / nullif(abs(r.expected), 0)
        end as signed_effect
    from ruled as r
    join shortest as f on f.monitor = r.monitor
    where r.enabled = 1
        and (r.warn is not null or r.critical is not null)
        and (r.windows = 'each' or r.window_periods = f.window_periods)
        and (r.segments = 'each' or r.segment = 'all')
        and (r.versions = 'each' or r.model_version = 'all')
),

directed as (
    select
        e.*,
        case when direction = 'below' then - signed_effect when direction = 'both' then abs(signed_effect) else signed_effect end as effect,
        case when direction = 'below' then - difference when direction = 'both' then abs(difference) else difference end as directed_difference,
        case when row_count < min_rows then 'fewer than ' || {{ driftline._as_text('cast(min_rows as ' ~ dbt.type_bigint() ~ ')') }} || ' rows'
            when baseline_row_count < min_rows then 'fewer than ' || {{ driftline._as_text('cast(min_rows as ' ~ dbt.type_bigint() ~ ')') }} || ' rows in the baseline'
            when signed_effect is null then 'nothing to compare with'
            when judged_noise is null then 'its noise is not known yet'
        end as not_judged
    from effects as e
)

select
    monitor, model_version, segment, segment_value, window_periods, window_start, window_end,
    family, metric, column_name, column_role, baseline, value, expected, judged_noise as noise, effect, direction, compare,
    warn, critical, cast(consecutive as {{ dbt.type_int() }}) as consecutive, not_judged,
    not_judged is null and directed_difference > judged_noise and effect > coalesce(warn, critical) as is_breach,
    not_judged is null and directed_difference > judged_noise and effect > critical as is_critical
from directed
