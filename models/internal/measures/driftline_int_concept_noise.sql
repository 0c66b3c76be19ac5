{{ driftline._keep_noise() }}
{%- if driftline._is_needed(['concept']) -%}
{%- set targets = driftline._concept_targets() -%}
{%- set mean_of_absolute = driftline._mean_of_absolute() -%}
{%- set names = ['monitor', 'reference', 'window_periods', 'column_name', 'column_role', 'has_floor']
    + driftline._concept_excesses() %}

-- What the reference's own windows reach beyond chance, each against the rest of the reference. One window says
-- nothing.
with {{ driftline._concept_effects(is_noise=1) }},

columns as (
    select distinct column_no, column_name, column_role from {{ ref('driftline_int_bins') }}
),

floors as (
    select
        o.monitor, o.own_reference as reference, e.window_periods, c.column_name, c.column_role,
        case when count(*) > 1 then 1 end as has_floor
        {%- for name in targets -%}
        {%- for effect in ['shares', 'rates'] %},
        {%- set of = 'e.' ~ name ~ '_' ~ effect %}
        max(case when e.{{ name }}_missing = 0
            then greatest(coalesce(abs({{ of }}_effect) - {{ mean_of_absolute }} * {{ of }}_error, 0e0), 0e0)
            end) as {{ name }}_{{ effect }}_excess
        {%- endfor -%}
        {%- endfor %}
        {%- for name in ['label', 'calibration'] %},
        max(case when e.{{ name }}_missing = 0
            then greatest(coalesce(e.{{ name }}_shift - e.{{ name }}_shift_error, 0e0), 0e0)
            end) as {{ name }}_shift_excess
        {%- endfor %}
    from effects as e
    join {{ ref('driftline_int_concept_scopes') }} as o on o.slice_no = e.slice_no
    join columns as c on c.column_no = e.column_no
    where e.is_reference and e.compared_bins > 0
    group by o.monitor, o.own_reference, e.window_periods, c.column_name, c.column_role
)

select {{ names | join(', ') }} from floors
{{- driftline._and_kept_noise(names) }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
