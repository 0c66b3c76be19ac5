{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- The words and units that people use for columns and business metrics, as the declarations have them (decision 29).
select
    monitor, name,
    max(case when setting = 'label' then bin_label end) as label,
    max(case when setting = 'unit' then bin_label end) as unit
from (
    {%- for setting in ['label', 'unit'] %}
    select
        monitor, '{{ setting }}' as setting, substring(column_name, {{ setting | length + 2 }}) as name, bin_label
    from ({{ driftline._from_monitors('setting') }}) as {{ setting }}s
    where column_name like '{{ setting }}:%'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
) as words
group by monitor, name
{%- else -%}{{ driftline._empty() }}{%- endif %}
