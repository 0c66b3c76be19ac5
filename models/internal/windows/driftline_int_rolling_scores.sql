{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['performance', 'comparisons']) -%}
{%- set measures = [] -%}
{%- for name in ['w', 'w2', 'l', 'y', 'lp', 'reference_w', 'reference_l', 'reference_y', 'reference_lp'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

-- The rolling sums, over this run's windows and those of the reference, of the bins that performance and its estimates
-- come from: the score in fine bins, the classes, and for a number the bins of the column that tells most about the
-- loss.
with cells as (
    select
        c.bin_no as bin_no, c.monitor,
        case when c.column_role in ('feature', 'prediction') then 'loss' else c.column_role end as purpose
    from {{ ref('driftline_int_bins') }} as c
    left join (select distinct bin_no from {{ ref('driftline_int_expected_losses') }}) as l on l.bin_no = c.bin_no
    where c.bin_kind <> 'moments' and {{ driftline._of_family('performance', 'c.monitor') }}
        and (c.column_role in ('performance', 'confidence') and c.column_kind = 'numeric'
            or c.column_role in ('class_support', 'class_predicted', 'class_hit') or l.bin_no is not null)
),

dense as (
    select
        k.slice_no as slice_no, c.bin_no as bin_no, k.block, k.period as period, k.period_index as period_index,
        k.first_index
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_int_calendar') }} as k
    join cells as c on c.monitor = k.monitor
    join {{ ref('driftline_int_scopes') }} as o
        on o.slice_no = k.slice_no and o.is_shown and {{ driftline._is_reached('k', 'o') }}
    left join {{ ref('driftline_int_series') }} as s
        on s.slice_no = k.slice_no and s.bin_no = c.bin_no and s.period_index = k.period_index
)

select
    r.slice_no as slice_no, r.window_periods, r.period_index, r.bin_no as bin_no, c.purpose,
    {%- for measure in measures %}
    r.{{ measure.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    {{ driftline._roll('dense', ['slice_no', 'bin_no', 'block'], measures) }}
) as r
join cells as c on c.bin_no = r.bin_no
{{ driftline._wanted_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
