{#
    The project's own thresholds, from the var driftline_thresholds: a list of dicts, checked. A row applies to what it
    names of monitor, family, metric, baseline, column_name, segment, segment_value and model_version. For each field
    the last row counts that applies and names it; where none does, the default stays.
#}
{% macro _threshold_overrides() %}
    {%- set keys = ['monitor', 'family', 'metric', 'baseline', 'column_name', 'segment', 'segment_value',
        'model_version'] -%}
    {%- set choices = {
        'compare': driftline._comparisons(),
        'direction': ['above', 'below', 'both'],
        'or_compare': driftline._comparisons(),
        'or_direction': ['above', 'below', 'both'],
        'windows': ['shortest', 'each'],
        'segments': ['total', 'each'],
        'versions': ['total', 'each'],
    } -%}
    {%- set whole = ['min_rows', 'consecutive', 'within'] -%}
    {%- set least = {'over_noise': 0, 'least_difference': 0} -%}
    {%- set numbers = ['warn', 'critical', 'or_warn', 'or_critical'] + least.keys() | list + whole -%}
    {%- set switches = ['enabled', 'at_once'] -%}
    {%- set given = driftline._var('driftline_thresholds', []) or [] -%}
    {%- set allowed = 'a list of {' ~ (keys + numbers + choices.keys() | list + switches) | join(', ') ~ '}' -%}
    {%- if given is string or given is mapping or given is not sequence -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_thresholds': given " ~ tojson(given | string)
            ~ '; allowed: ' ~ allowed) -}}
    {%- endif -%}
    {%- for row in given -%}
        {%- if row is not mapping -%}
            {{- exceptions.raise_compiler_error("driftline: var 'driftline_thresholds': given " ~ tojson(row | string)
                ~ '; allowed: ' ~ allowed) -}}
        {%- endif -%}
        {%- for name in row -%}
            {%- set value = row[name] -%}
            {%- if name not in keys + numbers + choices.keys() | list + switches -%}
                {{- driftline._fail(row.get('monitor', '(all)'), "var 'driftline_thresholds'",
                    driftline._shown(name), allowed) -}}
            {%- elif name in numbers
                and (not driftline._is_finite(value) or (name in whole and (value < 1 or value | int != value))
                    or (name in least and value < least[name])) -%}
                {{- driftline._fail(row.get('monitor', '(all)'), "var 'driftline_thresholds', " ~ name,
                    tojson(value | string), 'a number, whole and at least 1' if name in whole
                        else 'a number, at least 0' if name in least else 'a number') -}}
            {%- elif name in choices and value not in choices[name] -%}
                {{- driftline._fail(row.get('monitor', '(all)'), "var 'driftline_thresholds', " ~ name,
                    tojson(value | string), choices[name] | join(', ')) -}}
            {%- elif name in switches and value is not boolean -%}
                {{- driftline._fail(row.get('monitor', '(all)'), "var 'driftline_thresholds', " ~ name,
                    tojson(value | string), 'true or false') -}}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(given) -}}
{% endmacro %}


{#
    What the overrides say of one field, else the default.

    overrides  what _threshold_overrides returned
    field      warn, critical, compare, direction, the same with or_, over_noise, least_difference, min_rows,
               consecutive, within, windows, segments, versions, enabled or at_once
    default    SQL
    m          alias of the metrics
#}
{% macro _overridden(overrides, field, default, m) %}
    {%- set cases = [] -%}
    {%- for row in overrides | reverse -%}
        {#- Naming a segment or a version means to judge it. -#}
        {%- set implied = (field == 'segments' and 'segment' in row) or (field == 'versions'
            and 'model_version' in row) -%}
        {#- Who says what the bound is says it alone: the default's second bound and least difference go with its first.
        -#}
        {%- set dropped = field in ['or_warn', 'or_critical', 'least_difference'] and field not in row
            and ('warn' in row or 'critical' in row or 'compare' in row) -%}
        {%- if field in row or implied or dropped -%}
            {%- set conditions = [] -%}
            {%- for key in ['monitor', 'family', 'metric', 'column_name', 'segment', 'segment_value', 'model_version']
                if key in row -%}
                {%- do conditions.append(m ~ '.' ~ key ~ ' = ' ~ driftline._literal(row[key])) -%}
            {%- endfor -%}
            {#- A row speaks of the reference unless it names a baseline; trends and volume are held against what came
                before, business metrics against that and, where a change has lasted, against the reference. -#}
            {%- do conditions.append(m ~ '.baseline = ' ~ (driftline._literal(row.baseline) if 'baseline' in row
                else "case when " ~ m ~ ".family in ('trend', 'volume') or " ~ m ~ ".family = 'business' and " ~ m
                    ~ ".baseline <> 'reference' then 'trailing' when " ~ m
                    ~ ".baseline = 'none' then 'none' else 'reference' end")) -%}
            {%- set value = 'each' if field not in row else row[field] -%}
            {%- if dropped -%}
                {%- set value = driftline._as_double('0' if field == 'least_difference' else 'null') -%}
            {%- elif value is boolean -%}
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


{#
    The judge's rule (decision 15), by the kind of a monitor's period where it depends on it.

    opening        how many breaches among how many judged windows open an alert; as many quiet ones in a row as there
                   are among them end it
    clearly        over the critical threshold and over so many times the noise, one window opens it at once
    certain        so does so many times a noise that is known, which is no chance, over so many times the threshold of
                   a warning: what only hovers at it is told once it has been over it several times
    quiet          what has come back to these parts of the noise or of the threshold is quiet; what hovers is not
    margin         how much larger than the noise or a threshold a number must be, as a share of it, to be over it
    rounding       the same as a share of the numbers whose difference it is
    first_windows  windows that tell how many rows are usual where the reference has no time of its own
    silence        days without a judged window after which a series starts anew: what was before is another alert's
#}
{% macro _judge_rule() %}
    {{- return({
        'opening': {
            'hour': {'breaches': 3, 'within': 5},
            'day': {'breaches': 2, 'within': 3},
            'week': {'breaches': 1, 'within': 1},
            'month': {'breaches': 1, 'within': 1},
        },
        'clearly': '1.5e0', 'certain': {'noise': '2e0', 'threshold': '1.5e0'},
        'quiet': {'noise': '0.5e0', 'threshold': '0.66666666666666667e0'}, 'margin': '1e-9', 'rounding': '1e-12',
        'first_windows': 28, 'silence': {'hour': 7, 'day': 28, 'week': 91, 'month': 366},
    }) -}}
{% endmacro %}


{# How a value is held against what is expected (_signed_effect). #}
{% macro _comparisons() %}
    {{- return(['value', 'difference', 'relative', 'errors', 'odds']) -}}
{% endmacro %}


{# Whether a number is over a limit by more than rounding. #}
{% macro _exceeds(x, limit) %}
    {{- return(x ~ ' > ' ~ limit ~ ' + ' ~ driftline._judge_rule().margin ~ ' * abs(' ~ limit ~ ')') -}}
{% endmacro %}
