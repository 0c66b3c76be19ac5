{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set outcomes = ['p', 'l', 'l2', 'y', 'y2', 'lp', 'e', 'e2'] %}

-- The whole reference by cell, for each group: its own version's; or, where that has too few rows to carry a judgement
-- and all versions together have enough, theirs.
with reference as (
    select
        g.monitor as monitor, g.model_version, g.segment as segment, g.segment_value as segment_value, s.bin_no,
        sum(s.reference_n) as n, sum(s.reference_w) as w, sum(s.reference_w2) as w2,
        sum(s.reference_v) as v, sum(s.reference_d2) as d2,
        {% for name in outcomes %}sum(s.reference_{{ name }}) as {{ name }}, {% endfor %}
        min(s.reference_value_min) as value_min, max(s.reference_value_max) as value_max,
        sum(s.reference_out_of_range_weight) as out_of_range_weight,
        count(*) as periods
    from {{ ref('driftline_int_series') }} as s
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = s.slice_no
    where s.reference_n > 0
    group by g.monitor, g.model_version, g.segment, g.segment_value, s.bin_no
),

row_counts as (
    select r.monitor, r.model_version, r.segment, r.segment_value,
        max(case when c.column_role = 'row' then r.n end) as n
    from reference as r
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no
    group by r.monitor, r.model_version, r.segment, r.segment_value
),

chosen as (
    select
        g.slice_no, g.monitor as monitor, g.segment as segment, g.segment_value as segment_value,
        case
            when own.n >= {{ driftline._least_reference_rows() }} or own.n > 0
                and coalesce(w.n, 0) < {{ driftline._least_reference_rows() }}
                then g.model_version
            else 'all'
        end as reference_model_version
    from {{ ref('driftline_int_slices') }} as g
    left join row_counts as own
        on own.monitor = g.monitor and own.model_version = g.model_version and own.segment = g.segment
            and own.segment_value = g.segment_value
    left join row_counts as w
        on w.monitor = g.monitor and w.model_version = 'all' and w.segment = g.segment
            and w.segment_value = g.segment_value
)

select
    c.slice_no, c.reference_model_version, r.bin_no, r.n, r.w, r.w2, r.v, r.d2,
    {% for name in outcomes %}r.{{ name }}, {% endfor %}
    r.value_min, r.value_max, r.out_of_range_weight, r.periods
from chosen as c
join reference as r
    on r.monitor = c.monitor and r.model_version = c.reference_model_version
    and r.segment = c.segment and r.segment_value = c.segment_value
{%- else -%}{{ driftline._empty() }}{%- endif %}
