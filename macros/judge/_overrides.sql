{#
    The project's own thresholds, from the var driftline_thresholds: a list of dicts, checked. A row applies to what it
    names of monitor, family, metric, baseline, column_name, segment, segment_value and model_version. For each field the
    last row counts that applies and names it; where none does, the seed's default stays.
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
    {{- return(given) -}}
{% endmacro %}


{#
    What the overrides say of one field, else the default.

    overrides  what _threshold_overrides returned
    field      warn, critical, min_rows, consecutive, compare, direction, windows, segments, versions or enabled
    default    SQL
    m          alias of the metrics
#}
{% macro _overridden(overrides, field, default, m) %}
    {%- set cases = [] -%}
    {%- for row in overrides | reverse -%}
        {#- Naming a segment or a version means to judge it. -#}
        {%- set implied = (field == 'segments' and 'segment' in row) or (field == 'versions' and 'model_version' in row) -%}
        {%- if field in row or implied -%}
            {%- set conditions = [] -%}
            {%- for key in ['monitor', 'family', 'metric', 'column_name', 'segment', 'segment_value', 'model_version'] if key in row -%}
                {%- do conditions.append(m ~ '.' ~ key ~ ' = ' ~ driftline._literal(row[key])) -%}
            {%- endfor -%}
            {#- A row speaks of the reference unless it names a baseline; business and trends are held against what came before. -#}
            {%- do conditions.append(m ~ '.baseline = ' ~ (driftline._literal(row.baseline) if 'baseline' in row
                else "case when " ~ m ~ ".family in ('business', 'trend') then 'trailing' when " ~ m ~ ".baseline = 'none' then 'none' else 'reference' end")) -%}
            {%- set value = 'each' if field not in row else row[field] -%}
            {%- if value is boolean -%}
                {%- set value = 1 if value else 0 -%}
            {%- elif value is string -%}
                {%- set value = driftline._text(value) -%}
            {%- else -%}
                {%- set value = driftline._as_double(value) -%}
            {%- endif -%}
            {%- do cases.append('when ' ~ conditions | join(' and ') ~ ' then ' ~ value) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return('case ' ~ cases | join(' ') ~ ' else ' ~ default ~ ' end' if cases else default) -}}
{% endmacro %}


{# A number as people read it, in SQL: four decimals where it is of ordinary size. #}
{% macro _readable(expression) %}
    {{- return(
        'case when abs(' ~ expression ~ ') < 1e12 then ' ~ driftline._as_text('cast(' ~ expression ~ ' as numeric(18, 4))')
        ~ ' else ' ~ driftline._as_text(expression) ~ ' end'
    ) -}}
{% endmacro %}
