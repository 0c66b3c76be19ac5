{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- What is counted: each monitor × column × bin that ever had a row.
select
    cast(row_number() over (order by monitor, column_role, column_name, bin) as {{ dbt.type_int() }}) as bin_no,
    cast(dense_rank() over (order by monitor, column_role, column_name) as {{ dbt.type_int() }}) as column_no,
    monitor, column_name, column_role, column_kind, bin, bin_kind, bin_group, bin_label, bin_lower, bin_upper
from (
    select
        monitor, column_name, column_role, column_kind, bin, bin_kind,
        max(bin_group) as bin_group, max(bin_label) as bin_label,
        max(bin_lower) as bin_lower, max(bin_upper) as bin_upper
    from {{ ref('driftline_state') }}
    group by monitor, column_name, column_role, column_kind, bin, bin_kind
) as cells
{%- else -%}{{ driftline._empty() }}{%- endif %}
