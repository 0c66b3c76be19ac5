{# Postgres sorts text by the database's collation unless told otherwise. #}
{% macro postgres___byte_order(expression) %}
    {{- return(expression ~ ' collate "C"') -}}
{% endmacro %}


{# Postgres learns all quantiles of a column from one sort, as an array. #}
{% macro postgres___reference_quantiles(columns, rows) %}
    with learned as (
        select
            {%- for column in columns %}
            percentile_cont(array[{% for edge in range(column.bins + 1) %}{{ edge / column.bins }}{{ ', ' if not loop.last }}{% endfor %}]::double precision[]) within group (order by v{{ column.no }}) as q{{ column.no }}
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
