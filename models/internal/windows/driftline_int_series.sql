{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- The state by slice, bin and period, of the periods that this run's windows and their baselines reach, and of the
-- reference.
{% set wanted -%}
        join (
            select monitor, source, min(changed_from_index - reach) as first_index,
                min(reference_first_index) as reference_first_index, max(reference_last_index) as reference_last_index
            from {{ ref('driftline_int_scopes') }}
            group by monitor, source
        ) as o on o.monitor = s.monitor and o.source = s.source
        where s.period_index >= o.first_index
            or s.period_index between o.reference_first_index and o.reference_last_index
{%- endset %}
{{- driftline._series(wanted) }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
