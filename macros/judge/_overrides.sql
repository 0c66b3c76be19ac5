{#
    The project's own thresholds, from the var driftline_thresholds: a list of dicts. A row is matched by what it names
    of monitor, family, metric, baseline, column_name, segment, segment_value, model_version; of several that match, the
    last one counts; what it leaves out keeps the default of the seed.

    Returns a relation: priority, the matching columns (NULL matches all), and warn, critical, min_rows, consecutive,
    compare, direction, windows, segments, versions, enabled (1 or 0).
#}
{% macro _threshold_overrides() %}
    {%- set keys = ['monitor', 'family', 'metric', 'baseline', 'column_name', 'segment', 'segment_value', 'model_version'] -%}
    {%- set choices = {
        'compare': ['value', 'difference', 'relative'],
        'direction': ['above', 'below', 'both'],
        'windows': ['shortest', 'each'],
        'segments': ['total', 'each'],
        'versions': ['total', 'each'],
    } -%}
    {%- set numbers = ['warn', 'critical', 'min_rows', 'consecutive'] -%}
    {%- set given = var('driftline_thresholds', []) or [] -%}
    {%- set allowed = 'a list of {' ~ (keys + numbers + choices.keys() | list + ['enabled']) | join(', ') ~ '}' -%}
    {%- if given is string or given is mapping or given is not sequence -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_thresholds': given " ~ tojson(given | string) ~ '; allowed: ' ~ allowed) -}}
    {%- endif -%}
    {%- for row in given -%}
        {%- if row is not mapping -%}
            {{- exceptions.raise_compiler_error("driftline: var 'driftline_thresholds': given " ~ tojson(row | string) ~ '; allowed: ' ~ allowed) -}}
        {%- endif -%}
        {%- for name in row -%}
            {%- set value = row[name] -%}
            {%- if name not in keys + numbers + choices.keys() | list + ['enabled'] -%}
                {{- driftline._fail(row.get('monitor', '(all)'), "var 'driftline_thresholds'", tojson(name), allowed) -}}
            {%- elif name in numbers and (value is boolean or value is not number or (name in ['min_rows', 'consecutive'] and value < 1)) -%}
                {{- driftline._fail(row.get('monitor', '(all)'), "var 'driftline_thresholds', " ~ name, tojson(value | string), 'a number') -}}
            {%- elif name in choices and value not in choices[name] -%}
                {{- driftline._fail(row.get('monitor', '(all)'), "var 'driftline_thresholds', " ~ name, tojson(value | string), choices[name] | join(', ')) -}}
            {%- elif name == 'enabled' and value is not boolean -%}
                {{- driftline._fail(row.get('monitor', '(all)'), "var 'driftline_thresholds', enabled", tojson(value | string), 'true or false') -}}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for row in given %}
    select
        {{ loop.index }} as priority,
        {%- for key in keys + choices.keys() | list %}
        {{ driftline._text(row[key]) if key in row else driftline._as_text('null') }} as {{ key }},
        {%- endfor %}
        {%- for number in numbers %}
        {{ driftline._as_double(row[number] if number in row else 'null') }} as {{ number }},
        {%- endfor %}
        {{ 0 if row.get('enabled', true) == false else 1 }} as enabled
    union all
    {%- endfor %}
    select
        0 as priority,
        {%- for key in keys + choices.keys() | list %}
        {{ driftline._as_text('null') }} as {{ key }},
        {%- endfor %}
        {%- for number in numbers %}
        {{ driftline._as_double('null') }} as {{ number }},
        {%- endfor %}
        1 as enabled
    from (select 1 as nothing) as no_override
    where 1 = 0
{% endmacro %}


{# A number as people read it, in SQL: four decimals where it is of ordinary size. #}
{% macro _readable(expression) %}
    {{- return(
        'case when abs(' ~ expression ~ ') < 1e12 then ' ~ driftline._as_text('cast(' ~ expression ~ ' as numeric(18, 4))')
        ~ ' else ' ~ driftline._as_text(expression) ~ ' end'
    ) -}}
{% endmacro %}
