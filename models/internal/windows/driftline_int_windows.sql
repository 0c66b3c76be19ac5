{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set period_kinds = ['hour', 'day', 'week', 'month'] %}

-- The windows' names: start, end, whether the window had ended when the rows were read, and whether its labels had had
-- the time they need to be final.
with ends as (
    select k.slice_no as slice_no, k.monitor as monitor, k.period as period, k.period_index, k.first_index,
        w.window_periods,
        g.is_shown and exists (
            select 1 from {{ ref('driftline_int_frames') }} as r
            where r.monitor = g.monitor and r.is_detailed = g.is_detailed and r.window_periods = w.window_periods
                and r.baseline = 'reference'
        ) as has_reference
    from {{ ref('driftline_int_calendar') }} as k
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = k.slice_no
    join {{ ref('driftline_int_frames') }} as w
        on w.monitor = g.monitor and w.is_detailed = g.is_detailed and w.baseline = 'window'
),

named as (
    select
        n.slice_no, n.window_periods, n.period_index, n.has_reference,
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
    n.slice_no, n.window_periods, n.period_index,
    g.monitor, g.source, g.model_version, g.segment, g.segment_value,
    n.window_start, n.window_end,
    n.window_end <= g.as_of as is_complete,
    n.labels_final_at <= g.as_of as is_mature,
    n.has_reference
from named as n
join {{ ref('driftline_int_slices') }} as g on g.slice_no = n.slice_no
where {{ driftline._is_retained('n', 'g') }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
