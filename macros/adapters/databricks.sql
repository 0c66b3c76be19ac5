{#
    Databricks. Compiled and parsed, never run on Databricks itself.

    dbt takes Spark's answer where Databricks has none of its own; so each point that Spark answers is answered here
    too, or stands in the list of tests/lint/test_engines.py with the reason why Spark's is meant.

    | point | answer | why |
    |---|---|---|
    | `_incremental_strategy` | delete+insert | tables are Delta's: https://docs.databricks.com/en/delta/delete.html |
    | `_placement` | the adapter's own | parquet is no managed table of Unity Catalog: https://docs.databricks.com/en/tables/managed.html |
    | `_with_steps`, `_drop_steps`, `_table_from_itself`, `_standing`, `_type_of_result` | default | Delta replaces a table by a new version of it: https://docs.databricks.com/en/delta/history.html |
    | `_check_identifier` | default | a name of Unity Catalog has 255 letters of any kind: https://docs.databricks.com/en/sql/language-manual/sql-ref-names.html |
    | `_step_materialization` | default | how often a CTE is computed was not measured: https://docs.databricks.com/en/sql/language-manual/sql-ref-syntax-qry-select-cte.html |
    | `_type_timestamp` | timestamp_ntz | TIMESTAMP is a point in time: https://docs.databricks.com/en/sql/language-manual/data-types/timestamp-ntz-type.html |
    | `_local_time`, `_column_time`, `_utc_now`, `_check_session` | convert_timezone; default | so the session may be in any zone: https://docs.databricks.com/en/sql/language-manual/functions/convert_timezone.html |
    | `_type_double`, `_is_nan` | double, isnan | https://docs.databricks.com/en/sql/language-manual/functions/isnan.html |
    | `_literal` | backslashes and quotes escaped | https://docs.databricks.com/en/sql/language-manual/data-types/string-type.html |
    | `_type_kind` | `timestamp` is zoned, `timestamp_ntz` naive | https://docs.databricks.com/en/sql/language-manual/data-types/timestamp-type.html |
    | `_first_replaced`, `_matches` | groups by $1; rlike | https://docs.databricks.com/en/sql/language-manual/functions/regexp_replace.html |
    | `_number_text` | by decimal(38, 18) | NUMERIC without more is (10, 0): https://docs.databricks.com/en/sql/language-manual/data-types/decimal-type.html |
    | `_time_text` | date_format | https://docs.databricks.com/en/sql/language-manual/functions/date_format.html |
    | `_reference_quantiles`, `_with_medians` | default; a join to the rows of the frame | plain SQL: https://docs.databricks.com/en/sql/language-manual/functions/percentile_cont.html |
    | `_moved`, `_bounds_between` | timestampadd, timestampdiff | dbt's own ask the connection which version it is of: https://docs.databricks.com/en/sql/language-manual/functions/timestampadd.html |
    | `_count_numeric`, `_count_categories` | default | not measured: https://docs.databricks.com/en/sql/language-manual/sql-ref-syntax-qry-select-lateral-view.html |
    | `_enforce_contract` | false | the contracts' `double precision` is no type here: https://docs.databricks.com/en/sql/language-manual/data-types/double-type.html |
#}


{% macro databricks___incremental_strategy() %}
    {{- return('delete+insert') -}}
{% endmacro %}
{% macro databricks___placement(kind) %}
    {{- return({}) -}}
{% endmacro %}
{% macro databricks___with_steps(steps) %}
    {{- return(driftline.default___with_steps(steps)) -}}
{% endmacro %}
{% macro databricks___drop_steps(table) %}
    {{- return(driftline.default___drop_steps(table)) -}}
{% endmacro %}
{% macro databricks___type_of_result(data_type) %}
    {{- return(driftline.default___type_of_result(data_type)) -}}
{% endmacro %}
{% macro databricks___table_from_itself() %}
    {{- return(driftline.default___table_from_itself()) -}}
{% endmacro %}
{% macro databricks___standing(table) %}
    {{- return(driftline.default___standing(table)) -}}
{% endmacro %}
{% macro databricks___step_materialization(line) %}
    {{- return(driftline.default___step_materialization(line)) -}}
{% endmacro %}
{% macro databricks___count_numeric(columns, rows, keys) %}
    {{- driftline.default___count_numeric(columns, rows, keys) -}}
{% endmacro %}
{% macro databricks___count_categories(columns, rows, keys) %}
    {{- driftline.default___count_categories(columns, rows, keys) -}}
{% endmacro %}
{% macro databricks___check_identifier(monitor) %}
    {{- return(driftline.default___check_identifier(monitor)) -}}
{% endmacro %}
{% macro databricks___check_session() %}
    {{- return(driftline.default___check_session()) -}}
{% endmacro %}


{% macro databricks___type_double() %}
    {{- return('double') -}}
{% endmacro %}
{% macro databricks___is_nan(expression) %}
    {{- return('isnan(' ~ expression ~ ')') -}}
{% endmacro %}
{% macro databricks___type_timestamp() %}
    {{- return('timestamp_ntz') -}}
{% endmacro %}


{# A point in time cast to a wall clock reads as it does in the session's zone, which convert_timezone begins with. #}
{% macro databricks___local_time(expression, kind, timezone) %}
    {%- set clock = driftline._as_timestamp(expression) -%}
    {%- if kind == 'date' or kind == 'naive' and timezone == 'UTC' -%}{{- return(clock) -}}{%- endif -%}
    {%- set from_zone = "'UTC', " if kind == 'naive' else '' -%}
    {{- return('convert_timezone(' ~ from_zone ~ driftline._literal(timezone) ~ ', ' ~ clock ~ ')') -}}
{% endmacro %}
{% macro databricks___column_time(expression, kind, timezone) %}
    {%- if kind == 'date' or kind == 'naive' and timezone == 'UTC' -%}{{- return(expression) -}}{%- endif -%}
    {%- set to_zone = "'UTC'" if kind == 'naive' else 'current_timezone()' -%}
    {%- set clock = 'convert_timezone(' ~ driftline._literal(timezone) ~ ', ' ~ to_zone ~ ', '
        ~ driftline._as_timestamp(expression) ~ ')' -%}
    {{- return(clock if kind == 'naive' else 'cast(' ~ clock ~ ' as timestamp)') -}}
{% endmacro %}
{% macro databricks___utc_now() %}
    {{- return("convert_timezone('UTC', " ~ driftline._as_timestamp('current_timestamp()') ~ ')') -}}
{% endmacro %}


{% macro databricks___literal(text) %}
    {{- return(driftline._escaped_literal(text)) -}}
{% endmacro %}
{% macro databricks___type_kind(data_type) %}
    {{- return('zoned' if data_type == 'timestamp' else driftline.default___type_kind(data_type)) -}}
{% endmacro %}


{% macro databricks___first_replaced(text, pattern, by) %}
    {{- return('regexp_replace(' ~ text ~ ', ' ~ driftline._literal(pattern) ~ ', '
        ~ driftline._literal(by | replace('\\', '$')) ~ ')') -}}
{% endmacro %}
{% macro databricks___matches(text, pattern) %}
    {{- return('(' ~ text ~ ') rlike ' ~ driftline._literal(pattern)) -}}
{% endmacro %}
{% macro databricks___number_text(expression, data_type) %}
    {{- return(driftline._number_text_by(expression, data_type, 'decimal(38, 18)', '1e18')) -}}
{% endmacro %}
{% macro databricks___time_text(expression, kind) %}
    {%- set day = 'date_format(' ~ expression ~ ", 'yyyy-MM-dd')" -%}
    {%- if kind == 'date' -%}{{- return(day) -}}{%- endif -%}
    {%- set time = "rtrim('.', rtrim('0', date_format(" ~ expression ~ ", 'yyyy-MM-dd HH:mm:ss.SSSSSS')))" -%}
    {{- return('case when ' ~ expression ~ " = date_trunc('day', " ~ expression ~ ') then ' ~ day ~ ' else ' ~ time
        ~ ' end') -}}
{% endmacro %}


{% macro databricks___moved(part, number, moment) %}
    {{- return('timestampadd(' ~ part ~ ', cast(' ~ number ~ ' as int), ' ~ moment ~ ')') -}}
{% endmacro %}
{# It counts what has passed whole, which between bounds is the number of bounds. #}
{% macro databricks___bounds_between(first, second, part) %}
    {%- set bounds = [] -%}
    {%- for moment in [first, second] -%}
        {%- do bounds.append("date_trunc('" ~ part ~ "', " ~ moment ~ ')') -%}
    {%- endfor -%}
    {{- return('timestampdiff(' ~ part ~ ', ' ~ bounds | join(', ') ~ ')') -}}
{% endmacro %}


{% macro databricks___reference_quantiles(columns, rows) %}
    {{- driftline.default___reference_quantiles(columns, rows) -}}
{% endmacro %}
{% macro databricks___with_medians(relation, medians) %}
    {{- driftline._medians_by_join(relation, medians) -}}
{% endmacro %}


{% macro databricks___enforce_contract() %}
    {{- return(false) -}}
{% endmacro %}
