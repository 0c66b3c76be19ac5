{#
    Counts categorical columns by their values: column_no, <keys>, category, row_count, weight_sum, weight_sq_sum and
    the sums of _outcome_names.
#}
{% macro _count_categories(columns, rows, keys) %}
    {{- return(adapter.dispatch('_count_categories', 'driftline')(columns, rows, keys)) -}}
{% endmacro %}
{% macro default___count_categories(columns, rows, keys) %}
    {%- set group_keys = rows.grain | rejectattr('constant') | map(attribute='name') | join(', ') -%}
    {%- for column in columns %}
    select
        {{ column.no }} as column_no, {{ driftline._key_list(rows) }}, category, count(*) as row_count,
        {{ 'sum(w)' if rows.weight is not none else driftline._as_sum('count(*)') }} as weight_sum,
        {{ 'sum(w * w)' if rows.weight is not none else driftline._as_sum('count(*)') }} as weight_sq_sum,
        {{ driftline._outcome_sums(rows) }}
    from ({{ driftline._select_rows(rows,
        [{'name': 'category', 'sql': driftline._as_text(column.sql)}] + driftline._outcome_values(rows)) }}) as r
    group by {{ group_keys }}, category
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
