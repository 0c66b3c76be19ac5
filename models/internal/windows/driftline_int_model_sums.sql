{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['performance', 'comparisons']) -%}
{%- set side = 'slice_no, window_periods, period_index, side' -%}
{%- set parts = driftline._metric_sums() %}

-- What performance is computed from, one row for each side: every window, and the reference without the window's rows.
-- Windows that share no rows with the reference share all of it: it stands under window_periods 0.
with measures as (
    select r.slice_no, r.window_periods, r.period_index, 'window' as side, r.measure, r.n, r.w, r.w2, r.v, r.d2
    from {{ ref('driftline_int_rolling_measures') }} as r
    where r.column_role in ('performance', 'row')
    union all
    select f.slice_no, 0, 0, 'reference', c.bin_kind, f.n, f.w, f.w2, f.v, f.d2
    from {{ ref('driftline_int_reference') }} as f
    join {{ ref('driftline_int_bins') }} as c
        on c.bin_no = f.bin_no and c.column_kind = 'measure' and c.column_role in ('performance', 'row')
    union all
    select
        r.slice_no as slice_no, r.window_periods as window_periods, r.period_index as period_index, 'reference',
        r.measure,
        f.n - r.reference_n, f.w - r.reference_w, f.w2 - r.reference_w2, f.v - r.reference_v, f.d2 - r.reference_d2
    from {{ ref('driftline_int_rolling_measures') }} as r
    join {{ ref('driftline_int_maturity') }} as o
        on o.slice_no = r.slice_no and o.window_periods = r.window_periods and o.period_index = r.period_index
        and o.touches_reference
    join {{ ref('driftline_int_reference') }} as f on f.slice_no = r.slice_no and f.bin_no = r.bin_no
    -- What rounding leaves of a row is no row.
    where r.column_role in ('performance', 'row') and f.n > r.reference_n and f.w - r.reference_w > 1e-12 * f.w
),

sums as (
    select
        {{ side }},
        {%- for measure in parts -%}
        {%- set outer = loop -%}
        {%- for part in parts[measure] %}
        max(case when measure = '{{ measure }}' then {{ part }} end) as {{ measure }}_{{ part }}
            {{- ',' if not (loop.last and outer.last) }}
        {%- endfor -%}
        {%- endfor %}
    from measures
    group by {{ side }}
)

-- A label's deviations were taken from its frozen centre.
select
    s.*, g.task, g.ranking_k, g.monitor, g.is_scored,
    s.labelled_w * s.labelled_w / nullif(s.labelled_w2, 0e0) as effective_n,
    s.labelled_w2 / nullif(s.labelled_w, 0e0) as weight_per_row,
    s.label_d2 - s.labelled_w
        * {{ driftline._squared('(s.label_v / nullif(s.labelled_w, 0e0) - coalesce(g.label_centre, 0e0))') }}
        as label_ss
from sums as s
join {{ ref('driftline_int_slices') }} as g on g.slice_no = s.slice_no
-- Lists have no need of a score.
where g.source = 'relation' and g.is_shown and (g.is_scored or g.ranking_k is not null)
    and ({{ driftline._of_family('performance', 'g.monitor') }}
        or {{ driftline._of_family('comparisons', 'g.monitor') }})
{%- else -%}{{ driftline._empty() }}{%- endif %}
