{{ config(materialized=driftline._step_materialization('concept')) }}
{%- if driftline._is_needed(['concept']) %}

-- What the bins come to: how much of a change is their shares' and how much their rates', how far chance alone would
-- bring each, and how far the reference's own windows are from the rest of it.
with {{ driftline._concept_effects(is_noise=0) }},

columns as (
    select distinct column_no, column_name, column_role from {{ ref('driftline_int_bins') }}
)

select
    {{ driftline._all_of('e') }}, n.has_floor
    {%- for name in driftline._concept_excesses() %}, n.{{ name }}{% endfor %}
from effects as e
join {{ ref('driftline_int_concept_scopes') }} as o on o.slice_no = e.slice_no
join columns as c on c.column_no = e.column_no
left join {{ ref('driftline_int_concept_noise') }} as n
    on n.reference = o.held_against and n.window_periods = e.window_periods
    and n.column_name = c.column_name and n.column_role = c.column_role
{%- else -%}{{ driftline._empty() }}{%- endif %}
