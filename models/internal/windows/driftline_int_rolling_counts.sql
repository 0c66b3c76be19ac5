{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set measures = [] -%}
{%- for name in ['row_count', 'reference_count', 'known_count'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

-- The rows of every window from the first on, those of them that are reference, and those whose label is known.
with counts as (
    select
        s.slice_no, s.period_index,
        max(case when c.column_role = 'row' then s.n end) as row_count,
        max(case when c.column_role = 'row' then s.reference_n end) as reference_count,
        max(case when c.bin_kind = 'known' then s.n end) as known_count
    from {{ ref('driftline_int_measure_series') }} as s
    join {{ ref('driftline_int_bins') }} as c
        on c.bin_no = s.bin_no
        and (c.column_role = 'row' or c.column_role = 'performance' and c.bin_kind = 'known')
    group by s.slice_no, s.period_index
),

dense as (
    select
        k.slice_no, k.block, k.period, k.period_index, k.first_index
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_int_calendar') }} as k
    left join counts as s on s.slice_no = k.slice_no and s.period_index = k.period_index
)

select slice_no, window_periods, period_index, row_count, reference_count, known_count
from (
    {{ driftline._roll('dense', ['slice_no', 'block'], measures) }}
) as rolled
where period_index - window_periods + 1 >= first_index
{%- else -%}{{ driftline._empty() }}{%- endif %}
