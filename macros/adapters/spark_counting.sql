{# How Spark learns the bins and counts: what reads the rows is named once, because Spark reads them for each naming. #}


{# Exact and interpolated, all of a column at once. #}
{% macro spark___reference_quantiles(columns, rows) %}
    {%- set learnt = [] -%}
    {%- for column in columns -%}
        {%- set ranks = [] -%}
        {%- for edge in range(column.bins + 1) -%}{%- do ranks.append((edge / column.bins) ~ 'd') -%}{%- endfor -%}
        {%- do learnt.append(
            'struct(' ~ column.no ~ ' as column_no, percentile(v' ~ column.no ~ ', array(' ~ ranks | join(', ')
            ~ ')) as edges)'
        ) -%}
    {%- endfor %}
    select per_column.column_no, edges.edge_no, edges.edge
    from (
        select
            inline(array(
                {{ learnt | join(',\n                ') }}
            ))
        from ({{ rows }}) as reference_rows
    ) as per_column
    lateral view outer posexplode(per_column.edges) edges as edge_no, edge
{% endmacro %}


{# Bins and moments out of one look at what was counted: each row of it twice, once for its bin and once for all. #}
{% macro spark___count_numeric(columns, rows, keys) %}
    {%- set group_keys = driftline._group_keys(rows) -%}
    {%- set sums = driftline._outcome_names() %}
    with {{ driftline._numeric_per_bin(columns, rows) }},

    twice as (
        select
            p.*, t.is_moment, case when t.is_moment = 1 then 20000 else p.bin end as counted_bin
        from per_bin as p
        cross join (values (0), (1)) as t (is_moment)
    )

    select
        column_no, {{ driftline._key_list(rows) }}, counted_bin as bin, sum(row_count) as row_count,
        sum(case when is_moment = 0 or is_finite = 1 then weight_sum else 0 end) as weight_sum,
        sum(case when is_moment = 0 or is_finite = 1 then weight_sq_sum else 0 end) as weight_sq_sum,
        sum(case when is_finite = 1 then value_sum end) as value_sum,
        sum(case when is_moment = 1 and is_finite = 1 then deviation_sq_sum end) as deviation_sq_sum,
        min(case when is_moment = 1 and is_finite = 1 then value_min end) as value_min,
        max(case when is_moment = 1 and is_finite = 1 then value_max end) as value_max,
        cast(sum(case when is_moment = 1 then case when is_out_of_range = 1 then weight_sum else 0 end end) as double)
            as out_of_range_weight,
        {% for sum in sums -%}
        sum(case when is_moment = 0 or is_finite = 1 then {{ sum }} end) as {{ sum }}{{ ', ' if not loop.last }}
        {%- endfor %}
    from twice
    group by column_no, {{ group_keys }}, counted_bin
{% endmacro %}


{# All categorical columns out of one look at the rows: each row once for each column. #}
{% macro spark___count_categories(columns, rows, keys) %}
    {%- set group_keys = rows.grain | rejectattr('constant') | map(attribute='name') | join(', ') -%}
    {%- set numbers = columns | map(attribute='no') | list -%}
    {%- set values = [] -%}
    {%- for column in columns -%}
        {%- do values.append({'name': 'v' ~ column.no, 'sql': driftline._as_text(column.sql)}) -%}
    {%- endfor %}
    select
        column_no, {{ driftline._key_list(rows) }}, category, count(*) as row_count,
        {{ 'sum(w)' if rows.weight is not none else 'count(*)' }} as weight_sum,
        {{ 'sum(w * w)' if rows.weight is not none else 'count(*)' }} as weight_sq_sum,
        {{ driftline._outcome_sums(rows) }}
    from (
        select
            r.*, numbered.column_no,
            case numbered.column_no
                {%- for number in numbers %} when {{ number }} then r.v{{ number }}{% endfor %} end as category
        from ({{ driftline._select_rows(rows, values + driftline._outcome_values(rows)) }}) as r
        cross join (values ({{ numbers | join('), (') }})) as numbered (column_no)
    ) as crossed
    group by column_no, {{ group_keys }}, category
{% endmacro %}


{#
    A median over a frame is refused, and a frame without the row itself too: the frame's values are gathered into an
    array first, and one that equals the row's own is taken out of it.
#}
{% macro spark___with_medians(relation, medians) %}
    select
        g.*
        {%- for m in medians %},
        {%- set values = 'g.' ~ m.name ~ '_values' %}
        case
            when size({{ values }}) = 0 then null
            else (element_at({{ values }}, cast(floor((size({{ values }}) + 1) / 2) as int))
                + element_at({{ values }}, cast(floor((size({{ values }}) + 2) / 2) as int))) / 2e0
        end as {{ m.name }},
        cast(size({{ values }}) as bigint) as {{ m.name }}_count
        {%- endfor %}
    from (
        select
            f.*
            {%- for m in medians %},
            {%- set values = 'f.' ~ m.name ~ '_frame' %}
            {%- if m.frame.endswith(' exclude current row') %}
            {%- set place = 'cast(array_position(' ~ values ~ ', f.' ~ m.name ~ '_own) as int)' %}
            case
                when f.{{ m.name }}_own is null then {{ values }}
                else concat(
                    slice({{ values }}, 1, {{ place }} - 1), slice({{ values }}, {{ place }} + 1, size({{ values }}))
                )
            end as {{ m.name }}_values
            {%- else %}
            {{ values }} as {{ m.name }}_values
            {%- endif %}
            {%- endfor %}
        from (
            select
                b.*
                {%- for m in medians %},
                {{ m.x }} as {{ m.name }}_own,
                {%- set frame = m.frame | replace(' exclude current row', '') %}
                sort_array(collect_list({{ m.x }}) over (
                    partition by {{ m.partition }} order by {{ m.order }} {{ frame }}
                )) as {{ m.name }}_frame
                {%- endfor %}
            from {{ relation }} as b
        ) as f
    ) as g
{% endmacro %}
