{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- How far the labels of each window have come. A window is mature when its labels had their time and enough of them are
-- known (decision 9); what depends on labels is judged only then.
select
    w.slice_no as slice_no, w.window_periods as window_periods, w.period_index as period_index,
    w.monitor as monitor, w.model_version as model_version, w.segment as segment, w.segment_value as segment_value,
    w.window_start,
    c.row_count, c.known_count,
    c.known_count / nullif(c.row_count, 0e0) as labelled_share,
    coalesce(c.reference_count > 0, false) as touches_reference,
    coalesce(c.row_count > 0 and c.row_count = c.reference_count
        and {{ driftline._is_of_reference('w', 'o') }}, false) as is_reference,
    w.is_mature as is_final,
    -- Without a task nobody can tell what a known label is.
    w.is_mature and (
        m.has_label = 0 or coalesce(c.known_count >= m.min_labelled_share * c.row_count and c.row_count > 0, false)
    ) as is_mature
from {{ ref('driftline_int_windows') }} as w
join {{ ref('driftline_int_monitors') }} as m on m.monitor = w.monitor
join {{ ref('driftline_int_slices') }} as o on o.slice_no = w.slice_no
left join {{ ref('driftline_int_rolling_counts') }} as c
    on c.slice_no = w.slice_no and c.window_periods = w.window_periods and c.period_index = w.period_index
where w.source = 'relation'
{%- else -%}{{ driftline._empty() }}{%- endif %}
