{{ config(materialized='table') }}
{%- if driftline._is_needed() -%}
{%- set sums = ['n', 'w', 'w2', 'v', 'd2'] -%}
{%- set measures = [] -%}
{%- for name in sums + ['reference_n', 'reference_w', 'reference_w2', 'reference_v', 'reference_d2'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

-- The sums of each measure (rows, parts of business metrics, counts and losses of the model) over every window, and the
-- part of them that is reference.
with dense as (
    select
        k.group_no, c.cell_no, k.block, k.period, k.period_index, k.first_index
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_calendar') }} as k
    join {{ ref('driftline_cells') }} as c on c.monitor = k.monitor and c.column_kind = 'measure' and c.column_role in ('business', 'performance', 'row')
    left join {{ ref('driftline_series') }} as s
        on s.group_no = k.group_no and s.cell_no = c.cell_no and s.period_index = k.period_index
)

select
    r.group_no, r.window_periods, r.period_index, r.cell_no, c.column_role, c.column_name, c.bin_kind as measure,
    {%- for measure in measures %}
    r.{{ measure.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    {{ driftline._roll('dense', ['group_no', 'cell_no', 'block'], measures) }}
) as r
join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no
where r.period_index - r.window_periods + 1 >= r.first_index
{%- else -%}{{ driftline._empty() }}{%- endif %}
