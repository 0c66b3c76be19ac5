{#
    Declares a monitor: the whole body of one model file. The file's name is the monitor's name.
    Arguments, defaults and errors: macros/monitor/_monitor.yml.
#}
{% macro monitor(
    relation=none,
    timestamp=none,
    period='day',
    timezone='UTC',
    reference=none,
    numeric=[],
    categorical=[],
    prediction=none,
    decision_threshold=0.5,
    label=none,
    positive_label=none,
    label_delay=0,
    label_lookback=none,
    min_labelled_share=0.8,
    task='none',
    ranking=none,
    model_version=none,
    segments=[],
    business_metrics={},
    weight=none,
    bins=20,
    top_categories=50,
    lookback=3,
    importances={},
    detail='total',
    baselines=['reference', 'previous', 'trailing', 'seasonal'],
    families='all',
    owner=none,
    formerly=none,
    labels={},
    units={}
) %}
    {{- driftline._refuse_unit_tests() -}}
    {%- set declaration = driftline._declaration(model.name, {
        'relation': relation, 'timestamp': timestamp, 'period': period, 'timezone': timezone,
        'reference': reference, 'numeric': numeric, 'categorical': categorical, 'prediction': prediction,
        'decision_threshold': decision_threshold, 'label': label, 'positive_label': positive_label,
        'label_delay': label_delay, 'label_lookback': label_lookback,
        'min_labelled_share': min_labelled_share, 'task': task, 'ranking': ranking,
        'model_version': model_version, 'segments': segments, 'business_metrics': business_metrics,
        'weight': weight, 'bins': bins, 'top_categories': top_categories, 'lookback': lookback,
        'importances': importances, 'detail': detail, 'baselines': baselines, 'families': families,
        'owner': owner, 'formerly': formerly, 'labels': labels, 'units': units,
    }, kwargs) -%}
    {{- driftline._configure(declaration) -}}
    {{- driftline._check_with_warehouse(declaration) -}}
    {{- driftline._state_sql(declaration) if declaration.sites is none else driftline._merged_sql(declaration) -}}
{% endmacro %}


{# Stops a unit test of a monitor. #}
{% macro _refuse_unit_tests() %}
    {%- if model.resource_type == 'unit_test' -%}
        {{- exceptions.raise_compiler_error(
            "driftline: unit test '" ~ model.name
            ~ "': a monitor has no unit tests, because it looks up the types of the"
            ~ ' columns it reads, and given rows have none.'
            ~ ' Test the model that it reads; what a monitor counts of known'
            ~ ' rows is seen in its table after a build.'
        ) -}}
    {%- endif -%}
{% endmacro %}


{# A monitor's model as dbt is to build it. #}
{% macro _configure(declaration) %}
    {#- unique_key is the period, not the grain: a run replaces whole periods, so rows that vanished from the source
        vanish from the state too. -#}
    {{- config(
        materialized='incremental',
        incremental_strategy=driftline._incremental_strategy(),
        unique_key='period_start',
        on_schema_change='append_new_columns',
        contract={'enforced': false},
        full_refresh=driftline._full_refresh(),
        meta={'driftline': declaration.arguments, 'driftline_vars': driftline._scope_vars()}
    ) -}}
    {{- driftline._place('state') -}}
    {#- A monitor that fails must not hold up the others (decision 14); dbt knows the setting from 1.12 on. -#}
    {%- set version = dbt_version.split('.') -%}
    {%- if version[0] == '1' and version[1] | int >= 12 -%}{{- config(on_error='continue') -}}{%- endif -%}
{% endmacro %}
