{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- The newest windows of each group, by length: the newest that is complete, the newest whose labels have had their time
-- and the newest that has enough of them. Three windows at most, often one.
with placed as (
    select
        w.slice_no, w.window_periods, w.period_index, w.monitor, w.model_version, w.segment, w.segment_value,
        w.window_start, w.window_end, w.has_reference,
        max(w.period_index) over (partition by w.slice_no, w.window_periods) as newest_index,
        max(case when t.is_final then w.period_index end)
            over (partition by w.slice_no, w.window_periods) as newest_final_index,
        max(case when t.is_mature then w.period_index end)
            over (partition by w.slice_no, w.window_periods) as newest_mature_index
    from {{ ref('driftline_int_windows') }} as w
    left join {{ ref('driftline_int_maturity') }} as t
        on t.slice_no = w.slice_no and t.window_periods = w.window_periods and t.period_index = w.period_index
    where w.source = 'relation' and w.is_complete
)

select
    p.slice_no, p.window_periods, p.period_index, p.monitor, p.model_version, p.segment, p.segment_value,
    p.window_start, p.window_end, p.has_reference,
    p.period_index = p.newest_index as is_newest,
    -- Where no label has come yet there is no other.
    p.period_index = coalesce(p.newest_mature_index, p.newest_index) as is_newest_of_labels,
    coalesce(r.is_retired = 1, false) as is_retired
from placed as p
left join {{ ref('driftline_int_last_rows') }} as r on r.slice_no = p.slice_no
where p.period_index in (p.newest_index, p.newest_final_index, p.newest_mature_index)
{%- else -%}{{ driftline._empty() }}{%- endif %}
