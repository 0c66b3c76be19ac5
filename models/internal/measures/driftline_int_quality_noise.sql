{{ driftline._keep_noise() }}
{%- if driftline._is_needed(['quality']) -%}
{%- set rates = driftline._quality_rates() -%}
{%- set names = driftline._noise_key() + ['column_name', 'column_role'] + rates.keys() | list %}

-- How far the reference's own windows are from the rest of it beyond chance, as for drift.
with floors as (
    select
        g.monitor as monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.column_name,
        r.column_role
        {%- for rate in rates %},
        max(greatest(coalesce(r.{{ rate }} - r.reference_{{ rate }}
            - {{ driftline._mean_of_absolute() }} * r.{{ rate }}_error, 0e0), 0e0)) as {{ rate }}
        {%- endfor %}
    from {{ ref('driftline_int_rates') }} as r
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = r.slice_no
    where r.is_reference and r.reference_row_count > 0
    group by g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.column_name, r.column_role
    having count(*) > 1
)

select {{ names | join(', ') }} from floors
{{- driftline._and_kept_noise(names) }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
