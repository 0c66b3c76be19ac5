{# A table of people's answers, which `driftline incidents` writes beside driftline_alerts; none where it is missing. #}
{% macro _of_people(name) %}
    {%- if not execute or flags.INTROSPECT is false -%}{{- return(none) -}}{%- endif -%}
    {%- set alerts = driftline._last_build('driftline_alerts') -%}
    {{- return(adapter.get_relation(alerts.database, alerts.schema, name)) -}}
{% endmacro %}
