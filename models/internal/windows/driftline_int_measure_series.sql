{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- The state of rows, labels and business metrics by slice and period, from the first on: few rows, from which follows
-- which windows there are, and what is usual.
{% set wanted -%}
        where c.column_kind = 'measure' and c.column_role in ('business', 'performance', 'row')
{%- endset %}
{{- driftline._series(wanted) }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
