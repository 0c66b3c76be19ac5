{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['performance', 'comparisons']) -%}

-- The loss of a number that a row's bin makes expect: the mean in the reference, by bin of the column, feature or
-- prediction, that tells most about it. Segments share what their version has.
with losses as (
    select
        c.monitor as monitor, c.column_no, r.l, r.e, r.e2,
        sum(r.l) over (partition by c.column_no) as total_l,
        sum(r.e) over (partition by c.column_no) as total_e,
        sum(r.e2) over (partition by c.column_no) as total_e2,
        count(*) over (partition by c.column_no) as bins
    from {{ ref('driftline_int_reference') }} as r
    join {{ ref('driftline_int_slices') }} as g
        on g.slice_no = r.slice_no and g.model_version = 'all' and g.segment = 'all'
        and g.source = 'relation' and g.is_scored and g.task = 'regression'
    join {{ ref('driftline_int_bins') }} as c
        on c.bin_no = r.bin_no and c.column_role in ('feature', 'prediction') and c.bin_kind <> 'moments'
    where r.l > 0
),

-- The share of the loss's variance that lies between the bins, less what as many bins would explain of noise.
explained as (
    select
        monitor, column_no,
        1e0 - (1e0 - sum(l * {{ driftline._squared('(e / l - total_e / total_l)') }})
            / nullif(max(
                total_l
                * {{ driftline._variance('total_e2 / total_l', driftline._squared('(total_e / total_l)'), 'total_l') }}
            ), 0e0))
            * (max(total_l) - 1e0) / nullif(greatest(max(total_l) - max(bins), 0e0), 0e0) as explained
    from losses
    group by monitor, column_no
),

chosen as (
    select column_no from (
        select column_no, row_number() over (
            partition by monitor order by {{ driftline._by_nine_digits('coalesce(explained, -1e0)') }} desc, column_no
        ) as place
        from explained
    ) as ranked
    where place = 1
)

select
    g.slice_no as slice_no, c.bin_no as bin_no, f.e / f.l as loss,
    {{ driftline._variance('f.e2 / f.l', driftline._squared('(f.e / f.l)'), 'f.n') }} as loss_variance,
    f.l2 / (f.l * f.l) as reference_share
from {{ ref('driftline_int_slices') }} as whole
join {{ ref('driftline_int_reference') }} as f on f.slice_no = whole.slice_no and f.l > 0
join {{ ref('driftline_int_bins') }} as c on c.bin_no = f.bin_no and c.bin_kind <> 'moments'
join chosen as l on l.column_no = c.column_no
join {{ ref('driftline_int_slices') }} as g
    on g.monitor = whole.monitor and g.source = whole.source and g.model_version = whole.model_version
where whole.segment = 'all' and whole.source = 'relation'
{%- else -%}{{ driftline._empty() }}{%- endif %}
