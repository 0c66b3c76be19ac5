{#
    BigQuery. Compiled and parsed, never run on BigQuery itself. The adapter has no strategy that replaces a monitor's
    periods (it knows merge, and whole partitions), so each run counts its source from the beginning.

    | point | answer | why |
    |---|---|---|
    | `_literal`, `_quoted` | backslashes and quotes escaped | https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#string_and_bytes_literals |
    | `_type_double`, `_type_text`, `_type_timestamp` | float64, string, datetime | TIMESTAMP has a zone, DATETIME none: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types |
    | `_type_kind` | timestamp is zoned | https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#timestamp_type |
    | `_is_real` | false | there is no type of 32 bits: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#floating_point_types |
    | `_is_nan` | is_nan | NaN equals nothing: https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions#is_nan |
    | `_local_time`, `_column_time`, `_utc_now` | datetime(…, zone), timestamp(…, zone) | AT TIME ZONE is no operator: https://cloud.google.com/bigquery/docs/reference/standard-sql/datetime_functions |
    | `_period_start` | datetime_trunc; isoweek | a WEEK begins on Sunday: https://cloud.google.com/bigquery/docs/reference/standard-sql/datetime_functions#datetime_trunc |
    | `_matches`, `_first_replaced`, `_contains` | regexp_contains, regexp_replace, strpos | https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions |
    | `_number_text` | by bignumeric | NUMERIC has 9 digits behind the point: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types |
    | `_time_text` | format_datetime | https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements |
    | `_with_medians` | a join to the rows of the frame | percentile_cont is no aggregate, and has no frames: https://cloud.google.com/bigquery/docs/reference/standard-sql/navigation_functions#percentile_cont |
    | `_whole_number` | format | https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements |
    | `_enforce_contract` | false | the contracts' `double precision` is no type here: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#floating_point_types |
    | `_incremental_strategy`, `_full_refresh` | insert_overwrite, always anew | https://docs.getdbt.com/reference/resource-configs/bigquery-configs#incremental-strategies |
    | `_placement` | the state by months, clustered by column | at most 10,000 partitions: https://cloud.google.com/bigquery/quotas#partitioned_tables |
    | `_most_bytes` | 1,000,000 | https://cloud.google.com/bigquery/quotas#query_jobs |
    | `_check_identifier` | 1,024 bytes, less what dbt adds | https://cloud.google.com/bigquery/docs/tables#table_naming |
#}


{% macro bigquery___literal(text) %}
    {{- return(driftline._escaped_literal(text)) -}}
{% endmacro %}
{% macro bigquery___quoted(name) %}
    {{- return(adapter.quote(name | replace('\\', '\\\\') | replace('`', '\\`'))) -}}
{% endmacro %}


{% macro bigquery___type_double() %}
    {{- return('float64') -}}
{% endmacro %}
{% macro bigquery___type_text() %}
    {{- return('string') -}}
{% endmacro %}
{% macro bigquery___type_timestamp() %}
    {{- return('datetime') -}}
{% endmacro %}
{% macro bigquery___type_kind(data_type) %}
    {{- return('zoned' if data_type == 'timestamp' else driftline.default___type_kind(data_type)) -}}
{% endmacro %}
{% macro bigquery___is_real(data_type) %}
    {{- return(false) -}}
{% endmacro %}


{% macro bigquery___is_nan(expression) %}
    {{- return('is_nan(' ~ expression ~ ')') -}}
{% endmacro %}


{% macro bigquery___local_time(expression, kind, timezone) %}
    {%- set zone = driftline._literal(timezone) -%}
    {%- if kind == 'zoned' -%}{{- return('datetime(' ~ expression ~ ', ' ~ zone ~ ')') -}}{%- endif -%}
    {%- if kind == 'date' or timezone == 'UTC' -%}{{- return(driftline._as_timestamp(expression)) -}}{%- endif -%}
    {{- return("datetime(timestamp(" ~ driftline._as_timestamp(expression) ~ ", 'UTC'), " ~ zone ~ ')') -}}
{% endmacro %}
{% macro bigquery___column_time(expression, kind, timezone) %}
    {%- if kind == 'date' or kind == 'naive' and timezone == 'UTC' -%}{{- return(expression) -}}{%- endif -%}
    {%- set moment = 'timestamp(' ~ driftline._as_timestamp(expression) ~ ', ' ~ driftline._literal(timezone) ~ ')' -%}
    {{- return(moment if kind == 'zoned' else 'datetime(' ~ moment ~ ", 'UTC')") -}}
{% endmacro %}
{% macro bigquery___utc_now() %}
    {{- return("current_datetime('UTC')") -}}
{% endmacro %}
{% macro bigquery___period_start(expression, period) %}
    {{- return('datetime_trunc(' ~ expression ~ ', ' ~ ('isoweek' if period == 'week' else period) ~ ')') -}}
{% endmacro %}


{% macro bigquery___matches(text, pattern) %}
    {{- return('regexp_contains(' ~ text ~ ', ' ~ driftline._literal(pattern) ~ ')') -}}
{% endmacro %}
{% macro bigquery___first_replaced(text, pattern, by) %}
    {{- return('regexp_replace(' ~ text ~ ', ' ~ driftline._literal(pattern) ~ ', ' ~ driftline._literal(by) ~ ')') -}}
{% endmacro %}
{% macro bigquery___contains(text, part) %}
    {{- return('strpos(' ~ text ~ ', ' ~ part ~ ') > 0') -}}
{% endmacro %}
{% macro bigquery___number_text(expression, data_type) %}
    {{- return(driftline._number_text_by(expression, data_type, 'bignumeric', '1e18')) -}}
{% endmacro %}
{% macro bigquery___time_text(expression, kind) %}
    {%- if kind == 'date' -%}{{- return("format_date('%F', " ~ expression ~ ')') -}}{%- endif -%}
    {{- return('case when ' ~ expression ~ ' = datetime_trunc(' ~ expression ~ ", day) then format_datetime('%F', "
        ~ expression ~ ") else format_datetime('%F %H:%M:%E*S', " ~ expression ~ ') end') -}}
{% endmacro %}
{% macro bigquery___whole_number(x) %}
    {{- return('format("%\'d", cast(round(' ~ x ~ ') as int64))') -}}
{% endmacro %}


{% macro bigquery___with_medians(relation, medians) %}
    {{- driftline._medians_by_join(relation, medians) -}}
{% endmacro %}


{% macro bigquery___enforce_contract() %}
    {{- return(false) -}}
{% endmacro %}
{% macro bigquery___incremental_strategy() %}
    {{- return('insert_overwrite') -}}
{% endmacro %}
{% macro bigquery___full_refresh() %}
    {{- return(true) -}}
{% endmacro %}
{% macro bigquery___placement(kind) %}
    {{- return({
        'partition_by': {'field': 'period_start', 'data_type': 'datetime', 'granularity': 'month'},
        'cluster_by': ['column_role', 'column_name'],
    } if kind == 'state' else {}) -}}
{% endmacro %}


{% macro bigquery___most_bytes() %}
    {{- return(1000000) -}}
{% endmacro %}


{% macro bigquery___check_identifier(monitor) %}
    {{- driftline._check_length_of_name(monitor, 'BigQuery', 1024, 9, 'bytes') -}}
{% endmacro %}
