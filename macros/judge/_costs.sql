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
