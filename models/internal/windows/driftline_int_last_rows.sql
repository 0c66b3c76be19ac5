{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- When the last rows of each group ended, whether its newest complete window is without rows, and whether it has been
-- gone for so long that it has no windows any more while others have.
with ends as (
    select
        g.slice_no as slice_no, g.monitor as monitor, g.period, max(w.window_end) as own_end,
        max(case when w.is_complete then w.window_end end) as own_complete_end
    from {{ ref('driftline_int_windows') }} as w
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = w.slice_no and g.source = 'relation'
    group by g.slice_no, g.monitor, g.period
),

newest as (
    select monitor, max(own_end) as newest_end from ends group by monitor
),

last_rows as (
    select s.slice_no, max(s.period_index) as last_index
    from {{ ref('driftline_int_measure_series') }} as s
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no and c.column_role = 'row'
    where s.n > 0
    group by s.slice_no
),

named as (
    select
        {{ driftline._all_of('e') }}, n.newest_end,
        case
            {%- for kind in ['hour', 'day', 'week', 'month'] %}
            when e.period = '{{ kind }}' then {{ driftline._period_at('l.last_index + 1', kind) }}
            {%- endfor %}
        end as last_row_end
    from ends as e
    join newest as n on n.monitor = e.monitor
    join last_rows as l on l.slice_no = e.slice_no
)

select
    w.slice_no, g.monitor as monitor, g.model_version, g.segment, g.segment_value,
    case when w.last_row_end < w.own_complete_end then w.last_row_end end as no_rows_since,
    case when w.own_end < w.newest_end then 1 else 0 end as is_retired
from named as w
join {{ ref('driftline_int_slices') }} as g on g.slice_no = w.slice_no
{%- else -%}{{ driftline._empty() }}{%- endif %}
