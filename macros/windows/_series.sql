{#
    The state by slice, bin and period: versions added up to their totals, and beside each sum the part that is
    reference. Who is not shown has measures alone.

    wanted  SQL that narrows it down: joins and conditions over s (driftline_state), g (its slice), t (the slice of the
            total that it is a part of) and c (its bin), up to the end of a statement's `where`

    Returns slice_no, bin_no, period_index; <sum> and reference_<sum> of n, w, w2 (rows, weights, their squares), v, d2
    (values, squared deviations), p (predictions), l, l2, y, y2, lp (weights, labels and predictions of labelled rows),
    e, e2 (losses); value_min, value_max, out_of_range_weight and the same of the reference.
#}
{% macro _series(wanted) %}
    {%- set sums = {
        'row_count': 'n', 'weight_sum': 'w', 'weight_sq_sum': 'w2', 'value_sum': 'v', 'deviation_sq_sum': 'd2',
        'prediction_sum': 'p', 'labelled_weight_sum': 'l', 'labelled_weight_sq_sum': 'l2', 'label_sum': 'y',
        'label_sq_sum': 'y2', 'labelled_prediction_sum': 'lp', 'loss_sum': 'e', 'loss_sq_sum': 'e2',
    } -%}
    {%- set measured = sums.keys() | list + ['value_min', 'value_max', 'out_of_range_weight'] %}
    -- Texts are looked up once and grouped by never: numbers are.
    with numbered as (
        select
            g.slice_no as slice_no, t.slice_no as total_no, c.bin_no as bin_no, s.period_index as period_index,
            s.in_reference,
            g.is_shown or c.column_kind = 'measure' as is_own,
            {%- for name in measured %}
            s.{{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('driftline_state') }} as s
        join {{ ref('driftline_int_slices') }} as g
            on g.monitor = s.monitor and g.source = s.source and g.model_version = s.model_version
            and g.segment = s.segment and g.segment_value = s.segment_value
        join {{ ref('driftline_int_slices') }} as t
            on t.monitor = s.monitor and t.source = s.source and t.model_version = 'all'
            and t.segment = s.segment and t.segment_value = s.segment_value
        join {{ ref('driftline_int_bins') }} as c
            on c.monitor = s.monitor and c.column_name = s.column_name and c.column_role = s.column_role
            and c.bin = s.bin and c.bin_kind = s.bin_kind
        {{ wanted }}
    ),

    versions as (
        select slice_no, bin_no, period_index, in_reference, {{ measured | join(', ') }}
        from numbered
        where slice_no <> total_no and is_own
        union all
        select total_no, bin_no, period_index, in_reference, {{ measured | join(', ') }}
        from numbered
    )

    select
        v.slice_no, v.bin_no, v.period_index,
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
    group by v.slice_no, v.bin_no, v.period_index
{% endmacro %}
