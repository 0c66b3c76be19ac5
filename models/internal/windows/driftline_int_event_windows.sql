{{ config(materialized=driftline._private_table()) }}
{#- Named whether there is a calendar or not: what a model depends on is told before its variables are. -#}
{%- set read = [ref('driftline_int_calendar'), ref('driftline_int_slices'), ref('driftline_int_frames')] -%}
{%- if driftline._is_needed() and driftline._has_events() %}

-- The windows of which an event of the calendar fills a quarter or more: whether they leave what is usual, and how far
-- back the same event lies a year earlier (first day to first day), where there was one.
with events as (
    {{ driftline._events() }}
),

dated as (
    select e.event, e.monitor, e.moves, e.stays, e.starts_at, e.ends_at, max(b.starts_at) as earlier_starts_at
    from events as e
    left join events as b
        on b.event = e.event and coalesce(b.monitor, '') = coalesce(e.monitor, '')
        and {{ driftline._bounds_between('b.starts_at', 'e.starts_at', 'day') }} between 300 and 430
    group by e.event, e.monitor, e.moves, e.stays, e.starts_at, e.ends_at
),

windows as (
    select
        k.monitor, k.period, k.period_index, f.window_periods,
        case
            {%- for window in driftline._windows() %}
            when k.period = '{{ window.period }}'
                then {{ driftline._period_at('k.period_index - f.window_periods + 1', window.period) }}
            {%- endfor %}
        end as window_start,
        case
            {%- for window in driftline._windows() %}
            when k.period = '{{ window.period }}' then {{ driftline._period_at('k.period_index + 1', window.period) }}
            {%- endfor %}
        end as window_end
    from {{ ref('driftline_int_calendar') }} as k
    join {{ ref('driftline_int_slices') }} as g
        on g.slice_no = k.slice_no and g.source = 'relation' and g.model_version = 'all' and g.segment = 'all'
    join (
        select monitor, window_periods from {{ ref('driftline_int_frames') }}
        {{ driftline._union() }}
        -- Single periods, which baselines of drift are made of.
        select monitor, 1 from {{ ref('driftline_int_frames') }}
    ) as f on f.monitor = k.monitor
    where k.period_index - f.window_periods + 1 >= k.first_index
),

filled as (
    select
        w.monitor, w.window_periods, w.period_index, w.window_start, e.event, e.moves, 1 - e.stays as leaves,
        case
            {%- for window in driftline._windows() %}
            when w.period = '{{ window.period }}' then {{ driftline._period_index('e.starts_at', window.period) }}
                - {{ driftline._period_index('e.earlier_starts_at', window.period) }}
            {%- endfor %}
        end as periods_back
    from windows as w
    join dated as e
        on (e.monitor is null or e.monitor = w.monitor) and {{ driftline._event_fills('w', 'e') }}
)

select
    f.monitor, f.window_periods, f.period_index, f.window_start, f.event, f.moves, f.leaves,
    case when b.event is not null then f.periods_back end as periods_back
from filled as f
left join (select distinct monitor, window_periods, period_index, event, moves from filled) as b
    on {{ driftline._same(['monitor', 'window_periods', 'event'], 'b', 'f') }}
    and coalesce(b.moves, '') = coalesce(f.moves, '') and b.period_index = f.period_index - f.periods_back
{%- else -%}{{ driftline._empty() }}{%- endif %}
