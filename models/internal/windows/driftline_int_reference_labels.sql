{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- How far the labels of the reference that a group is held against have come. What is learnt from labels that are not
-- final is learnt from those that come first (decision 19). Segments share what their version has.
with counts as (
    select
        r.slice_no, max(r.reference_model_version) as reference_model_version,
        sum(case when c.bin_kind = 'rows' then r.n end) as row_count,
        coalesce(sum(case when c.bin_kind = 'known' then r.n end), 0e0) as known_count
    from {{ ref('driftline_int_reference') }} as r
    join {{ ref('driftline_int_bins') }} as c
        on c.bin_no = r.bin_no and c.column_kind = 'measure' and c.column_role in ('row', 'performance')
        and c.bin_kind in ('rows', 'known')
    group by r.slice_no
),

last_periods as (
    select g.monitor, g.model_version, max(g.reference_last_index) as period_index
    from {{ ref('driftline_int_slices') }} as g
    where g.segment = 'all' and g.reference_last_index is not null
    group by g.monitor, g.model_version
),

finals as (
    select
        w.slice_no as slice_no, w.monitor as monitor, w.source, w.model_version as model_version, c.row_count,
        c.known_count, m.min_labelled_share,
        case m.period
            {%- for kind in ['hour', 'day', 'week', 'month'] %}
            when '{{ kind }}' then {{ driftline._period_at('l.period_index + 1 + coalesce(m.label_delay, 0)', kind) }}
            {%- endfor %}
        end <= m.as_of as is_final
    from {{ ref('driftline_int_slices') }} as w
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = w.monitor
    join counts as c on c.slice_no = w.slice_no
    join last_periods as l on l.monitor = w.monitor and l.model_version = c.reference_model_version
    where w.segment = 'all'
)

select
    g.slice_no, f.row_count, f.known_count, f.is_final,
    f.is_final and f.known_count >= f.min_labelled_share * f.row_count as is_mature
from {{ ref('driftline_int_slices') }} as g
join finals as f on f.monitor = g.monitor and f.source = g.source and f.model_version = g.model_version
{%- else -%}{{ driftline._empty() }}{%- endif %}
