{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['performance']) -%}

-- What a score has meant in the reference: the share of positive labels in each of its bins (of the probability of a
-- chosen class: the share of right choices), made to rise with the score by isotonic regression. Its value at a bin
-- is the largest, over all bins before it, of the smallest mean from there on to any bin after it (Robertson, Wright
-- & Dykstra, Order Restricted Statistical Inference, 1988, theorem 1.4.4).
with bins as (
    select
        r.slice_no as slice_no, c.column_no, c.column_role, c.bin_no as bin_no, c.bin, c.bin_lower, c.bin_upper, r.l,
        r.l2, r.y, r.lp
    from {{ ref('driftline_int_reference') }} as r
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = r.slice_no and g.source = 'relation'
        and g.segment = 'all'
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no and c.column_role in ('performance', 'confidence')
        and c.column_kind = 'numeric' and c.bin_kind = 'range'
),

cumulated as (
    select
        slice_no, column_no, bin,
        sum(l) over (partition by slice_no, column_no order by bin rows unbounded preceding) as l_to,
        sum(y) over (partition by slice_no, column_no order by bin rows unbounded preceding) as y_to,
        {%- for name in ['l', 'y'] %}
        coalesce(sum({{ name }}) over (
            partition by slice_no, column_no order by bin rows between unbounded preceding and 1 preceding
        ), 0e0) as {{ name }}_before{{ ',' if not loop.last }}
        {%- endfor %}
    from bins
    where l > 0
),

spans as (
    select
        a.slice_no, a.column_no, a.bin as first_bin, b.bin as last_bin,
        min((b.y_to - a.y_before) / (b.l_to - a.l_before)) over (
            partition by a.slice_no, a.column_no, a.bin order by b.bin desc rows unbounded preceding
        ) as least_mean
    from cumulated as a
    join cumulated as b on b.slice_no = a.slice_no and b.column_no = a.column_no and b.bin >= a.bin
),

isotonic as (
    select slice_no, column_no, last_bin as bin, least(greatest(coalesce(max(least_mean), 0e0), 0e0), 1e0) as calibrated
    from spans
    group by slice_no, column_no, last_bin
),

-- A bin without labels in the reference has the value of the bin before it, the first ones that of the bin after them.
filled as (
    select
        b.*, i.calibrated as own,
        coalesce(
            max(i.calibrated) over (partition by b.slice_no, b.column_no order by b.bin rows unbounded preceding),
            min(i.calibrated) over (partition by b.slice_no, b.column_no order by b.bin desc rows unbounded preceding)
        ) as calibrated
    from bins as b
    left join isotonic as i on i.slice_no = b.slice_no and i.column_no = b.column_no and i.bin = b.bin
),

-- Bins of one value were pooled: what the value stands on is all of their labels.
pooled as (
    select
        filled.*,
        dense_rank() over (partition by slice_no, column_no order by calibrated) as block,
        sum(l) over (partition by slice_no, column_no, calibrated) as block_l,
        sum(l2) over (partition by slice_no, column_no, calibrated) as block_l2
    from filled
)

-- Segments share the calibration of their version.
select
    g.slice_no as slice_no, p.column_no, p.bin_no, p.bin, p.bin_lower, p.bin_upper, p.l as labelled_weight,
    p.y as label_sum,
    p.y / nullif(p.l, 0e0) as label_rate, p.lp / nullif(p.l, 0e0) as mean_score, p.calibrated,
    cast(p.block as {{ dbt.type_int() }}) as block,
    -- One half of a row of each kind keeps a block of all or none from being certain (Jeffreys).
    ((p.calibrated * p.block_n + 0.5e0) / (p.block_n + 1e0))
        * (1e0 - (p.calibrated * p.block_n + 0.5e0) / (p.block_n + 1e0)) / (p.block_n + 1e0) as variance,
    -- The threshold is one of the edges.
    coalesce(p.bin_lower >= g.decision_threshold - greatest(abs(g.decision_threshold) * 1e-15, 1e-299), false)
        as is_positive,
    coalesce(g.task, '') = 'binary' and p.column_role = 'performance'
        or coalesce(g.task, '') = 'multiclass' and p.column_role = 'confidence' as is_used
from (
    select pooled.*, coalesce(block_l * block_l / nullif(block_l2, 0e0), 0e0) as block_n from pooled
) as p
join {{ ref('driftline_int_slices') }} as whole on whole.slice_no = p.slice_no
join {{ ref('driftline_int_slices') }} as g
    on g.monitor = whole.monitor and g.source = whole.source and g.model_version = whole.model_version
where p.calibrated is not null
{%- else -%}{{ driftline._empty() }}{%- endif %}
