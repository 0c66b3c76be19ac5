{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set sums = ['n', 'w', 'w2', 'v', 'd2'] -%}
{%- set measures = [] -%}
{%- for name in sums + ['reference_n', 'reference_w', 'reference_w2', 'reference_v', 'reference_d2'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

-- The sums of each measure (rows, counts and losses of the model) over this run's windows and those of the reference,
-- and the part of them that is reference.
with dense as (
    select
        k.slice_no as slice_no, c.bin_no as bin_no, k.block, k.period as period, k.period_index as period_index,
        k.first_index
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_int_calendar') }} as k
    join {{ ref('driftline_int_bins') }} as c
        on c.monitor = k.monitor and c.column_kind = 'measure' and c.column_role in ('performance', 'row')
    join {{ ref('driftline_int_scopes') }} as o on o.slice_no = k.slice_no and {{ driftline._is_reached('k', 'o') }}
    left join {{ ref('driftline_int_series') }} as s
        on s.slice_no = k.slice_no and s.bin_no = c.bin_no and s.period_index = k.period_index
)

select
    r.slice_no as slice_no, r.window_periods, r.period_index, r.bin_no as bin_no, c.column_role, c.column_name,
    c.bin_kind as measure,
    {%- for measure in measures %}
    r.{{ measure.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    {{ driftline._roll('dense', ['slice_no', 'bin_no', 'block'], measures) }}
) as r
join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no
{{ driftline._wanted_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
