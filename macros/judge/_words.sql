{#
    A number as people read it, in SQL: four telling digits, thousands separated. The Python package has the same rule
    (driftline.text.number).

    x  a column or a short expression: it is repeated
#}
{% macro _readable(x) %}
    {%- set power = 'floor(ln(abs(' ~ x ~ ')) / ln(10e0) + 1e-12)' %}
    {%- set mantissa = driftline._decimal_text(x ~ ' / power(10e0, ' ~ power ~ ')', 3) %}
    case
        when {{ x }} is null then '?'
        when abs({{ x }}) < 1e-290 then '0'
        when not abs({{ x }}) < 1e300 then {{ driftline._as_text(x) }}
        when abs({{ x }}) >= 999.95 and abs({{ x }}) < 1e15 then {{ driftline._whole_number(x) }}
        {%- for decimals in range(1, 10) %}
        when abs({{ x }}) >= 9.9995e{{ 2 - decimals }} and abs({{ x }}) < 1e3
            then {{ driftline._without_end_zeros(driftline._decimal_text(x, decimals)) }}
        {%- endfor %}
        else {{ driftline._without_end_zeros(mantissa) }}
            || 'e' || {{ driftline._decimal_text(power, 0) }}
    end
{%- endmacro %}


{#
    An alert in words. It says since when it is over, and names the worst value where that reads worse than the last.

    p  alias of the episode; its numbers stand next to it as texts
    m  alias of its monitor
    c  alias of the change that a trend's alert is about
#}
{% macro _alert_message(p, m, c) %}
    case when {{ p }}.column_name = 'all' then '' else {{ p }}.column_name || ': ' end
        || case
            when {{ p }}.family = 'freshness' and {{ p }}.metric = 'missing_periods'
                then {{ m }}.period || 's without rows where there usually are some:'
            when {{ p }}.family = 'volume' then 'rows'
            else {{ p }}.metric
        end
        || ' ' || {{ p }}.value_text
        || case
            when {{ p }}.peak_value_text = {{ p }}.value_text then ''
            when {{ p }}.expected is not null and {{ p }}.value < {{ p }}.expected
                then case when {{ p }}.peak_value < {{ p }}.value
                    then ' (worst ' || {{ p }}.peak_value_text || ')' else '' end
            when {{ p }}.peak_value > {{ p }}.value then ' (worst ' || {{ p }}.peak_value_text || ')'
            else ''
        end
        || ' against '
        || case
            when {{ p }}.baseline = 'none' then 'none'
            when {{ p }}.expected is null then 'the ' || {{ p }}.baseline
            when {{ p }}.baseline = 'trailing' then {{ p }}.expected_text || ' in the windows before'
            else {{ p }}.expected_text || ' (' || {{ p }}.baseline || ')'
        end
        || '; noise ' || {{ p }}.noise_text || ', threshold ' || {{ p }}.threshold_text
        || case {{ p }}.compare when 'relative' then ' of it' when 'errors' then ' times as many errors again'
            when 'odds' then ' times its odds again' else '' end
        || case
            when {{ p }}.compare in ('value', 'errors') then ''
            when {{ p }}.direction = 'below' then ' lower'
            when {{ p }}.direction = 'both' then ' either way'
            else ' higher'
        end
        || '; ' || {{ driftline._as_text(p ~ '.windows_breached') }}
        || case when {{ p }}.windows_breached = 1 then ' window' else ' windows' end
        || ' since ' || {{ driftline._day_text(p ~ '.first_window_start', m) }}
        || case
            when {{ p }}.resolved_at is null then ''
            when {{ p }}.quiet_at is not null
                then ', over since ' || {{ driftline._day_text(p ~ '.last_window_end', m) }}
            when {{ p }}.is_retired = 1
                then '; no rows since ' || {{ driftline._day_text(p ~ '.no_rows_since', m) }}
                    || ', longer than any window looks back: no longer watched'
            else '; no window could be judged since ' || {{ driftline._day_text(p ~ '.judged_until', m) }}
        end
        || case
            when {{ p }}.no_data_since is not null
                then '; no new data since ' || {{ driftline._day_text(p ~ '.no_data_since', m) }}
            else ''
        end
        || case when {{ p }}.segment = 'all' then '' else ', ' || {{ p }}.segment end
        || case when {{ p }}.segment_value = 'all' then '' else ' = ' || {{ p }}.segment_value end
        || case when {{ p }}.model_version = 'all' then '' else ', version ' || {{ p }}.model_version end
        || case
            when {{ c }}.change_start is not null
                then '; the change began about ' || {{ driftline._day_text(c ~ '.change_start', m) }}
            else ''
        end
{% endmacro %}


{# A time in words: its day, of hours the hour too. #}
{% macro _day_text(moment, m) %}
    substring({{ driftline._as_text(moment) }}, 1, case when {{ m }}.period = 'hour' then 16 else 10 end)
{% endmacro %}
