{# Where a file of the shop is read from: the Parquet file itself where the engine can, else the table it was loaded to. #}
{% macro shop_file(name) %}
    {{- return(adapter.dispatch('shop_file', 'driftline_demo')(name)) -}}
{% endmacro %}

{% macro default__shop_file(name) %}
    {{- return(source('shop', name)) -}}
{% endmacro %}

{% macro duckdb__shop_file(name) %}
    {{- return("read_parquet('" ~ var('demo_data') ~ '/' ~ name ~ ".parquet')") -}}
{% endmacro %}

{% macro spark__shop_file(name) %}
    {{- return('parquet.`' ~ var('demo_data') ~ '/' ~ name ~ '.parquet`') -}}
{% endmacro %}
