{# Postgres: quantiles, bins and medians. What is answered and why: postgres.sql. #}


{# Postgres learns all quantiles of a column from one sort, as an array. #}
{% macro postgres___reference_quantiles(columns, rows) %}
    with learned as (
        select
            {%- for column in columns %}
            percentile_cont(array[
                {%- for edge in range(column.bins + 1) -%}
                {{ edge / column.bins }}{{ ', ' if not loop.last }}
                {%- endfor -%}
            ]::double precision[]) within group (order by v{{ column.no }}) as q{{ column.no }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from ({{ rows }}) as reference_rows
    )
    {% for column in columns -%}
    select {{ column.no }} as column_no, cast(u.position - 1 as integer) as edge_no, u.edge
    from learned, unnest(learned.q{{ column.no }}) with ordinality as u (edge, position)
    {{ 'union all ' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{#
    Postgres finds the bin by width_bucket, which searches an array of thresholds; the signs are turned because its
    buckets are closed on the other side. One branch per column runs in parallel workers, under two conditions: the
    thresholds are constants (frozen ones are read beforehand and written out; on a first build they come as scalar
    subqueries, and one process has to do), and an empty second branch keeps the planner from merging the inner query
    into the outer one, where it would take as many groups as rows and give up on partial aggregates.
#}
{% macro postgres___count_numeric(columns, rows, keys) %}
    {%- set group_keys = rows.grain | rejectattr('constant') | map(attribute='name') | join(', ') -%}
    {%- set weighted = rows.weight is not none -%}
    {%- set finite = 'bin between 0 and 9999' -%}
    {%- set sums = driftline._outcome_names() %}
    {%- set frozen = driftline._frozen_thresholds(columns) if rows.resume else none %}
    {{ 'with' }}
    {%- if frozen is none %}
    thresholds as materialized (
        select
            d.column_no,
            d.bin_count - 1 as last_bin,
            coalesce(
                array_agg(- b.bin_upper order by b.bin desc)
                    filter (where b.bin_kind = 'range' and b.bin_upper is not null),
                '{}'::double precision[]
            ) as negated_uppers,
            coalesce(max(case when b.bin = 20000 then b.bin_lower end), 0) as centre,
            coalesce(max(case when b.bin = 20001 then b.bin_lower end), -1e300) as least_value,
            coalesce(max(case when b.bin = 20001 then b.bin_upper end), 1e300) as greatest_value
        from declared as d
        left join bins as b on b.column_no = d.column_no
        where d.column_no in ({{ columns | map(attribute='no') | join(', ') }})
        group by d.column_no, d.bin_count
    ),

    {%- endif %}
    per_bin as (
        {%- for column in columns %}
        {%- set of = {} -%}
        {%- for name in ['centre', 'least_value', 'greatest_value', 'negated_uppers'] -%}
            {%- do of.update({name: frozen[column.no][name] if frozen is not none
                else '(select ' ~ name ~ ' from thresholds where column_no = ' ~ column.no ~ ')'}) -%}
        {%- endfor -%}
        {%- set own_label = column.outcome is defined -%}
        {%- set outcomes = driftline._outcome_values(rows)
            + ([{'name': 'outcome_y', 'sql': column.outcome}] if own_label else []) %}
        select
            {{ column.no }} as column_no, {{ group_keys }}, bin, count(*) as row_count,
            {{ 'sum(w)' if weighted else 'count(*)' }} as weight_sum,
            {{ 'sum(w * w)' if weighted else 'count(*)' }} as weight_sq_sum,
            sum({{ 'w * ' if weighted }}x) as value_sum,
            sum({{ 'w * ' if weighted }}{{ driftline._squared('(x - ' ~ of.centre ~ ')') }}) as deviation_sq_sum,
            {{ 'coalesce(sum(w)' if weighted else 'count(*)' }} filter (
                where x not between {{ of.least_value }} and {{ of.greatest_value }}
            ){{ ', 0)' if weighted }} as out_of_range_weight,
            min(x) as value_min,
            max(x) as value_max,
            {{ driftline._outcome_sums(rows, own_label) }}
        from (
            select
                {{ group_keys }}{{ ', w' if weighted }},
                {% for outcome in outcomes %}{{ outcome.name }}, {% endfor -%}
                case when v between -1e300 and 1e300 then v end as x,
                case
                    when v between -1e300 and 1e300 then coalesce(
                        cardinality({{ of.negated_uppers }}) - width_bucket(- v, {{ of.negated_uppers }}), 0
                    )
                    when v is null then -3
                    when v = 'NaN'::double precision then -2
                    when v > 0 then 10000
                    else -1
                end as bin
            from ({{ driftline._select_rows(rows, [{'name': 'v', 'sql': column.sql}] + outcomes) }}) as r
            union all
            select
                {% for part in rows.grain | rejectattr('constant') %}null, {% endfor -%}
                {{ 'null, ' if weighted }}{{ 'null, ' * (outcomes | length) }}null, null
            where false
        ) as binned
        group by {{ group_keys }}, bin
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )

    select
        column_no, {{ driftline._key_list(rows) }}, bin, row_count, weight_sum, weight_sq_sum, value_sum,
        {%- for name in ['deviation_sq_sum', 'value_min', 'value_max', 'out_of_range_weight'] %}
        {{ driftline._as_double('null') }} as {{ name }},
        {%- endfor %}
        {{ sums | join(', ') }}
    from per_bin
    union all
    select
        column_no, {{ driftline._key_list(rows) }}, 20000, sum(row_count),
        sum(case when {{ finite }} then weight_sum else 0 end),
        sum(case when {{ finite }} then weight_sq_sum else 0 end),
        sum(value_sum), sum(deviation_sq_sum), min(value_min), max(value_max), sum(out_of_range_weight),
        {% for sum in sums %}sum(case when {{ finite }} then {{ sum }} end){{ ', ' if not loop.last }}{% endfor %}
    from per_bin
    group by column_no, {{ group_keys }}
{% endmacro %}


{# The thresholds in the state as literals: {column_no: {negated_uppers, centre, least_value, greatest_value}}. #}
{% macro _frozen_thresholds(columns) %}
    {%- set numbers = {} -%}
    {%- for column in columns -%}{%- do numbers.update({column.role ~ '|' ~ column.name: column.no}) -%}{%- endfor -%}
    {%- set found = run_query(
        "select column_role || '|' || column_name,"
        ~ ' coalesce(array_agg(- bin_upper order by bin desc)'
        ~ " filter (where bin_kind = 'range' and bin_upper is not null), '{}'::double precision[])::text,"
        ~ " coalesce(max(case when bin = 20000 then bin_lower end), 0)::text,"
        ~ " coalesce(max(case when bin = 20001 then bin_lower end), -1e300)::text,"
        ~ " coalesce(max(case when bin = 20001 then bin_upper end), 1e300)::text"
        ~ ' from ' ~ this ~ " where record = 'bin' and column_kind = 'numeric' group by 1"
    ) -%}
    {%- set frozen = {} -%}
    {%- for column in columns -%}
        {%- do frozen.update({column.no: {
            'negated_uppers': "'{}'::double precision[]", 'centre': '0', 'least_value': '-1e300',
            'greatest_value': '1e300',
        }}) -%}
    {%- endfor -%}
    {%- for row in found.rows if row[0] in numbers -%}
        {%- do frozen.update({numbers[row[0]]: {
            'negated_uppers': "'" ~ row[1] ~ "'::double precision[]",
            'centre': "'" ~ row[2] ~ "'::double precision",
            'least_value': "'" ~ row[3] ~ "'::double precision",
            'greatest_value': "'" ~ row[4] ~ "'::double precision",
        }}) -%}
    {%- endfor -%}
    {{- return(frozen) -}}
{% endmacro %}


{# An empty second branch keeps the values where they are worked out, and parallel workers too. #}
{% macro postgres___select_rows_once(rows, values) %}
    {{ driftline._select_rows(rows, values) }}
    union all
    select
        {%- for part in rows.grain | rejectattr('constant') | list + values %}
        null{{ ',' if not loop.last }}
        {%- endfor %}
        {%- if rows.weight is not none %}, null{% endif %}
    where false
{% endmacro %}


{# The same arrangement for categories. #}
{% macro postgres___count_categories(columns, rows, keys) %}
    {%- set group_keys = rows.grain | rejectattr('constant') | map(attribute='name') | join(', ') -%}
    {%- set weighted = rows.weight is not none -%}
    {%- set outcomes = driftline._outcome_values(rows) -%}
    {%- for column in columns %}
    select
        {{ column.no }} as column_no, {{ driftline._key_list(rows) }}, category, count(*) as row_count,
        {{ 'sum(w)' if weighted else 'count(*)' }} as weight_sum,
        {{ 'sum(w * w)' if weighted else 'count(*)' }} as weight_sq_sum,
        {{ driftline._outcome_sums(rows) }}
    from (
        {{ driftline._select_rows_once(
            rows, [{'name': 'category', 'sql': driftline._as_text(column.sql)}] + outcomes
        ) }}
    ) as r
    group by {{ group_keys }}, category
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{# Postgres has no median over a frame: the frame's values are gathered into an array first. #}
{% macro postgres___with_medians(relation, medians) %}
    select
        g.*
        {%- for m in medians %},
        (select percentile_cont(0.5) within group (order by u.x)
            from unnest(g.{{ m.name }}_values) as u (x)) as {{ m.name }},
        coalesce(cardinality(g.{{ m.name }}_values), 0) as {{ m.name }}_count
        {%- endfor %}
    from (
        select
            b.*
            {%- for m in medians %},
            array_agg({{ m.x }}) filter (where {{ m.x }} is not null)
                over (partition by {{ m.partition }} order by {{ m.order }} {{ m.frame }}) as {{ m.name }}_values
            {%- endfor %}
        from {{ relation }} as b
    ) as g
    -- Kept apart: each median would be worked out again wherever it is used.
    offset 0
{% endmacro %}
