{{ config(materialized='table') }}
{%- set sums = {
    'row_count': 'n', 'weight_sum': 'w', 'weight_sq_sum': 'w2', 'value_sum': 'v', 'deviation_sq_sum': 'd2',
    'prediction_sum': 'p', 'labelled_weight_sum': 'l', 'labelled_weight_sq_sum': 'l2', 'label_sum': 'y', 'label_sq_sum': 'y2',
    'labelled_prediction_sum': 'lp', 'loss_sum': 'e', 'loss_sq_sum': 'e2',
} %}

-- State by group, cell and period, versions added up to their totals, and beside each sum the part that is reference.
with versions as (
    select
        monitor, source, model_version, segment, segment_value, column_name, column_role, bin, bin_kind, period_index, in_reference,
        {{ sums.keys() | list | join(', ') }}, value_min, value_max, out_of_range_weight
    from {{ ref('driftline_state') }}
    where model_version <> 'all'
    union all
    select
        monitor, source, 'all', segment, segment_value, column_name, column_role, bin, bin_kind, period_index, in_reference,
        {{ sums.keys() | list | join(', ') }}, value_min, value_max, out_of_range_weight
    from {{ ref('driftline_state') }}
)

select
    g.group_no, c.cell_no, v.period_index,
    {%- for name in sums %}
    sum({{ driftline._as_double('v.' ~ name) }}) as {{ sums[name] }},
    sum(case when v.in_reference then {{ driftline._as_double('v.' ~ name) }} end) as reference_{{ sums[name] }},
    {%- endfor %}
    min(v.value_min) as value_min,
    max(v.value_max) as value_max,
    min(case when v.in_reference then v.value_min end) as reference_value_min,
    max(case when v.in_reference then v.value_max end) as reference_value_max,
    sum(v.out_of_range_weight) as out_of_range_weight,
    sum(case when v.in_reference then v.out_of_range_weight end) as reference_out_of_range_weight
from versions as v
join {{ ref('driftline_groups') }} as g
    on g.monitor = v.monitor and g.source = v.source and g.model_version = v.model_version
    and g.segment = v.segment and g.segment_value = v.segment_value
join {{ ref('driftline_cells') }} as c
    on c.monitor = v.monitor and c.column_name = v.column_name and c.column_role = v.column_role
    and c.bin = v.bin and c.bin_kind = v.bin_kind
group by g.group_no, c.cell_no, v.period_index
