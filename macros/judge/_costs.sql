{#
    What one unit of a business metric is worth, from the var driftline_unit_values, checked:
    {monitor: {metric: {value: 25, unit: 'GBP'}}}. Of a ratio it is one unit of its numerator. Returns SQL of a relation
    (monitor, metric, unit_value, cost_unit); no rows where the project says nothing.
#}
{% macro _unit_values() %}
    {%- set given = driftline._var('driftline_unit_values', {}) or {} -%}
    {%- set rows, wrong = [], [] -%}
    {%- if given is not mapping -%}{%- do wrong.append(given) -%}{%- endif -%}
    {%- for monitor in (given if given is mapping else {}) -%}
        {%- set metrics = given[monitor] -%}
        {%- if metrics is not mapping or not metrics -%}{%- do wrong.append(monitor) -%}{%- endif -%}
        {%- for metric in (metrics if metrics is mapping else {}) -%}
            {%- set one = metrics[metric] -%}
            {%- if one is not mapping or one | list | reject('in', ['value', 'unit']) | list != []
                or not driftline._is_finite(one.value) or one.value <= 0
                or (one.unit is defined and (one.unit is not string or one.unit | trim == '')) -%}
                {%- do wrong.append(monitor ~ ': ' ~ metric) -%}
            {%- else -%}
                {%- set row -%}
    select {{ driftline._text(monitor) }} as monitor, {{ driftline._text(metric) }} as metric,
        {{ driftline._as_double(one.value) }} as unit_value, {{ driftline._text_or_null(one.unit) }} as cost_unit
                {%- endset -%}
                {%- do rows.append(row) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if wrong -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_unit_values': given "
            ~ tojson(wrong[0] | string)
            ~ "; allowed: {monitor: {business metric: {value: a number over 0, unit: 'GBP'}}}") -}}
    {%- endif -%}
    {%- set nothing -%}
    select {{ driftline._as_text('null') }} as monitor, {{ driftline._as_text('null') }} as metric,
        {{ driftline._as_double('null') }} as unit_value, {{ driftline._as_text('null') }} as cost_unit
    from (select 1 as nothing) as nobody
    where 1 = 0
    {%- endset -%}
    {{- return(rows | join('\n    union all\n') if rows else nothing) -}}
{% endmacro %}


{#
    From which loss on an incident is bad, from the var driftline_costs, checked: {GBP: {warn: 5, critical: 50}}, by
    the unit of driftline_unit_values. Returns SQL of a relation (cost_unit, warn, critical), NULL where nothing is
    said.
#}
{% macro _cost_limits() %}
    {%- set given = driftline._var('driftline_costs', {}) or {} -%}
    {%- set rows, wrong = [], [] -%}
    {%- if given is not mapping -%}{%- do wrong.append(given) -%}{%- endif -%}
    {%- for unit in (given if given is mapping else {}) -%}
        {%- set one = given[unit] if given[unit] is mapping else {} -%}
        {%- set fine = [] -%}
        {%- for name in one if name in ['warn', 'critical'] and driftline._is_finite(one[name]) -%}
            {%- do fine.append(one[name]) -%}
        {%- endfor -%}
        {%- if unit is not string or not fine or fine | length < one | length or one | length == 2
            and one.warn > one.critical -%}
            {%- do wrong.append(unit) -%}
        {%- else -%}
            {%- set row -%}
    select {{ driftline._text(unit) }} as cost_unit, {{ driftline._as_double(one.get('warn', 'null')) }} as warn,
        {{ driftline._as_double(one.get('critical', 'null')) }} as critical
            {%- endset -%}
            {%- do rows.append(row) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if wrong -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_costs': given " ~ tojson(wrong[0] | string)
            ~ "; allowed: {unit of driftline_unit_values: {warn: a number, critical: a number that is no less}}") -}}
    {%- endif -%}
    {%- set nothing -%}
    select {{ driftline._as_text('null') }} as cost_unit, {{ driftline._as_double('null') }} as warn,
        {{ driftline._as_double('null') }} as critical
    {%- endset -%}
    {{- return(rows | join('\n    union all\n') if rows else nothing) -}}
{% endmacro %}
