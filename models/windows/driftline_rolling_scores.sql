{{ config(materialized='table') }}
{%- if driftline._is_needed(['performance', 'comparisons']) -%}
{%- set measures = [] -%}
{%- for name in ['w', 'w2', 'l', 'y', 'lp', 'reference_w', 'reference_l', 'reference_y', 'reference_lp'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

-- The rolling sums of the bins that performance and its estimates come from: the score in fine bins, the classes, and for a
-- number the bins of the column that tells most about the loss.
with cells as (
    select c.cell_no, c.monitor, case when c.column_role in ('feature', 'prediction') then 'loss' else c.column_role end as purpose
    from {{ ref('driftline_cells') }} as c
    left join (select distinct cell_no from {{ ref('driftline_expected_losses') }}) as l on l.cell_no = c.cell_no
    where c.bin_kind <> 'moments' and {{ driftline._of_family('performance', 'c.monitor') }}
        and (c.column_role in ('performance', 'confidence') and c.column_kind = 'numeric' or c.column_role in ('class_support', 'class_predicted', 'class_hit') or l.cell_no is not null)
),

dense as (
    select
        k.group_no, c.cell_no, k.block, k.period, k.period_index, k.first_index
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_calendar') }} as k
    join cells as c on c.monitor = k.monitor
    left join {{ ref('driftline_series') }} as s
        on s.group_no = k.group_no and s.cell_no = c.cell_no and s.period_index = k.period_index
)

select
    r.group_no, r.window_periods, r.period_index, r.cell_no, c.purpose,
    {%- for measure in measures %}
    r.{{ measure.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    {{ driftline._roll('dense', ['group_no', 'cell_no', 'block'], measures) }}
) as r
join cells as c on c.cell_no = r.cell_no
where r.period_index - r.window_periods + 1 >= r.first_index
{%- else -%}{{ driftline._empty() }}{%- endif %}
