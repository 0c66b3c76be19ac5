{#
    Counts the numeric columns of the rows a run reads: per column × keys × bin the counts and Σw·v, and per column ×
    keys one row (bin 20000) with the moments.

    columns  list of {no, sql, bins}
    rows     what _rows_of returned
    keys     names of the grain

    Returns column_no, <keys>, bin, row_count, weight_sum, weight_sq_sum, value_sum, deviation_sq_sum, value_min,
    value_max, out_of_range_weight. Reads the CTE `bins`.
#}
{% macro _count_numeric(columns, rows, keys) %}
    {{- return(adapter.dispatch('_count_numeric', 'driftline')(columns, rows, keys)) -}}
{% endmacro %}
{% macro default___count_numeric(columns, rows, keys) %}
    {%- set w = 'w' if rows.weight is not none else '1' -%}
    {%- set finite = 'bin between 0 and 9999' %}
    with per_bin as (
        {%- for column in columns %}
        select
            {{ column.no }} as column_no, {{ keys | join(', ') }}, bin,
            count(*) as row_count,
            {%- if rows.weight is not none %}
            sum(w) as weight_sum,
            sum(w * w) as weight_sq_sum,
            sum(case when {{ finite }} then w * v end) as value_sum,
            sum(case when {{ finite }} then w * {{ driftline._squared('v - centre') }} end) as deviation_sq_sum,
            sum(case when {{ finite }} and (v < least_value or v > greatest_value) then w else 0 end) as out_of_range_weight,
            {%- else %}
            sum(case when {{ finite }} then v end) as value_sum,
            sum(case when {{ finite }} then {{ driftline._squared('v - centre') }} end) as deviation_sq_sum,
            sum(case when {{ finite }} and (v < least_value or v > greatest_value) then 1 else 0 end) as out_of_range_weight,
            {%- endif %}
            min(case when {{ finite }} then v end) as value_min,
            max(case when {{ finite }} then v end) as value_max
        from (
            select r.*, t.centre, t.least_value, t.greatest_value, {{ driftline._bin_of(column.bins) }} as bin
            from ({{ driftline._select_rows(rows, [{'name': 'v', 'sql': column.sql}]) }}) as r
            cross join ({{ driftline._thresholds_of(column) }}) as t
        ) as binned
        group by {{ keys | join(', ') }}, bin
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )

    select
        column_no, {{ keys | join(', ') }}, bin, row_count,
        {{ 'weight_sum, weight_sq_sum' if rows.weight is not none else 'row_count as weight_sum, row_count as weight_sq_sum' }},
        value_sum,
        {%- for name in ['deviation_sq_sum', 'value_min', 'value_max', 'out_of_range_weight'] %}
        {{ driftline._as_double('null') }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from per_bin
    union all
    select
        column_no, {{ keys | join(', ') }}, 20000, sum(row_count),
        {{ 'sum(case when ' ~ finite ~ ' then weight_sum else 0 end), sum(case when ' ~ finite ~ ' then weight_sq_sum else 0 end)' if rows.weight is not none
            else 'sum(case when ' ~ finite ~ ' then row_count else 0 end), sum(case when ' ~ finite ~ ' then row_count else 0 end)' }},
        sum(value_sum), sum(deviation_sq_sum), min(value_min), max(value_max), sum(out_of_range_weight)
    from per_bin
    group by column_no, {{ keys | join(', ') }}
{% endmacro %}


{# A square that cannot overflow: NULL where it would, and then the standard deviation is not computed. #}
{% macro _squared(expression) %}
    {{- return('case when ' ~ expression ~ ' between -1e145 and 1e145 then (' ~ expression ~ ') * (' ~ expression ~ ') end') -}}
{% endmacro %}


{# One row with a column's thresholds t0 …, centre and support. #}
{% macro _thresholds_of(column) %}
    select
        {%- for bin in range(column.bins - 1) %}
        max(case when bin = {{ bin }} then bin_upper end) as t{{ bin }},
        {%- endfor %}
        coalesce(max(case when bin = 20000 then bin_lower end), 0) as centre,
        max(case when bin = 20001 then bin_lower end) as least_value,
        max(case when bin = 20001 then bin_upper end) as greatest_value
    from bins
    where column_no = {{ column.no }}
{% endmacro %}


{# Counts categorical columns by their values: column_no, <keys>, category, row_count, weight_sum, weight_sq_sum. #}
{% macro _count_categories(columns, rows, keys) %}
    {{- return(adapter.dispatch('_count_categories', 'driftline')(columns, rows, keys)) -}}
{% endmacro %}
{% macro default___count_categories(columns, rows, keys) %}
    {%- for column in columns %}
    select
        {{ column.no }} as column_no, {{ keys | join(', ') }}, category, count(*) as row_count,
        {{ 'sum(w)' if rows.weight is not none else 'count(*)' }} as weight_sum,
        {{ 'sum(w * w)' if rows.weight is not none else 'count(*)' }} as weight_sq_sum
    from ({{ driftline._select_rows(rows, [{'name': 'category', 'sql': driftline._as_text(column.sql)}]) }}) as r
    group by {{ keys | join(', ') }}, category
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{#
    Sums the business measures and counts the rows, in one pass: <keys>, row_count, weight_sum, weight_sq_sum and per
    metric n<no>, n<no>_sq, n<no>_rows (numerator: sum, sum of squares, rows that have one), d<no> (denominator).
#}
{% macro _sum_measures(declaration, rows, keys) %}
    {%- set w = 'w * ' if rows.weight is not none else '' -%}
    {%- set values = [] -%}
    {%- for metric in (declaration.metrics if rows.measures else []) -%}
        {%- do values.append({'name': 'x' ~ metric.no, 'sql': driftline._finite('(' ~ metric.numerator ~ ')')}) -%}
        {%- if metric.denominator is not none -%}
            {%- do values.append({'name': 'y' ~ metric.no, 'sql': driftline._finite('(' ~ metric.denominator ~ ')')}) -%}
        {%- endif -%}
    {%- endfor %}
    select
        {{ keys | join(', ') }}, count(*) as row_count,
        {{ 'sum(w)' if rows.weight is not none else 'count(*)' }} as weight_sum,
        {{ 'sum(w * w)' if rows.weight is not none else 'count(*)' }} as weight_sq_sum
        {%- for metric in declaration.metrics %}
        {%- if rows.measures %},
        sum({{ w }}x{{ metric.no }}) as n{{ metric.no }},
        sum({{ w }}{{ driftline._squared('x' ~ metric.no) }}) as n{{ metric.no }}_sq,
        count(x{{ metric.no }}) as n{{ metric.no }}_rows,
        {{ 'sum(' ~ w ~ 'y' ~ metric.no ~ ')' if metric.denominator is not none else driftline._as_double('null') }} as d{{ metric.no }}
        {%- else %},
        {{ driftline._as_double('null') }} as n{{ metric.no }}, {{ driftline._as_double('null') }} as n{{ metric.no }}_sq, 0 as n{{ metric.no }}_rows, {{ driftline._as_double('null') }} as d{{ metric.no }}
        {%- endif %}
        {%- endfor %}
    from ({{ driftline._select_rows(rows, values) }}) as r
    group by {{ keys | join(', ') }}
{% endmacro %}


{# An expression as a double, NULL where it is no finite number. #}
{% macro _finite(expression) %}
    {%- set value = driftline._as_double(expression) -%}
    {{- return('case when ' ~ value ~ ' between -1e300 and 1e300 then ' ~ value ~ ' end') -}}
{% endmacro %}


{# The rows of CTE `measures` in the shape of CTE `counted`: one for all rows, two for each business metric. #}
{% macro _measure_rows(declaration, keys) %}
    {%- set empty = driftline._as_double('null') %}
    select 20000 as column_no, {{ keys | join(', ') }}, 0 as bin, 'rows' as bin_kind, row_count, weight_sum, weight_sq_sum,
        {{ empty }} as value_sum, {{ empty }} as deviation_sq_sum, {{ empty }} as value_min, {{ empty }} as value_max, {{ empty }} as out_of_range_weight
    from measures
    {%- for metric in declaration.metrics %}
    union all
    select {{ 10000 + metric.no }}, {{ keys | join(', ') }}, 0, 'numerator', n{{ metric.no }}_rows, weight_sum, weight_sq_sum,
        n{{ metric.no }}, n{{ metric.no }}_sq, {{ empty }}, {{ empty }}, {{ empty }}
    from measures
    {%- if metric.denominator is not none %}
    union all
    select {{ 10000 + metric.no }}, {{ keys | join(', ') }}, 1, 'denominator', row_count, weight_sum, weight_sq_sum,
        d{{ metric.no }}, {{ empty }}, {{ empty }}, {{ empty }}, {{ empty }}
    from measures
    {%- endif %}
    {%- endfor %}
{% endmacro %}
