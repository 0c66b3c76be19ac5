{{ config(materialized='table') }}
{%- set overrides = driftline._threshold_overrides() -%}
{%- set named = overrides | selectattr('metric', 'defined') | map(attribute='metric') | unique | list %}

-- Every window that has a threshold: whether it could be judged, how large its effect is, and whether it breaches.
with shortest as (
    select monitor, min(window_periods) as window_periods from {{ ref('driftline_windows') }} group by monitor
),

ruled as (
    select
        m.*,
        {{ driftline._overridden(overrides, 'compare', "coalesce(s.compare, case when m.expected is null then 'value' when m.family = 'business' then 'relative' else 'difference' end)", 'm') }} as compare,
        {{ driftline._overridden(overrides, 'direction', "coalesce(s.direction, 'above')", 'm') }} as direction,
        {{ driftline._overridden(overrides, 'warn', driftline._as_double('s.warn'), 'm') }} as warn,
        {{ driftline._overridden(overrides, 'critical', driftline._as_double('s.critical'), 'm') }} as critical,
        {{ driftline._overridden(overrides, 'min_rows', 'coalesce(s.min_rows, 100)', 'm') }} as min_rows,
        {{ driftline._overridden(overrides, 'consecutive', 'coalesce(s.consecutive, 1)', 'm') }} as consecutive,
        {{ driftline._overridden(overrides, 'windows', "coalesce(s.windows, 'shortest')", 'm') }} as windows,
        {{ driftline._overridden(overrides, 'segments', "coalesce(s.segments, 'total')", 'm') }} as segments,
        {{ driftline._overridden(overrides, 'versions', "coalesce(s.versions, 'total')", 'm') }} as versions,
        {{ driftline._overridden(overrides, 'enabled', '1', 'm') }} as enabled,
        -- A threshold with nothing said about noise is a threshold alone.
        coalesce(m.noise, case when s.metric is null then 0 end) as judged_noise
    from {{ ref('driftline_metrics') }} as m
    left join {{ ref('driftline_thresholds') }} as s
        on s.family = m.family and s.metric in (m.metric, 'any') and s.baseline = m.baseline and s.column_kind in (m.column_kind, 'any')
    where m.is_complete and m.value is not null
        and (s.metric is not null{% if named %} or m.metric in ({% for metric in named %}{{ driftline._literal(metric) }}{{ ', ' if not loop.last }}{% endfor %}){% endif %})
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
