{{ config(materialized='table') }}
{%- set side = 'group_no, window_periods, period_index, side' %}

-- Classes by side (as in driftline_model_sums): how many rows are of one, were taken for it, and both. Those of the reference
-- are looked for in every window; classes that the reference does not have share two bins.
select
    {{ side }}, class_name, max(is_pooled) as is_pooled, sum(support) as support, sum(predicted) as predicted, sum(hits) as hits
from (
    select
        {{ side }}, coalesce(bin_label, bin_kind) as class_name, case when bin_kind = 'category' then 0 else 1 end as is_pooled,
        case when column_role = 'class_support' then w else 0e0 end as support,
        case when column_role = 'class_predicted' then w else 0e0 end as predicted,
        case when column_role = 'class_hit' then w else 0e0 end as hits
    from ({{ driftline._score_sides(['class_support', 'class_predicted', 'class_hit']) }}) as b
    where bin_kind <> 'null' and w > 0
    union all
    select s.group_no, s.window_periods, s.period_index, s.side, c.bin_label, 0, 0e0, 0e0, 0e0
    from {{ ref('driftline_model_sums') }} as s
    join {{ ref('driftline_cells') }} as c on c.monitor = s.monitor and c.column_role = 'class_support' and c.bin_kind = 'category'
) as counts
group by {{ side }}, class_name
