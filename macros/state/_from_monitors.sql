{# The columns of every monitor's table, in order: name → type. #}
{% macro _state_columns() %}
    {%- set text = dbt.type_string() -%}
    {%- set double = driftline._type_double() -%}
    {{- return({
        'monitor': text, 'spec_hash': text, 'record': text, 'source': text, 'in_reference': dbt.type_boolean(),
        'period_start': dbt.type_timestamp(), 'period_index': dbt.type_bigint(),
        'model_version': text, 'segment': text, 'segment_value': text,
        'column_name': text, 'column_role': text, 'column_kind': text,
        'bin': dbt.type_int(), 'bin_kind': text, 'bin_label': text, 'bin_lower': double, 'bin_upper': double, 'bin_group': dbt.type_int(),
        'row_count': dbt.type_bigint(), 'weight_sum': double, 'weight_sq_sum': double, 'value_sum': double,
        'deviation_sq_sum': double, 'value_min': double, 'value_max': double, 'out_of_range_weight': double,
        'prediction_sum': double, 'labelled_weight_sum': double, 'labelled_weight_sq_sum': double, 'label_sum': double, 'label_sq_sum': double,
        'labelled_prediction_sum': double, 'loss_sum': double, 'loss_sq_sum': double,
        'computed_at': dbt.type_timestamp(),
    }) -}}
{% endmacro %}


{#
    All listed monitors' tables as one. Without a monitor: no rows, the same columns.

    record  text: count, bin or setting
#}
{% macro _from_monitors(record) %}
    {%- set columns = driftline._state_columns() -%}
    {%- set monitors = driftline._monitors() -%}
    {%- for monitor in monitors %}
    select {{ columns.keys() | list | join(', ') }} from {{ ref(project_name, monitor) }} where record = {{ driftline._literal(record) }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
    {%- if not monitors %}
    select {% for name in columns %}cast(null as {{ columns[name] }}) as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
    from (select 1 as nothing) as no_monitor
    where 1 = 0
    {%- endif -%}
{% endmacro %}


{# The names of the monitors, from the var driftline_monitors. #}
{% macro _monitors() %}
    {%- set monitors = var('driftline_monitors', []) -%}
    {%- if monitors is none -%}{{- return([]) -}}{%- endif -%}
    {%- if monitors is string or monitors is mapping or monitors is not sequence -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_monitors': given " ~ tojson(monitors | string) ~ "; allowed: a list of the monitors' names") -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for monitor in monitors -%}
        {%- if monitor is not string or monitor | trim == '' -%}
            {{- exceptions.raise_compiler_error("driftline: var 'driftline_monitors': given " ~ tojson(monitor | string) ~ "; allowed: a list of the monitors' names") -}}
        {%- endif -%}
        {%- if monitor not in names -%}{%- do names.append(monitor) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}
