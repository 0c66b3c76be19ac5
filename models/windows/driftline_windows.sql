{{ config(materialized='table') }}
{%- set period_kinds = ['hour', 'day', 'week', 'month'] %}

-- The windows' names: start, end, whether the window had ended when the rows were read, and whether its labels had had
-- the time they need to be final.
with ends as (
    select k.group_no, k.monitor, k.period, k.period_index, k.first_index, w.window_periods
    from {{ ref('driftline_calendar') }} as k
    join (
        {%- for window in driftline._windows() -%}
        {%- set outer = loop -%}
        {%- for size in window.sizes %}
        select {{ driftline._literal(window.period) }} as period, {{ size }} as window_periods
        {{ 'union all' if not (loop.last and outer.last) }}
        {%- endfor -%}
        {%- endfor %}
    ) as w on w.period = k.period
),

named as (
    select
        n.group_no, n.window_periods, n.period_index,
        case
            {%- for kind in period_kinds %}
            when n.period = '{{ kind }}' then {{ driftline._period_at('n.period_index - n.window_periods + 1', kind) }}
            {%- endfor %}
        end as window_start,
        case
            {%- for kind in period_kinds %}
            when n.period = '{{ kind }}' then {{ driftline._period_at('n.period_index + 1', kind) }}
            {%- endfor %}
        end as window_end,
        case
            {%- for kind in period_kinds %}
            when n.period = '{{ kind }}' then {{ driftline._period_at('n.period_index + 1 + m.label_delay', kind) }}
            {%- endfor %}
        end as labels_final_at
    from ends as n
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = n.monitor
    where n.period_index - n.window_periods + 1 >= n.first_index
)

select
    n.group_no, n.window_periods, n.period_index,
    g.monitor, g.source, g.model_version, g.segment, g.segment_value,
    n.window_start, n.window_end,
    n.window_end <= g.as_of as is_complete,
    n.labels_final_at <= g.as_of as is_mature
from named as n
join {{ ref('driftline_groups') }} as g on g.group_no = n.group_no
