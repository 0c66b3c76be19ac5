{#
    Where a run begins, and what it replaces (decision 13).

    The package's own records stand in periods of their own, with odd seconds: no row of a source is ever in one,
    because no period begins at a second. States of earlier versions had them at the start of a day, where a source's
    rows could be as well.
#}
{% macro _own_periods() %}
    {{- return({'setting': '1900-01-01 00:00:01', 'bin': '1900-01-01 00:00:02', 'timeless': '1900-01-01 00:00:03'}) -}}
{% endmacro %}
{% macro _former_periods() %}
    {{- return({'setting': '1900-01-01 00:00:00', 'bin': '1900-01-02 00:00:00', 'timeless': '1900-01-03 00:00:00'}) -}}
{% endmacro %}


{# The period of the package's own records as SQL: `setting`, `bin`, `timeless` (rows of a reference without a time). #}
{% macro _own_period(record) %}
    {{- return(driftline._as_timestamp("'" ~ driftline._own_periods()[record] ~ "'")) -}}
{% endmacro %}
