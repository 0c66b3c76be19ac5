{#
    The columns of the table that is being built, as its last build left it; none where there is nothing to read: the
    first build, a full refresh, or a compilation that must not look.
#}
{% macro _columns_of_last_build() %}
    {%- if not execute or flags.FULL_REFRESH or flags.INTROSPECT is false -%}{{- return([]) -}}{%- endif -%}
    {%- set table = load_relation(this) -%}
    {%- if table is none or not table.is_table -%}{{- return([]) -}}{%- endif -%}
    {{- return(adapter.get_columns_in_relation(table) | map(attribute='name') | map('lower') | list) -}}
{% endmacro %}


{# The condition that two relations have the same values in some columns, none of which is NULL. #}
{% macro _same(columns, a, b) %}
    {%- set equal = [] -%}
    {%- for column in columns -%}{%- do equal.append(a ~ '.' ~ column ~ ' = ' ~ b ~ '.' ~ column) -%}{%- endfor -%}
    {{- return(equal | join(' and ')) -}}
{% endmacro %}
