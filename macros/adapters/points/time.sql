{# Time zones, periods and the clock. #}


{#
    The local wall clock of a time column.

    expression  SQL
    kind        date, naive (taken as UTC) or zoned
    timezone    text, an IANA name
#}
{% macro _local_time(expression, kind, timezone) %}
    {{- return(adapter.dispatch('_local_time', 'driftline')(expression, kind, timezone)) -}}
{% endmacro %}
{% macro default___local_time(expression, kind, timezone) %}
    {%- if kind == 'date' or (kind == 'naive' and timezone == 'UTC') -%}
        {{- return(driftline._as_timestamp(expression)) -}}
    {%- elif kind == 'naive' -%}
        {{- return('((' ~ expression ~ ") at time zone 'UTC') at time zone " ~ driftline._literal(timezone)) -}}
    {%- endif -%}
    {{- return('(' ~ expression ~ ') at time zone ' ~ driftline._literal(timezone)) -}}
{% endmacro %}


{#
    The reverse for a constant: a local wall clock in the terms of the time column, so that the bare column is what is
    compared and partitions are pruned.
#}
{% macro _column_time(expression, kind, timezone) %}
    {{- return(adapter.dispatch('_column_time', 'driftline')(expression, kind, timezone)) -}}
{% endmacro %}
{% macro default___column_time(expression, kind, timezone) %}
    {%- if kind == 'date' or (kind == 'naive' and timezone == 'UTC') -%}
        {{- return(expression) -}}
    {%- elif kind == 'naive' -%}
        {{- return('((' ~ expression ~ ') at time zone ' ~ driftline._literal(timezone) ~ ") at time zone 'UTC'") -}}
    {%- endif -%}
    {{- return('(' ~ expression ~ ') at time zone ' ~ driftline._literal(timezone)) -}}
{% endmacro %}


{#
    The names of the time zones that the warehouse knows and that are spelt like this one but for their case: a list, or
    none where it cannot be asked.
#}
{% macro _zones_like(name) %}
    {{- return(adapter.dispatch('_zones_like', 'driftline')(name)) -}}
{% endmacro %}
{% macro default___zones_like(name) %}
    {{- return(none) -}}
{% endmacro %}


{# True where a time is a day of the calendar, or none where the engine knows no other. #}
{% macro _is_finite_time(expression) %}
    {{- return(adapter.dispatch('_is_finite_time', 'driftline')(expression)) -}}
{% endmacro %}
{% macro default___is_finite_time(expression) %}
    {{- return(none) -}}
{% endmacro %}


{# The warehouse's clock in UTC, as a timestamp without zone. #}
{% macro _utc_now() %}
    {{- return(adapter.dispatch('_utc_now', 'driftline')()) -}}
{% endmacro %}
{% macro default___utc_now() %}
    {{- return("current_timestamp at time zone 'UTC'") -}}
{% endmacro %}


{# A time column {sql, data_type} without what is finer than a microsecond,
    which a cast would round into the next period. #}
{% macro _to_microseconds(column) %}
    {{- return(adapter.dispatch('_to_microseconds', 'driftline')(column.sql, column.data_type | lower)) -}}
{% endmacro %}
{% macro default___to_microseconds(sql, data_type) %}
    {{- return(sql) -}}
{% endmacro %}


{# The start of the period a timestamp lies in. Weeks start on Monday. #}
{% macro _period_start(expression, period) %}
    {{- return(adapter.dispatch('_period_start', 'driftline')(expression, period)) -}}
{% endmacro %}
{% macro default___period_start(expression, period) %}
    {{- return("date_trunc('" ~ period ~ "', " ~ expression ~ ')') -}}
{% endmacro %}


{# Midnight of a day, a constant: 'YYYY-MM-DD'. #}
{% macro _constant_day(day) %}
    {{- return(driftline._as_timestamp("'" ~ day ~ "'")) -}}
{% endmacro %}


{# The running number of a period; weeks count from a Monday. #}
{% macro _period_index(expression, period) %}
    {%- if period == 'week' -%}
        {%- set days = driftline._bounds_between(driftline._constant_day('1970-01-05'), expression, 'day') -%}
        {{- return('cast(floor(' ~ days ~ ' / 7.0) as ' ~ dbt.type_bigint() ~ ')') -}}
    {%- endif -%}
    {{- return('cast(' ~ driftline._bounds_between(driftline._constant_day('1970-01-01'), expression, period) ~ ' as '
        ~ dbt.type_bigint() ~ ')') -}}
{% endmacro %}


{# The start of the period with a running number: the reverse of _period_index. #}
{% macro _period_at(index, period) %}
    {%- if period == 'week' -%}
        {{- return(driftline._as_timestamp(driftline._moved('day', '(7 * (' ~ index ~ '))',
            driftline._constant_day('1970-01-05')))) -}}
    {%- endif -%}
    {%- set first = driftline._constant_day('1970-01-01') -%}
    {{- return(driftline._as_timestamp(driftline._moved(period, '(' ~ index ~ ')', first))) -}}
{% endmacro %}


{# A time moved by a number of hours, days … (SQL or a number). #}
{% macro _moved(part, number, moment) %}
    {{- return(adapter.dispatch('_moved', 'driftline')(part, number, moment)) -}}
{% endmacro %}
{% macro default___moved(part, number, moment) %}
    {{- return(dbt.dateadd(part, number, moment)) -}}
{% endmacro %}


{# How many bounds of an hour, a day … lie between two times. #}
{% macro _bounds_between(first, second, part) %}
    {{- return(adapter.dispatch('_bounds_between', 'driftline')(first, second, part)) -}}
{% endmacro %}
{% macro default___bounds_between(first, second, part) %}
    {{- return(dbt.datediff(first, second, part)) -}}
{% endmacro %}
