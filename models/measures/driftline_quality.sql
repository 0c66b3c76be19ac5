{{ driftline._keep_windows() }}
{%- if driftline._is_needed(['quality']) -%}
{%- set rates = driftline._quality_rates() -%}
{%- set z = driftline._normal_tail(driftline._alpha()) -%}
{%- set mean_of_absolute = driftline._mean_of_absolute() -%}
{{- driftline._need_whole_steps() }}

-- Whose labels may still come. Where they become known late and nobody has said when they are final (label_delay), no
-- longer than it takes until enough of them are known.
with youth as (
    select
        t.slice_no as slice_no, t.window_periods, t.period_index,
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
    w.monitor as monitor, w.model_version as model_version, w.segment as segment, w.segment_value as segment_value,
    cast(r.window_periods as {{ dbt.type_int() }}) as window_periods, w.window_start, w.window_end,
    {{ driftline._is_total('w') }} as is_total,
    r.column_name as column_name, r.column_role as column_role, r.column_kind, w.is_complete,
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
        ~ mean_of_absolute ~ ' * r.' ~ rate ~ '_error, coalesce(' ~ chance
            ~ ', 0e0)' ~ (', coalesce(' ~ out_of_range ~ ', 0e0)' if rate == 'out_of_range_rate' else '') ~ ') end') }}
        as {{ rate }}_noise,
    {%- endfor %}
    cast(r.reference_row_count as {{ dbt.type_bigint() }}) as reference_row_count,
    {{ driftline._as_text("case
        when r.n = 0 then 'no rows in the window'
        when r.is_label and y.is_young then 'labels that are not final yet are not missing'
        when r.column_kind = 'numeric' and r.finites = 0 then 'no finite values in the window'
        when r.column_kind = 'numeric' and r.finites > 1 and r.variance is null
            then 'values too large for a standard deviation'
        when r.column_kind = 'numeric' and r.variance is null then 'one value has no standard deviation'
    end") }} as reason
from {{ ref('driftline_int_rates') }} as r
join {{ ref('driftline_int_windows') }} as w
    on w.slice_no = r.slice_no and w.window_periods = r.window_periods and w.period_index = r.period_index
    and w.source = 'relation'
left join youth as y on y.slice_no = r.slice_no and y.window_periods = r.window_periods
    and y.period_index = r.period_index
left join versions as v on v.slice_no = r.slice_no
left join {{ ref('driftline_int_quality_noise') }} as f
    on f.monitor = w.monitor and f.segment = w.segment and f.segment_value = w.segment_value
    and f.model_version = v.reference_model_version
    and f.window_periods = r.window_periods and f.column_name = r.column_name and f.column_role = r.column_role
where r.is_computed
{{- driftline._and_kept_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
