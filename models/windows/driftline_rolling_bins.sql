{{ config(materialized='view') }}
{%- set measures = [
    {'name': 'w', 'aggregate': 'sum', 'baselines': true},
    {'name': 'w2', 'aggregate': 'sum', 'baselines': true},
    {'name': 'v', 'aggregate': 'sum', 'baselines': true},
    {'name': 'reference_w', 'aggregate': 'sum', 'baselines': false},
    {'name': 'reference_w2', 'aggregate': 'sum', 'baselines': false},
    {'name': 'reference_v', 'aggregate': 'sum', 'baselines': false},
] %}

-- The sums of each bin over every window and over the baselines before it. reference_… is the part of the window that
-- is reference itself: what must leave the reference before the window is held against it.
with dense as (
    select
        k.group_no, c.cell_no, k.period, k.period_index, k.first_index
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_calendar') }} as k
    join {{ ref('driftline_cells') }} as c on c.monitor = k.monitor
    left join {{ ref('driftline_series') }} as s
        on s.group_no = k.group_no and s.cell_no = c.cell_no and s.period_index = k.period_index
    where c.column_role in ('feature', 'prediction', 'label') and c.bin_kind <> 'moments'
)

select * from (
    {{ driftline._roll('dense', ['group_no', 'cell_no'], measures) }}
) as rolled
where period_index - window_periods + 1 >= first_index
