{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['comparisons']) -%}

-- The rows of each version, in each period.
select
    g.slice_no as slice_no, g.monitor as monitor, g.period, g.monitor_first_index as first_index, g.model_version,
    g.segment, g.segment_value,
    s.period_index, s.n as row_count
from {{ ref('driftline_int_measure_series') }} as s
join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no and c.column_role = 'row'
join {{ ref('driftline_int_slices') }} as g on g.slice_no = s.slice_no
where g.source = 'relation' and g.model_version <> 'all' and s.n > 0
    and {{ driftline._of_family('comparisons', 'g.monitor') }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
