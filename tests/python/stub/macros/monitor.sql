{# Records its arguments as the real macro does; a relation is not among them. #}
{% macro monitor(relation=none, timestamp=none) %}
    {%- set arguments = {'timestamp': timestamp, 'timezone': 'UTC', 'task': 'none'} -%}
    {%- do arguments.update(kwargs) -%}
    {%- if 'relation' in arguments.get('reference', {}) -%}
        {%- do arguments.update({'reference': {'relation': arguments.reference.relation.identifier}}) -%}
    {%- endif -%}
    {%- if arguments.label is mapping and 'relation' in arguments.label -%}
        {%- set label = {} -%}
        {%- do label.update(arguments.label) -%}
        {%- do label.update({'relation': label.relation.identifier}) -%}
        {%- do arguments.update({'label': label}) -%}
    {%- endif -%}
    {%- if arguments.period not in (none, 'hour', 'day', 'week', 'month') and arguments.period is defined -%}
        {{- exceptions.raise_compiler_error(
            "driftline: monitor '" ~ model.name ~ "', argument 'period': given \"" ~ arguments.period ~ '"; allowed: hour, day, week, month'
        ) -}}
    {%- endif -%}
    {{- config(materialized='table', meta={'driftline': arguments}) -}}
    select 1 as nothing
{% endmacro %}
