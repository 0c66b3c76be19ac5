{#
    Counts the numeric columns of the rows a run reads: per column × keys × bin the counts, Σw·v and the sums of the
    rows' outcomes, and per column × keys one row (bin 20000) with the moments.

    columns  list of {no, sql, bins}
    rows     what _rows_of returned
    keys     names of the grain

    Returns column_no, <keys>, bin, row_count, weight_sum, weight_sq_sum, value_sum, deviation_sq_sum, value_min,
    value_max, out_of_range_weight and the sums of _outcome_names. Reads the CTE `bins`.
#}
{% macro _count_numeric(columns, rows, keys) %}
    {{- return(adapter.dispatch('_count_numeric', 'driftline')(columns, rows, keys)) -}}
{% endmacro %}
{#
    Several columns in one pass: the rows are crossed with one row of thresholds per column, and that row says which
    column is looked at. A column-store reads time, segments and weight once per pass instead of once per column.
#}
{% macro default___count_numeric(columns, rows, keys) %}
    {%- set group_keys = driftline._group_keys(rows) -%}
    {%- set sums = driftline._outcome_names() %}
    with {{ driftline._numeric_per_bin(columns, rows) }}

    select
        column_no, {{ driftline._key_list(rows) }}, bin, sum(row_count) as row_count,
        sum(weight_sum) as weight_sum, sum(weight_sq_sum) as weight_sq_sum,
        sum(case when is_finite = 1 then value_sum end) as value_sum,
        {%- for name in ['deviation_sq_sum', 'value_min', 'value_max', 'out_of_range_weight'] %}
        {{ driftline._as_double('null') }} as {{ name }},
        {%- endfor %}
        {% for sum in sums %}sum({{ sum }}) as {{ sum }}{{ ', ' if not loop.last }}{% endfor %}
    from per_bin
    group by column_no, {{ group_keys }}, bin
    union all
    select
        column_no, {{ driftline._key_list(rows) }}, 20000, sum(row_count),
        sum(case when is_finite = 1 then weight_sum else 0 end),
        sum(case when is_finite = 1 then weight_sq_sum else 0 end),
        sum(case when is_finite = 1 then value_sum end), sum(case when is_finite = 1 then deviation_sq_sum end),
        min(case when is_finite = 1 then value_min end), max(case when is_finite = 1 then value_max end),
        sum(case when is_out_of_range = 1 then weight_sum else 0 end),
        {% for sum in sums %}sum(case when is_finite = 1 then {{ sum }} end){{ ', ' if not loop.last }}{% endfor %}
    from per_bin
    group by column_no, {{ group_keys }}
{% endmacro %}


{# The CTEs up to `per_bin`: what was counted by code, with the bin of each code and whether it is a finite value's. #}
{% macro _numeric_per_bin(columns, rows) %}
    thresholds as (
        {{ driftline._thresholds_of(columns) }}
    ),

    coded as {{ driftline._computed_once() }} (
        {%- for pass in driftline._numeric_passes(columns) %}
        {{ driftline._counted_by_code(pass, rows) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    -- The two codes outside the reference's range belong to the outer bins; with own edges any bin may reach out of it.
    per_bin as (
        select
            column_no, {{ driftline._group_keys(rows) }}, row_count, value_min, value_max,
            case
                when code = 20002 then 0 when code = 20003 then last_bin when code >= 30000 then code - 30000 else code
            end as bin,
            case when code in (20002, 20003) or code >= 30000 then 1 else 0 end as is_out_of_range,
            {%- if rows.weight is not none %}
            weight_sum, weight_sq_sum,
            {%- else %}
            {{ driftline._as_sum('row_count') }} as weight_sum, {{ driftline._as_sum('row_count') }} as weight_sq_sum,
            {%- endif %}
            case when code between 0 and 9999 or code in (20002, 20003) or code >= 30000 then 1 else 0 end as is_finite,
            value_sum, deviation_sq_sum, {{ driftline._outcome_names() | join(', ') }}
        from coded
    )
{%- endmacro %}


{# The columns that are counted in one pass: of as many bins, by the same rules, and not too many of them. #}
{% macro _numeric_passes(columns) %}
    {%- set most = driftline._columns_per_pass() -%}
    {%- set passes = [] -%}
    {%- for bins in columns | map(attribute='bins') | unique -%}
        {%- set alike = columns | selectattr('bins', 'equalto', bins) | list -%}
        {#- Edges that are no quantiles may lie out of the reference's range. -#}
        {%- set grids = alike | selectattr('quantiles', 'defined') | list -%}
        {%- set own = (alike | rejectattr('edges', 'none') | list) + grids -%}
        {%- do passes.extend(alike | selectattr('edges', 'none') | rejectattr('quantiles', 'defined') | batch(most)) -%}
        {%- do passes.extend(own | selectattr('outcome', 'undefined') | batch(most)) -%}
        {%- do passes.extend(own | selectattr('outcome', 'defined') | batch(most)) -%}
    {%- endfor -%}
    {{- return(passes) -}}
{% endmacro %}


{# The counts and sums of one pass, by the code of the value (_code_of). #}
{% macro _counted_by_code(pass, rows) %}
    {%- set bins = pass[0].bins -%}
    {%- set own_label = pass[0].outcome is defined -%}
    {%- set own_edges = pass[0].edges is not none or pass[0].quantiles is defined -%}
    {%- set w = 'w * ' if rows.weight is not none else '' %}
        select
            column_no, {{ driftline._key_list(rows, grouping=true) }}, {{ bins - 1 }} as last_bin, code,
            count(*) as row_count,
            {%- if rows.weight is not none %}
            sum(w) as weight_sum,
            sum(w * w) as weight_sq_sum,
            {%- endif %}
            sum({{ w }}x) as value_sum,
            sum({{ w }}{{ driftline._squared('x - centre') }}) as deviation_sq_sum,
            min(x) as value_min,
            max(x) as value_max,
            {{ driftline._outcome_sums(rows, own_label, prepared=true) }}
        from (
            select crossed.*, {{ driftline._summable('v') }} as x, {{ driftline._code_of(bins, own_edges) }} as code
            from ({{ driftline._crossed_with_columns(pass, rows, own_label) }}) as crossed
        ) as binned
        group by {{ driftline._group_by(rows, ['column_no', 'code']) }}
{% endmacro %}


{# The rows once for each column of a pass, the column's value as v and, where it has one, its own label. #}
{% macro _crossed_with_columns(pass, rows, own_label) %}
    {%- set outcomes = driftline._outcome_values(rows) %}
                select
                    {% for part in rows.grain | rejectattr('constant') %}r.{{ part.name }}, {% endfor -%}
                    {{ 'r.w, ' if rows.weight is not none }}t.*,
                    {% for outcome in outcomes %}r.{{ outcome.name }}, {% endfor -%}
                    {%- if rows.outcome.e is not none %}r.outcome_q,{% endif %}
                    {%- if rows.outcome.e is not none and rows.outcome.s is not none %} r.outcome_p,{% endif %}
                    case t.column_no
                        {%- for column in pass %} when {{ column.no }} then r.v{{ column.no }}{% endfor %} end as v
                    {%- if own_label %},
                    case t.column_no
                        {%- for column in pass %} when {{ column.no }} then r.y{{ column.no }}{% endfor %}
                    end as outcome_y
                    {%- endif %}
                from ({{ driftline._prepared_rows(rows, driftline._values_of(pass) + outcomes) }}) as r
                cross join (
                    select * from thresholds where column_no in ({{ pass | map(attribute='no') | join(', ') }})
                ) as t
{% endmacro %}


{# The columns of a pass as values v<no>, and y<no> the label of those that have one of their own. #}
{% macro _values_of(columns) %}
    {%- set values = [] -%}
    {%- for column in columns -%}
        {%- do values.append({'name': 'v' ~ column.no, 'sql': column.sql}) -%}
        {%- if column.outcome is defined -%}
            {%- do values.append({'name': 'y' ~ column.no, 'sql': column.outcome}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(values) -}}
{% endmacro %}


{# One row per column: thresholds t0 …, centre and support. A column without bins has them all out of reach. #}
{% macro _thresholds_of(columns) %}
    select
        d.column_no,
        {%- for bin in range((columns | map(attribute='bins') | max) - 1) %}
        coalesce(max(case when b.bin = {{ bin }} then b.bin_upper end), 1e300) as t{{ bin }},
        {%- endfor %}
        coalesce(max(case when b.bin = 20000 then b.bin_lower end), 0) as centre,
        coalesce(max(case when b.bin = 20001 then b.bin_lower end), -1e300) as least_value,
        coalesce(max(case when b.bin = 20001 then b.bin_upper end), 1e300) as greatest_value
    from declared as d
    left join bins as b on b.column_no = d.column_no
    where d.column_no in ({{ columns | map(attribute='no') | join(', ') }})
    group by d.column_no
{% endmacro %}


{#
    The bin of the value `v`, as a two-level CASE over the thresholds t0 … t<bins-2>: about 2·√bins comparisons. NULL
    and NaN fall through all of them, so the special bins cost the ordinary value nothing. 20002 and 20003 are the parts
    of the outer bins that lie outside the reference's range; with own edges it is 30000 and the bin.
#}
{% macro _code_of(bins, own_edges) %}
    {#- At least two groups: with one alone there would be nothing to choose between. -#}
    {%- set size = [(bins ** 0.5) | round(0, 'ceil') | int, (bins + 1) // 2] | min -%}
    {%- set first_bin = 'case when v >= ' ~ ('-1e300' if own_edges else 'least_value')
        ~ ' then 0 when v < -1e300 then -1 else 20002 end' -%}
    {%- set last_bin = 'case when v <= ' ~ ('1e300' if own_edges else 'greatest_value') ~ ' then ' ~ (bins - 1)
        ~ ' when v is null then -3 when ' ~ driftline._is_nan('v') ~ ' then -2 when v > 1e300 then 10000'
        ~ ' when v < -1e300 then -1 else 20003 end' -%}
    case
    {%- for first in range(0, bins, size) %}
        {%- set last = [first + size, bins] | min - 1 %}
        {%- set final = last_bin if last == bins - 1 else (first_bin if last == 0 else last | string) %}
        {%- set inner %}
        {%- if first == last %}{{ final }}
        {%- else %}case
        {%- for bin in range(first, last) %} when v <= t{{ bin }} then {{ first_bin if bin == 0 else bin }}{% endfor %}
        {{- ' ' }}else {{ final }} end
        {%- endif %}
        {%- endset %}
        {%- if last == bins - 1 %} else {{ inner }}
        {%- else %} when v <= t{{ last }} then {{ inner }}
        {%- endif %}
    {%- endfor %} end
    {%- if own_edges %}
    + case when v < least_value and v >= -1e300 or v > greatest_value and v <= 1e300 then 30000 else 0 end
    {%- endif %}
{% endmacro %}
