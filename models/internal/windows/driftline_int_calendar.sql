{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set reaches = [] -%}
{%- for window in driftline._windows() -%}{%- do reaches.append(driftline._reach(window)) -%}{%- endfor %}

-- The periods the rolling windows run over: every period with rows, and those without that a window or a baseline can
-- still reach back from. A longer silence ends a block; so one row with a date of long ago costs one period, not
-- decades of empty ones, and no window sums across the gap. The total runs on to the newest period that was complete
-- when the rows were read, versions and segments to the newest of the total, each as far as that reach: what is gone
-- for good ends there.
with active as (
    select
        s.slice_no as slice_no, g.monitor as monitor, g.source, g.model_version, g.segment, g.period,
        g.monitor_first_index as first_index, s.period_index,
        case
            {%- for window in driftline._windows() %}
            when g.period = '{{ window.period }}' then {{ driftline._reach(window) }}
            {%- endfor %}
        end as reach,
        case
            {%- for window in driftline._windows() %}
            when g.period = '{{ window.period }}' then {{ driftline._period_index('g.as_of', window.period) }} - 1
            {%- endfor %}
        end as newest_complete,
        lag(s.period_index) over (partition by s.slice_no order by s.period_index) as index_before,
        lead(s.period_index) over (partition by s.slice_no order by s.period_index) as index_after
    from {{ ref('driftline_int_measure_series') }} as s
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no and c.column_role = 'row'
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = s.slice_no
    where s.n > 0
),

ends as (
    select
        monitor,
        case
            when max(newest_complete) <= max(period_index) then max(period_index)
            when max(newest_complete) <= max(period_index + reach) then max(newest_complete)
            else max(period_index + reach)
        end as last_index
    from active
    where source = 'relation' and model_version = 'all' and segment = 'all'
    group by monitor
),

blocks as (
    select
        a.*,
        coalesce(a.index_after,
            case when a.source = 'relation' then e.last_index else a.period_index end + 1) as until_index,
        sum(case when a.period_index - a.index_before <= a.reach + 1 then 0 else 1 end)
            over (partition by a.slice_no order by a.period_index rows unbounded preceding) as block
    from active as a
    left join ends as e on e.monitor = a.monitor
)

select
    b.slice_no, b.monitor, b.period, b.first_index, b.period_index + n.number as period_index,
    cast(b.block as {{ dbt.type_int() }}) as block
from blocks as b
join ({{ driftline._numbers(reaches | max + 1) }}) as n
    on n.number = 0 or (n.number <= b.reach and n.number < b.until_index - b.period_index)
{%- else -%}{{ driftline._empty() }}{%- endif %}
