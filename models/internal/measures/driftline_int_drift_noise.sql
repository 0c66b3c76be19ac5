{{ driftline._keep_noise() }}
{%- if driftline._is_needed(['drift']) -%}
{%- set names = driftline._noise_key() + ['column_name', 'column_role'] -%}
{%- for distance in driftline._distances() -%}
    {%- do names.extend([distance.name, distance.name ~ '_excess']) -%}
{%- endfor %}

-- What the reference's own windows reach, each held against the rest of the reference. One window says nothing.
with results as (
    {{ driftline._pair_results("s.baseline = 'noise'") }}
),

columns as (
    select distinct column_no, column_name, column_role from {{ ref('driftline_int_bins') }}
),

floors as (
    select
        g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, c.column_name, c.column_role
        {%- for distance in driftline._distances() %},
        {%- set far = (distance.deviation or '{0}').replace('{0}', 'r.' ~ distance.name) %}
        max({{ far }}) as {{ distance.name }},
        max(case when {{ far }} > r.{{ distance.name }}_expected
            then {{ far }} - r.{{ distance.name }}_expected else 0e0 end) as {{ distance.name }}_excess
        {%- endfor %}
    from results as r
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = r.slice_no
    join columns as c on c.column_no = r.column_no
    where r.psi is not null
    group by g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, c.column_name, c.column_role
    having count(*) > 1
)

select {{ names | join(', ') }} from floors
{{- driftline._and_kept_noise(names) }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
