{# DuckDB learns all quantiles of a column in one pass, as a list. #}
{% macro duckdb___reference_quantiles(columns, rows) %}
    with learned as (
        select
            {%- for column in columns %}
            quantile_cont(v{{ column.no }}, [{% for edge in range(column.bins + 1) %}{{ edge / column.bins }}{{ ', ' if not loop.last }}{% endfor %}]) as q{{ column.no }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from ({{ rows }}) as reference_rows
    )
    {% for column in columns -%}
    select {{ column.no }} as column_no, unnest(range(0, {{ column.bins + 1 }})) as edge_no, unnest(q{{ column.no }}) as edge from learned
    {{ 'union all ' if not loop.last }}
    {%- endfor %}
{% endmacro %}
