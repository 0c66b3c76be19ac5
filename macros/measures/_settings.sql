{# The level of significance of psi_critical, ks_critical and the quality noise (var driftline_alpha). #}
{% macro _alpha() %}
    {%- set alpha = var('driftline_alpha', 0.001) -%}
    {%- if alpha is not number or alpha <= 0 or alpha >= 0.5 -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_alpha': given " ~ tojson(alpha | string) ~ '; allowed: a number over 0 and under 0.5') -}}
    {%- endif -%}
    {{- return(alpha) -}}
{% endmacro %}


{# Column contracts, where the engine can hold a model to one. #}
{% macro _enforce_contract() %}
    {{- return(adapter.dispatch('_enforce_contract', 'driftline')()) -}}
{% endmacro %}
{% macro default___enforce_contract() %}
    {{- return(true) -}}
{% endmacro %}
