{# The columns of every monitor's table, in order: name → type. #}
{% macro _state_columns() %}
    {%- set text = driftline._type_text() -%}
    {%- set double = driftline._type_double() -%}
    {{- return({
        'monitor': text, 'spec_hash': text, 'record': text, 'source': text, 'in_reference': dbt.type_boolean(),
        'period_start': driftline._type_timestamp(), 'period_index': dbt.type_bigint(),
        'model_version': text, 'segment': text, 'segment_value': text,
        'column_name': text, 'column_role': text, 'column_kind': text,
        'bin': dbt.type_int(), 'bin_kind': text, 'bin_label': text, 'bin_lower': double, 'bin_upper': double,
        'bin_group': dbt.type_int(),
        'row_count': dbt.type_bigint(), 'weight_sum': double, 'weight_sq_sum': double, 'value_sum': double,
        'deviation_sq_sum': double, 'value_min': double, 'value_max': double, 'out_of_range_weight': double,
        'prediction_sum': double, 'labelled_weight_sum': double, 'labelled_weight_sq_sum': double, 'label_sum': double,
        'label_sq_sum': double,
        'labelled_prediction_sum': double, 'loss_sum': double, 'loss_sq_sum': double,
        'computed_at': driftline._type_timestamp(),
    }) -}}
{% endmacro %}


{#
    All listed monitors' tables as one. Without a monitor: no rows, the same columns. A monitor that has never worked
    has no table: the others are not held up by it (decision 14).

    record  text: count, bin or setting
#}
{% macro _from_monitors(record) %}
    {{- driftline._alone() -}}
    {{- driftline._check_session() -}}
    {%- set columns = driftline._state_columns() -%}
    {%- set tables = [] -%}
    {%- for monitor in driftline._monitors() -%}
        {%- set table = ref(project_name, monitor) -%}
        {%- if driftline._is_built(table) -%}{%- do tables.append(table) -%}{%- endif -%}
        {%- if record == 'count' -%}{{- driftline._drop_steps(table) -}}{%- endif -%}
    {%- endfor -%}
    {%- for table in tables %}
    select {{ columns.keys() | list | join(', ') }} from {{ table }} where record = {{ driftline._literal(record) }}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
    {%- if not tables %}
    select {% for name in columns %}cast(null as {{ columns[name] }}) as {{ name }}
        {{- ', ' if not loop.last }}{% endfor %}
    from (select 1 as nothing) as no_monitor
    where 1 = 0
    {%- endif -%}
{% endmacro %}


{# Whether a relation is in the warehouse; where dbt may not look, it is taken to be. #}
{% macro _is_built(relation) %}
    {%- if not execute or flags.INTROSPECT is false -%}{{- return(true) -}}{%- endif -%}
    {{- return(adapter.get_relation(relation.database, relation.schema, relation.identifier) is not none) -}}
{% endmacro %}
