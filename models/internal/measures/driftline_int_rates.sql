{{ config(materialized=driftline._step_materialization('quality')) }}
{%- if driftline._is_needed(['quality']) -%}
{%- set rates = driftline._quality_rates() %}

-- What share of each column's rows is NULL, NaN, …, in the windows and in the rest of the reference.
with columns as (
    select c.column_no, c.monitor as monitor, c.column_name, c.column_role, c.column_kind,
        coalesce(max(b.bin_lower), 0) as centre
    from {{ ref('driftline_int_bins') }} as c
    left join {{ ref('driftline_bins') }} as b
        on b.monitor = c.monitor and b.column_name = c.column_name and b.column_role = c.column_role
        and b.bin_kind = 'centre'
    where c.column_role in ('feature', 'prediction', 'label') and {{ driftline._of_family('quality', 'c.monitor') }}
    group by c.column_no, c.monitor, c.column_name, c.column_role, c.column_kind
),

reference_columns as (
    select
        r.slice_no as slice_no, c.column_no,
        sum(case when c.bin_kind <> 'moments' then r.n end) as n,
        sum(case when c.bin_kind <> 'moments' then r.w end) as total,
        sum(case when c.bin_kind <> 'moments' then r.w2 end) as total2,
        sum(case when c.bin_kind = 'moments' then r.w end) as finites,
        sum(case when c.bin_kind = 'null' then r.w end) as nulls,
        sum(case when c.bin_kind = 'nan' then r.w end) as nans,
        sum(case when c.bin_kind in ('negative_infinity', 'positive_infinity') then r.w end) as infinites,
        sum(case when c.bin_kind = 'unseen' then r.w end) as unseens,
        sum(r.out_of_range_weight) as out_of_range
    from {{ ref('driftline_int_reference') }} as r
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no
    where c.column_role in ('feature', 'prediction', 'label')
    group by r.slice_no, c.column_no
),

rates as (
    select
        r.slice_no as slice_no, r.window_periods, r.period_index, r.column_no as column_no,
        c.monitor as monitor, c.column_name, c.column_role, c.column_kind,
        r.n as n, r.n > 0 and r.n = r.reference_n and {{ driftline._is_of_reference('r', 'o') }} as is_reference,
        {{ driftline._is_computed('r', 'o') }} as is_computed,
        coalesce(f.n, 0) - r.reference_n as reference_row_count,
        r.finites as finites, r.value_min, r.value_max,
        r.value_sum / nullif(r.finites, 0) as mean,
        -- Deviations were taken from the frozen centre; a square too large to sum is left out of the state.
        case when r.finites > 1 and abs(r.value_min - c.centre) <= 1e145 and abs(r.value_max - c.centre) <= 1e145 then
            {{ driftline._variance('r.deviation_sq_sum / r.finites',
                driftline._squared('(r.value_sum / r.finites - c.centre)'), 'r.n') }}
            * (r.finites / (r.finites - 1))
        end as variance,
        r.total * r.total / nullif(r.total2, 0) as effective_n,
        -- What rounding leaves of a row is no row.
        case when {{ driftline._is_left('f.total', 'r.reference_total') }} then
            (f.total - r.reference_total) * (f.total - r.reference_total) / nullif(f.total2 - r.reference_total2, 0)
        end as reference_effective_n
        {%- for rate, of in rates.items() %}
        {%- set is_kind = "c.column_kind = '" ~ of.kind ~ "'" if of.kind else '1 = 1' %},
        case when {{ is_kind }} then r.{{ of.sum }} / nullif(r.{{ of.base }}, 0) end as {{ rate }},
        case when {{ is_kind }} and {{ driftline._is_left('f.' ~ of.base, 'r.reference_' ~ of.base) }} then
            greatest(coalesce(coalesce(f.{{ of.sum }}, 0) - r.reference_{{ of.sum }}, 0), 0)
                / (f.{{ of.base }} - r.reference_{{ of.base }})
        end as reference_{{ rate }}
        {%- endfor %}
    from {{ ref('driftline_int_rolling_columns') }} as r
    join columns as c on c.column_no = r.column_no
    join {{ ref('driftline_int_scopes') }} as o on o.slice_no = r.slice_no
    left join reference_columns as f on f.slice_no = r.slice_no and f.column_no = r.column_no
)

-- If nothing changed, the rows of both sides have one rate: that of both together. So a rate of 0 or 1 is not certain.
select
    rates.*, column_role = 'label' as is_label
    {%- for rate in rates %},
    sqrt(pooled_{{ rate }} * (1e0 - pooled_{{ rate }})
        * (1e0 / effective_n + 1e0 / reference_effective_n)) as {{ rate }}_error
    {%- endfor %}
from (
    select
        rates.*
        {%- for rate in rates %},
        case when {{ rate }} + reference_{{ rate }} >= 0 then least(greatest(
            ({{ rate }} * effective_n + reference_{{ rate }} * reference_effective_n)
                / (effective_n + reference_effective_n), 0e0
        ), 1e0) end as pooled_{{ rate }}
        {%- endfor %}
    from rates
) as rates
{%- else -%}{{ driftline._empty() }}{%- endif %}
