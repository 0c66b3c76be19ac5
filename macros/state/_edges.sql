{# The edges of the numeric bins: quantiles of the reference or declared ones, grids for scores, cuts at decisions. #}

{#
    Rows (column_no, edge_no, edge, bin_count, own_edges) from the CTE `quantiles`.

    learnt   the columns that quantiles were asked of
    numeric  the numeric columns of the log
#}
{% macro _quantile_edges(learnt, numeric) %}
    {%- set grids = learnt | selectattr('quantiles', 'defined') | list -%}
    {%- set grid_nos = grids | map(attribute='no') | join(', ') %}
    select q.column_no, q.edge_no, q.edge, d.bin_count, d.own_edges
    from quantiles as q
    join declared as d on d.column_no = q.column_no
    where d.own_edges = 0 and q.edge is not null and q.edge_no between 1 and d.bin_count - 1
        {%- if grids %} and q.column_no not in ({{ grid_nos }}){% endif %}
    {%- for column in numeric if column.edges is not none -%}
    {%- for edge in column.edges %}
    union all
    select {{ column.no }}, {{ loop.index }},
        {{ driftline._declared_number(edge, column.get('is_real'), 'greatest') }}, {{ column.bins }}, 1
    {%- endfor -%}
    {%- endfor %}
    {%- if grids %}
    union all
    select
        column_no, cast(row_number() over (partition by column_no order by edge) as {{ dbt.type_int() }}), edge,
        {{ grids[0].bins }}, 0
    from ({{ driftline._grid_points(grids[0], grid_nos) }}) as points
    {%- endif %}
{% endmacro %}


{#
    Scores that move away from where the reference had them must not all end in one bin: between the quantiles stands a
    grid, for probabilities even in their log-odds (from 0.0025 to 0.9975), else from minimum to maximum.

    grid      one of the columns that have a grid: all have as many bins and quantiles
    grid_nos  the numbers of all of them
#}
{% macro _grid_points(grid, grid_nos) %}
    {%- set points = grid.bins - grid.quantiles %}
    select column_no, edge from quantiles
    where column_no in ({{ grid_nos }}) and edge is not null and edge_no between 1 and {{ grid.quantiles - 1 }}
    union all
    select
        s.column_no,
        case
            when s.least_value >= 0 and s.greatest_value <= 1
                then 1e0 / (1e0 + exp(6e0 - 12e0 * (n.number - 1) / {{ points - 1 }}e0))
            else s.least_value + (s.greatest_value - s.least_value) * (n.number / {{ points + 1 }}e0)
        end
    from (
        select column_no, min(edge) as least_value, max(edge) as greatest_value
        from quantiles
        where column_no in ({{ grid_nos }}) and edge is not null
        group by column_no
    ) as s
    join ({{ driftline._numbers(points + 1) }}) as n on n.number > 0
{% endmacro %}


{# A cut takes the place of the first edge that is not below it, so that no bin holds rows of both decisions. #}
{% macro _edges_with_cuts(learnt) %}
    {%- set cuts = learnt | selectattr('cut', 'defined') | list %}
    {%- if cuts %}
    select
        e.column_no, e.edge_no, case when e.edge_no = c.edge_no then c.cut else e.edge end as edge,
        e.bin_count, e.own_edges
    from quantile_edges as e
    left join (
        select
            e.column_no, c.cut,
            coalesce(min(case when e.edge >= c.cut then e.edge_no end), max(e.edge_no)) as edge_no
        from quantile_edges as e
        join (
            {%- for column in cuts %}
            select {{ column.no }} as column_no,
                {{ driftline._just_below(
                    driftline._declared_number(column.cut, column.get('is_real'), 'least')
                ) }} as cut
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        ) as c on c.column_no = e.column_no
        group by e.column_no, c.cut
    ) as c on c.column_no = e.column_no
    {%- else %}
    select column_no, edge_no, edge, bin_count, own_edges from quantile_edges
    {%- endif %}
{% endmacro %}


{#
    The next smaller double, so that nothing lies between (around 0 a distance nobody measures). The factor is the one
    of Rump, Zimmermann, Boldo and Melquiond, BIT 49 (2009). What is near 0 is told apart because Postgres calls an
    underflow an error.
#}
{% macro _just_below(value) %}
    {{- return(
        '(case when abs(' ~ value ~ ') < 9e-285 then ' ~ value ~ ' - 1e-300 else ' ~ value ~ ' - abs(' ~ value
        ~ ') * 1.1102230246251568e-16 end)'
    ) -}}
{% endmacro %}
