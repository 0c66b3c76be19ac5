{{ driftline._keep_windows() }}
{%- if driftline._is_needed(['quality']) -%}
{%- set rates = {'null_rate': 'nulls', 'nan_rate': 'nans', 'infinite_rate': 'infinites', 'unseen_rate': 'unseens', 'out_of_range_rate': 'out_of_range'} -%}
{#- What a rate is a share of: out of range only finite values can be. -#}
{%- set bases = {'null_rate': 'total', 'nan_rate': 'total', 'infinite_rate': 'total', 'unseen_rate': 'total', 'out_of_range_rate': 'finites'} -%}
{%- set only = {'nan_rate': 'numeric', 'infinite_rate': 'numeric', 'unseen_rate': 'categorical', 'out_of_range_rate': 'numeric'} -%}
{%- set z = driftline._normal_tail(driftline._alpha()) -%}
{%- set mean_of_absolute = driftline._mean_of_absolute() -%}
{{- driftline._need_whole_steps() }}

with columns as (
    select c.column_no, c.monitor, c.column_name, c.column_role, c.column_kind, coalesce(max(b.bin_lower), 0) as centre
    from {{ ref('driftline_int_bins') }} as c
    left join {{ ref('driftline_bins') }} as b
        on b.monitor = c.monitor and b.column_name = c.column_name and b.column_role = c.column_role and b.bin_kind = 'centre'
    where c.column_role in ('feature', 'prediction', 'label') and {{ driftline._of_family('quality', 'c.monitor') }}
    group by c.column_no, c.monitor, c.column_name, c.column_role, c.column_kind
),

reference_columns as (
    select
        r.slice_no, c.column_no,
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
        r.slice_no, r.window_periods, r.period_index, r.column_no,
        c.monitor, c.column_name, c.column_role, c.column_kind,
        r.n, r.n > 0 and r.n = r.reference_n and {{ driftline._is_of_reference('r', 'o') }} as is_reference,
        {{ driftline._is_computed('r', 'o') }} as is_computed,
        coalesce(f.n, 0) - r.reference_n as reference_row_count,
        r.finites, r.value_min, r.value_max,
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
        {%- for rate in rates %},
        {% if rate in only %}case when c.column_kind = '{{ only[rate] }}' then {% endif -%}
        r.{{ rates[rate] }} / nullif(r.{{ bases[rate] }}, 0){{ ' end' if rate in only }} as {{ rate }},
        case when {{ driftline._is_left('f.' ~ bases[rate], 'r.reference_' ~ bases[rate]) }}{{ " and c.column_kind = '"
            ~ only[rate] ~ "'" if rate in only }} then
            greatest(coalesce(f.{{ rates[rate] }}, 0) - r.reference_{{ rates[rate] }}, 0) / (f.{{ bases[rate] }} - r.reference_{{ bases[rate] }})
        end as reference_{{ rate }}
        {%- endfor %}
    from {{ ref('driftline_int_rolling_columns') }} as r
    join columns as c on c.column_no = r.column_no
    join {{ ref('driftline_int_scopes') }} as o on o.slice_no = r.slice_no
    left join reference_columns as f on f.slice_no = r.slice_no and f.column_no = r.column_no
),

-- If nothing changed, the rows of both sides have one rate: that of both together. So a rate of 0 or 1 is not certain.
pooled as (
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
),

-- How far the reference's own windows are from the rest of it beyond chance, as for drift.
noise_floors as (
    select
        g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.column_no
        {%- for rate in rates %},
        max(greatest(r.{{ rate }} - r.reference_{{ rate }}
            - {{ mean_of_absolute }} * r.{{ rate }}_error, 0e0)) as {{ rate }}
        {%- endfor %}
    from pooled as r
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = r.slice_no
    where r.is_reference and r.reference_row_count > 0
    group by g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.column_no
    having count(*) > 1
),

-- Whose labels may still come. Where they become known late and nobody has said when they are final (label_delay), no
-- longer than it takes until enough of them are known.
youth as (
    select
        t.slice_no, t.window_periods, t.period_index,
        case when m.label_delay > 0 then not t.is_final else k.monitor is not null and not t.is_mature end as is_young,
        case when m.label_delay > 0 then not f.is_final
            else k.monitor is not null and not f.is_mature end as is_young_reference
    from {{ ref('driftline_int_maturity') }} as t
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = t.monitor
    left join {{ ref('driftline_int_reference_labels') }} as f on f.slice_no = t.slice_no
    left join (
        select distinct monitor from ({{ driftline._from_monitors('setting') }}) as settings
            where column_name = 'label_known_at'
    ) as k on k.monitor = t.monitor
),

versions as (
    select distinct slice_no, reference_model_version from {{ ref('driftline_int_reference') }}
)

select
    w.monitor, w.model_version, w.segment, w.segment_value,
    cast(r.window_periods as {{ dbt.type_int() }}) as window_periods, w.window_start, w.window_end,
    {{ driftline._is_total('w') }} as is_total,
    r.column_name, r.column_role, r.column_kind, w.is_complete,
    cast(r.n as {{ dbt.type_bigint() }}) as row_count,
    {%- for rate in rates %}
    {{ driftline._as_double("case when not (r.is_label and coalesce(y.is_young, false)) then r.null_rate end"
        if rate == 'null_rate' else 'r.' ~ rate) }} as {{ rate }},
    {%- endfor %}
    {{ driftline._as_double('r.mean') }} as mean,
    {{ driftline._as_double('sqrt(case when r.variance < 0 then 0 else r.variance end)') }} as stddev,
    {{ driftline._as_double('r.value_min') }} as minimum,
    {{ driftline._as_double('r.value_max') }} as maximum,
    {%- for rate in rates %}
    {{ driftline._as_double("case when not (r.is_label and coalesce(y.is_young_reference, false))"
        ~ " then r.reference_null_rate end"
        if rate == 'null_rate' else 'r.reference_' ~ rate) }} as reference_{{ rate }},
    {%- set chance = driftline._chance_of_difference(
        z, 'r.pooled_' ~ rate ~ ' * (1e0 - r.pooled_' ~ rate ~ ')', 'abs(1e0 - 2e0 * r.pooled_' ~ rate ~ ')',
        '1e0 / r.effective_n', '1e0 / r.reference_effective_n'
    ) %}
    {#- The range is what the reference has: of rows to come, as many are over its greatest value as a geometric
        distribution gives, its ratio the window's part of all rows; likewise below the least.
        Both together have a tail somewhat longer. -#}
    {%- set out_of_range = "1.3e0 * ln(" ~ driftline._as_double(driftline._alpha())
        ~ ") / ln(r.effective_n / (r.effective_n + r.reference_effective_n)) / r.effective_n" %}
    {{ driftline._as_double('case when r.pooled_' ~ rate ~ ' is not null then greatest(coalesce(f.' ~ rate ~ ', 0e0) + '
        ~ mean_of_absolute ~ ' * r.' ~ rate ~ '_error, ' ~ chance
            ~ (', ' ~ out_of_range if rate == 'out_of_range_rate' else '') ~ ') end') }} as {{ rate }}_noise,
    {%- endfor %}
    cast(r.reference_row_count as {{ dbt.type_bigint() }}) as reference_row_count,
    {{ driftline._as_text("case
        when r.n = 0 then 'no rows in the window'
        when r.is_label and y.is_young then 'labels that are not final yet are not missing'
        when r.column_kind = 'numeric' and r.finites = 0 then 'no finite values in the window'
        when r.column_kind = 'numeric' and r.finites > 1 and r.variance is null then 'values too large for a standard deviation'
        when r.column_kind = 'numeric' and r.variance is null then 'one value has no standard deviation'
    end") }} as reason
from pooled as r
join {{ ref('driftline_int_windows') }} as w
    on w.slice_no = r.slice_no and w.window_periods = r.window_periods and w.period_index = r.period_index and w.source = 'relation'
left join youth as y on y.slice_no = r.slice_no and y.window_periods = r.window_periods
    and y.period_index = r.period_index
left join versions as v on v.slice_no = r.slice_no
left join noise_floors as f
    on f.monitor = w.monitor and f.segment = w.segment and f.segment_value = w.segment_value and f.model_version = v.reference_model_version
    and f.window_periods = r.window_periods and f.column_no = r.column_no
where r.is_computed
{{- driftline._and_kept_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
