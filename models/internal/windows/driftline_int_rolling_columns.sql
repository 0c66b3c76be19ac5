{{ config(materialized=driftline._private_table()) }}
{%- set read = ref('driftline_int_event_windows') -%}
{%- if driftline._is_needed() -%}
{%- set leaves = driftline._has_events() -%}
{%- set kinds = {
    'total': "c.bin_kind <> 'moments'", 'nulls': "c.bin_kind = 'null'", 'nans': "c.bin_kind = 'nan'",
    'infinites': "c.bin_kind in ('negative_infinity', 'positive_infinity')", 'unseens': "c.bin_kind = 'unseen'",
    'finites': "c.bin_kind = 'moments'",
} -%}
{%- set measures = [
    {'name': 'n', 'aggregate': 'sum', 'baselines': true},
    {'name': 'total', 'aggregate': 'sum', 'baselines': true},
    {'name': 'total2', 'aggregate': 'sum', 'baselines': true},
    {'name': 'value_min', 'aggregate': 'min', 'baselines': true},
    {'name': 'value_max', 'aggregate': 'max', 'baselines': true},
    {'name': 'finites', 'aggregate': 'sum', 'baselines': true},
    {'name': 'value_sum', 'aggregate': 'sum', 'baselines': true},
    {'name': 'deviation_sq_sum', 'aggregate': 'sum', 'baselines': true},
] -%}
{%- for name in ['nulls', 'nans', 'infinites', 'unseens', 'out_of_range',
        'reference_n', 'reference_value_sum', 'reference_deviation_sq_sum', 'reference_total',
        'reference_total2', 'reference_nulls', 'reference_nans', 'reference_infinites', 'reference_unseens',
        'reference_finites', 'reference_out_of_range'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

-- The sums of each column over this run's windows and those of the reference: rows by what they hold, and the moments
-- of the finite values.
with by_column as (
    select
        s.slice_no, c.column_no as column_no, s.period_index,
        sum(case when {{ kinds.total }} then s.n end) as n,
        sum(case when {{ kinds.total }} then s.w2 end) as total2,
        {%- for kind in kinds %}
        sum(case when {{ kinds[kind] }} then s.w end) as {{ kind }},
        sum(case when {{ kinds[kind] }} then s.reference_w end) as reference_{{ kind }},
        {%- endfor %}
        sum(case when {{ kinds.total }} then s.reference_n end) as reference_n,
        sum(case when {{ kinds.total }} then s.reference_w2 end) as reference_total2,
        sum(case when {{ kinds.finites }} then s.v end) as value_sum,
        sum(case when {{ kinds.finites }} then s.d2 end) as deviation_sq_sum,
        sum(case when {{ kinds.finites }} then s.reference_v end) as reference_value_sum,
        sum(case when {{ kinds.finites }} then s.reference_d2 end) as reference_deviation_sq_sum,
        min(s.value_min) as value_min,
        max(s.value_max) as value_max,
        sum(s.out_of_range_weight) as out_of_range,
        sum(s.reference_out_of_range_weight) as reference_out_of_range
    from {{ ref('driftline_int_series') }} as s
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no
    where c.column_role in ('feature', 'prediction', 'label')
    group by s.slice_no, c.column_no, s.period_index
),

dense as (
    select
        k.slice_no as slice_no, c.column_no as column_no, k.block, k.period as period, k.period_index as period_index,
        k.first_index
        {{- ', case when e.column_no is null then 0 else 1 end as leaves' if leaves }}
        {%- for measure in measures %},
        {{ 'coalesce(b.' ~ measure.name ~ ', 0) as ' ~ measure.name if measure.aggregate == 'sum'
            else 'b.' ~ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_int_calendar') }} as k
    join (
        select distinct monitor, column_no from {{ ref('driftline_int_bins') }}
        where column_role in ('feature', 'prediction', 'label')
    ) as c on c.monitor = k.monitor
    join {{ ref('driftline_int_scopes') }} as o
        on o.slice_no = k.slice_no and o.is_shown and {{ driftline._is_reached('k', 'o') }}
    left join by_column as b on b.slice_no = k.slice_no and b.column_no = c.column_no
        and b.period_index = k.period_index
    {%- if leaves %}
    left join ({{ driftline._leaving_periods() }}
    ) as e on e.column_no = c.column_no and e.period_index = k.period_index
    {%- endif %}
)

select r.*
from (
    {{ driftline._roll('dense', ['slice_no', 'column_no', 'block'], measures, baseline='reference', leaves=leaves) }}
) as r
{{ driftline._wanted_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
