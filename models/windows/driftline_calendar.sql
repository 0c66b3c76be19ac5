{{ config(materialized='table') }}
{%- set reaches = [] -%}
{%- for window in driftline._windows() -%}{%- do reaches.append(driftline._reach(window)) -%}{%- endfor %}

-- The periods the rolling windows run over: every period with rows, and those without that a window or a baseline can
-- still reach back from. A longer silence ends a block; so one row with a date of long ago costs one period, not
-- decades of empty ones, and no window sums across the gap.
with active as (
    select
        s.group_no, g.monitor, g.period, g.monitor_first_index as first_index, s.period_index,
        case
            {%- for window in driftline._windows() %}
            when g.period = '{{ window.period }}' then {{ driftline._reach(window) }}
            {%- endfor %}
        end as reach,
        lag(s.period_index) over (partition by s.group_no order by s.period_index) as index_before,
        lead(s.period_index) over (partition by s.group_no order by s.period_index) as index_after
    from {{ ref('driftline_series') }} as s
    join {{ ref('driftline_cells') }} as c on c.cell_no = s.cell_no and c.column_role = 'row'
    join {{ ref('driftline_groups') }} as g on g.group_no = s.group_no
    where s.n > 0
),

blocks as (
    select
        active.*,
        sum(case when period_index - index_before <= reach + 1 then 0 else 1 end)
            over (partition by group_no order by period_index rows unbounded preceding) as block
    from active
)

select
    b.group_no, b.monitor, b.period, b.first_index, b.period_index + n.number as period_index,
    cast(b.block as {{ dbt.type_int() }}) as block
from blocks as b
join ({{ driftline._numbers(reaches | max + 1) }}) as n
    on n.number = 0 or (n.number <= b.reach and n.number < b.index_after - b.period_index)
