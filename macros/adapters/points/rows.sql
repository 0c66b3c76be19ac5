{# Rows out of nothing, quantiles and medians. #}


{# Whole numbers 0 … count-1 as a relation with the column `number`. #}
{% macro _numbers(count) %}
    {%- set places = [1] -%}
    {%- for place in range(7) -%}
        {%- if places[-1] * 10 < count -%}{%- do places.append(places[-1] * 10) -%}{%- endif -%}
    {%- endfor -%}
    select number from (
        select cast(
            {%- for size in places %}
            d{{ loop.index }}.digit * {{ size }}{{ ' +' if not loop.last }}
            {%- endfor %} as {{ dbt.type_bigint() }}
        ) as number
        from {% for size in places -%}
        (
            select 0 as digit
            {%- for digit in range(1, 10) %} union all select {{ digit }}{% endfor -%}
        ) as d{{ loop.index }}
        {{- ' cross join ' if not loop.last }}
        {%- endfor %}
    ) as all_numbers
    where number < {{ count }}
{% endmacro %}


{# `union` of rows that are alike once. #}
{% macro _union() %}
    {{- return(adapter.dispatch('_union', 'driftline')()) -}}
{% endmacro %}
{% macro default___union() %}
    {{- return('union distinct') -}}
{% endmacro %}


{# Rows of constants (lists of SQL), as a select with these names. #}
{% macro _constant_rows(names, rows) %}
    {{- return(adapter.dispatch('_constant_rows', 'driftline')(names, rows)) -}}
{% endmacro %}
{% macro default___constant_rows(names, rows) %}
    {#- The first row names the columns. -#}
    {%- for row in rows %}
    {%- if loop.first %}
    select {% for name in names %}{{ row[loop.index0] }} as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
    {%- else %}
    union all select {{ row | join(', ') }}
    {%- endif %}
    {%- endfor %}
{% endmacro %}
{# As `values`, for engines that know it. #}
{% macro _constant_values(names, rows) %}
    select {{ names | join(', ') }}
    from (
        values
        {%- for row in rows %}
        ({{ row | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as constants ({{ names | join(', ') }})
{% endmacro %}


{#
    Exact quantiles of the reference: rows (column_no, edge_no, edge), edge_no 0 the minimum, `bins` the maximum, and
    between them the interpolated quantiles edge_no / bins.

    columns  list of numeric columns ({no, bins})
    rows     SQL of a relation with one column v<no> per numeric column, finite values or NULL, and the time as `moment`

    By the place of each value among the sorted ones of its column, which every engine knows.
#}
{% macro _reference_quantiles(columns, rows) %}
    {{- return(adapter.dispatch('_reference_quantiles', 'driftline')(columns, rows)) -}}
{% endmacro %}
{% macro default___reference_quantiles(columns, rows) %}
    with reference_rows as (
        {{ rows }}
    ),

    by_column as (
        {%- for pass in columns | batch(driftline._columns_per_pass()) %}
        select
            t.column_no, t.edges,
            case t.column_no
                {%- for column in pass %} when {{ column.no }} then r.v{{ column.no }}{% endfor %} end as x
        from reference_rows as r
        cross join ({{ driftline._edges_asked(pass) }}) as t
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    placed as (
        select
            column_no, edges, x, row_number() over (partition by column_no order by x) - 1 as place,
            count(*) over (partition by column_no) - 1 as last_place
        from by_column
        where x is not null
    ),

    {#- Few of the values lie beside an edge: the others are gone before rows are crossed with edges. -#}
    beside_edges as (
        select column_no, edges, x, place, last_place
        from placed
        where last_place = 0
            or floor(((place + 1) * edges - 1e0) / nullif(last_place, 0))
                > floor((place - 1) * (edges * 1e0) / nullif(last_place, 0))
    )

    {#- Between equal values it is that value, to its last bit. -#}
    select
        column_no, number as edge_no, min(x) + (max(x) - min(x)) * max(beyond) as edge
    from (
        select b.column_no, n.number, b.x, b.last_place * (n.number / (b.edges * 1e0)) - b.place as beyond
        from beside_edges as b
        cross join ({{ driftline._numbers((columns | map(attribute='bins') | max) + 1) }}) as n
        where n.number <= b.edges
    ) as near
    where beyond > -1 and beyond < 1
    group by column_no, number
{% endmacro %}


{# The columns of a pass with how many edges they are asked beyond the first. #}
{% macro _edges_asked(columns) %}
    {%- set rows = [] -%}
    {%- for column in columns -%}{%- do rows.append([column.no, column.bins]) -%}{%- endfor -%}
    {{- driftline._constant_rows(['column_no', 'edges'], rows) -}}
{% endmacro %}


{#
    `select` of a relation and, for each window, medians over windows before it: <name>, and <name>_count, how many
    values they are of.

    relation  SQL
    medians   list of {name, x (SQL), partition, order, frame (all SQL)}
#}
{% macro _with_medians(relation, medians) %}
    {{- return(adapter.dispatch('_with_medians', 'driftline')(relation, medians)) -}}
{% endmacro %}
{% macro default___with_medians(relation, medians) %}
    select
        b.*
        {%- for m in medians %}
        {%- set frame = 'over (partition by ' ~ m.partition ~ ' order by ' ~ m.order ~ ' ' ~ m.frame ~ ')' %},
        median({{ m.x }}) {{ frame }} as {{ m.name }},
        count({{ m.x }}) {{ frame }} as {{ m.name }}_count
        {%- endfor %}
    from {{ relation }} as b
{% endmacro %}


{#
    The same by joining each row to those of its frame: for engines that have no median over a frame. For an engine's
    own `_with_medians`; the frame is one that stands in this package.
#}
{% macro _medians_by_join(relation, medians) %}
    {%- set row = medians[0].name ~ '_row' %}
    with numbered as (
        select
            b.*,
            row_number() over (order by {{ medians[0].partition }}, {{ medians[0].order }}) as {{ row }}
            {%- for m in medians %},
            dense_rank() over (order by {{ m.partition }}) as {{ m.name }}_group,
            {{ m.x }} as {{ m.name }}_x,
            {{ m.order if m.frame.startswith('range')
                else 'row_number() over (partition by ' ~ m.partition ~ ' order by ' ~ m.order ~ ')' }}
                as {{ m.name }}_at
            {%- endfor %}
        from {{ relation }} as b
    )

    select
        n.*
        {%- for m in medians %},
        m{{ loop.index }}.middle as {{ m.name }}, coalesce(m{{ loop.index }}.known, 0) as {{ m.name }}_count
        {%- endfor %}
    from numbered as n
    {%- for m in medians %}
    {%- set ends = m.frame.split('between ')[1].split(' exclude')[0].split(' and ') %}
    left join (
        select
            place_of, max(known) as known,
            avg(case when place in (floor((known + 1) / 2e0), ceil((known + 1) / 2e0)) then x end) as middle
        from (
            select
                a.{{ row }} as place_of, e.{{ m.name }}_x as x,
                row_number() over (partition by a.{{ row }} order by e.{{ m.name }}_x) as place,
                count(*) over (partition by a.{{ row }}) as known
            from numbered as a
            join numbered as e
                on e.{{ m.name }}_group = a.{{ m.name }}_group
                {%- if not ends[0].startswith('unbounded') %}
                and e.{{ m.name }}_at >= a.{{ m.name }}_at - {{ ends[0].split(' ')[0] | int }}
                {%- endif %}
                {%- if not ends[1].startswith('unbounded') %}
                and e.{{ m.name }}_at <= a.{{ m.name }}_at - {{ ends[1].split(' ')[0] | int }}
                {%- endif %}
                {%- if 'exclude' in m.frame %}
                and e.{{ row }} <> a.{{ row }}
                {%- endif %}
            where e.{{ m.name }}_x is not null
        ) as framed
        group by place_of
    ) as m{{ loop.index }} on m{{ loop.index }}.place_of = n.{{ row }}
    {%- endfor %}
{% endmacro %}


{# _select_rows for sums that use a value more than once: some engines work it out again for each use. #}
{% macro _select_rows_once(rows, values) %}
    {{- return(adapter.dispatch('_select_rows_once', 'driftline')(rows, values)) -}}
{% endmacro %}
{% macro default___select_rows_once(rows, values) %}
    {{- return(driftline._select_rows(rows, values)) -}}
{% endmacro %}


{#
    `<relation>.*` beside joins of two relations and more: some engines name those columns `<relation>.<column>` that
    another of the joined relations has too. (For single columns it is said in place: `w.monitor as monitor`.)
#}
{% macro _all_of(relation) %}
    {{- return(adapter.dispatch('_all_of', 'driftline')(relation)) -}}
{% endmacro %}
{% macro default___all_of(relation) %}
    {{- return(relation ~ '.*') -}}
{% endmacro %}


{# Columns of a relation, each under its own name. #}
{% macro _named(relation, names) %}
    {%- set items = [] -%}
    {%- for name in names -%}{%- do items.append(relation ~ '.' ~ name ~ ' as ' ~ name) -%}{%- endfor -%}
    {{- return(items | join(', ')) -}}
{% endmacro %}
