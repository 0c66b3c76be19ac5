{#
    Counts categorical columns by their values: column_no, <keys>, category, row_count, weight_sum, weight_sq_sum and
    the sums of _outcome_names.
#}
{% macro _count_categories(columns, rows, keys) %}
    {{- return(adapter.dispatch('_count_categories', 'driftline')(columns, rows, keys)) -}}
{% endmacro %}
{#
    As the numeric columns (default___count_numeric): several in one pass, the rows crossed with the columns' numbers.
#}
{% macro default___count_categories(columns, rows, keys) %}
    {%- for pass in columns | batch(driftline._columns_per_pass()) %}
    {%- set values = [] -%}
    {%- for column in pass -%}
        {%- do values.append({'name': 'v' ~ column.no, 'sql': driftline._as_text(column.sql)}) -%}
    {%- endfor %}
    select
        column_no, {{ driftline._key_list(rows, grouping=true) }}, category, count(*) as row_count,
        {{ 'sum(w)' if rows.weight is not none else driftline._as_sum('count(*)') }} as weight_sum,
        {{ 'sum(w * w)' if rows.weight is not none else driftline._as_sum('count(*)') }} as weight_sq_sum,
        {{ driftline._outcome_sums(rows, prepared=true) }}
    from (
        select
            r.*, d.column_no as column_no,
            case d.column_no
                {%- for column in pass %} when {{ column.no }} then r.v{{ column.no }}{% endfor %} end as category
        from ({{ driftline._prepared_rows(rows, values + driftline._outcome_values(rows)) }}) as r
        cross join (
            select column_no from declared where column_no in ({{ pass | map(attribute='no') | join(', ') }})
        ) as d
    ) as crossed
    group by {{ driftline._group_by(rows, ['column_no', 'category']) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
