{#
    Athena. Compiled and parsed, never run on Athena itself. Its engine is Trino's, and so are these answers; dbt's
    adapter does not know of that, so each is named. The adapter has no strategy that replaces a monitor's periods, so
    each run counts its source from the beginning.

    | point | answer | why |
    |---|---|---|
    | all that Trino answers, but the other ones here | Trino's | https://docs.aws.amazon.com/athena/latest/ug/engine-versions-reference-0003.html |
    | `_type_timestamp` | timestamp | its tables have times of milliseconds: https://docs.aws.amazon.com/athena/latest/ug/data-types.html |
    | `_incremental_strategy`, `_full_refresh` | append, always anew | https://docs.getdbt.com/reference/resource-configs/athena-configs |
    | `_placement` | Iceberg | https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html |
    | `_most_bytes` | 262,144 | https://docs.aws.amazon.com/athena/latest/ug/service-limits.html |
    | `_check_identifier` | 255 bytes, less what dbt adds | https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html |
#}


{% macro athena___type_timestamp() %}
    {{- return('timestamp') -}}
{% endmacro %}
{% macro athena___incremental_strategy() %}
    {{- return('append') -}}
{% endmacro %}
{% macro athena___full_refresh() %}
    {{- return(true) -}}
{% endmacro %}
{% macro athena___placement(kind) %}
    {{- return({'table_type': 'iceberg'}) -}}
{% endmacro %}


{% macro athena___type_double() %}
    {{- return(driftline.trino___type_double()) -}}
{% endmacro %}
{% macro athena___is_nan(expression) %}
    {{- return(driftline.trino___is_nan(expression)) -}}
{% endmacro %}
{% macro athena___local_time(expression, kind, timezone) %}
    {{- return(driftline.trino___local_time(expression, kind, timezone)) -}}
{% endmacro %}
{% macro athena___column_time(expression, kind, timezone) %}
    {{- return(driftline.trino___column_time(expression, kind, timezone)) -}}
{% endmacro %}
{% macro athena___utc_now() %}
    {{- return(driftline.trino___utc_now()) -}}
{% endmacro %}
{% macro athena___time_text(expression, kind) %}
    {{- return(driftline.trino___time_text(expression, kind)) -}}
{% endmacro %}
{% macro athena___first_replaced(text, pattern, by) %}
    {{- return(driftline.trino___first_replaced(text, pattern, by)) -}}
{% endmacro %}
{% macro athena___number_text(expression, data_type) %}
    {{- return(driftline.trino___number_text(expression, data_type)) -}}
{% endmacro %}
{% macro athena___whole_number(x) %}
    {{- return(driftline.trino___whole_number(x)) -}}
{% endmacro %}
{% macro athena___with_medians(relation, medians) %}
    {{- driftline.trino___with_medians(relation, medians) -}}
{% endmacro %}
{% macro athena___constant_rows(names, rows) %}
    {{- driftline.trino___constant_rows(names, rows) -}}
{% endmacro %}
{% macro athena___enforce_contract() %}
    {{- return(driftline.trino___enforce_contract()) -}}
{% endmacro %}


{% macro athena___most_bytes() %}
    {{- return(262144) -}}
{% endmacro %}


{% macro athena___check_identifier(monitor) %}
    {{- driftline._check_length_of_name(monitor, 'Athena', 255, 30, 'bytes') -}}
{% endmacro %}


{% macro athena___stripped(text, character, end) %}
    {{- return(driftline.trino___stripped(text, character, end)) -}}
{% endmacro %}
