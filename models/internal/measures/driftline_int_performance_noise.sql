{{ driftline._keep_noise() }}
{%- if driftline._is_needed(['performance']) -%}
{%- set z = driftline._normal_tail(driftline._alpha() / 2) -%}
{%- set guessed = [] -%}
{%- for metric in driftline._metrics() if metric.chance is mapping and metric.chance.scatter -%}
    {%- do guessed.append(metric.name) -%}
{%- endfor -%}
{%- set names = driftline._noise_key() + ['metric', 'class_name', 'excess', 'dispersion'] %}

-- Windows that lie wholly in the reference, each held against the rest of it, tell what a good model's own windows
-- differ by.
with floors as (
    select
        g.monitor as monitor, g.model_version as model_version, g.segment as segment, g.segment_value as segment_value,
        r.window_periods as window_periods, r.metric as metric, r.class_name as class_name,
        -- What chance reaches there is taken off: it is added again as it is in the window that is judged (decision 4).
        max(greatest(coalesce(abs(r.value - r.reference_value) - coalesce(r.sampling_expected, 0e0), 0e0), 0e0))
            as excess,
        -- Where the fourth moment of the errors is a guess, the reference's windows say how far off it is.
        case when r.metric in ('{{ guessed | join("', '") }}') then
            -- Learnt from that many windows: Student's t for the normal quantile, to the first order.
            greatest(coalesce(sqrt(avg({{ driftline._squared('(case when r.sampling_error > 0'
                ~ ' then (r.value - r.reference_value) / r.sampling_error end)') }}))
                * (1e0 + ({{ z }} * {{ z }} + 1e0) / (4e0 * count(*))), 1e0), 1e0)
        end as dispersion
    from {{ ref('driftline_int_assessed') }} as r
    join {{ ref('driftline_int_maturity') }} as n
        on n.slice_no = r.slice_no and n.window_periods = r.window_periods and n.period_index = r.period_index
            and n.is_reference
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = r.slice_no
    where r.basis = 'realized' and r.value is not null and r.reference_value is not null
    group by g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.metric, r.class_name
    having count(*) > 1
)

select {{ names | join(', ') }} from floors
{{- driftline._and_kept_noise(names) }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
