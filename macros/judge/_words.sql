{#
    A number as people read it, in SQL: four telling digits, never more zeros than digits, thousands separated. The Python
    package has the same rule (driftline.text.number).

    x  a column or a short expression: it is repeated
#}
{% macro _readable(x) %}
    {%- set rungs = [] -%}
    {%- for decimals in range(1, 10) -%}
        {%- set fixed = driftline._as_text('cast(' ~ x ~ ' as numeric(18, ' ~ decimals ~ '))') -%}
        {%- do rungs.append('when abs(' ~ x ~ ') >= ' ~ '9.9995e' ~ (2 - decimals) ~ " then rtrim(rtrim(" ~ fixed ~ ", '0'), '.')") -%}
    {%- endfor -%}
    {%- set power = 'floor(ln(abs(' ~ x ~ ')) / ln(10e0) + 1e-12)' -%}
    {%- set mantissa = driftline._as_text('cast(' ~ x ~ ' / power(10e0, ' ~ power ~ ') as numeric(18, 3))') -%}
    {{- return(
        'case when ' ~ x ~ " is null then '?' when abs(" ~ x ~ ") < 1e-290 then '0' when not abs(" ~ x ~ ') < 1e300 then '
        ~ driftline._as_text(x) ~ ' when abs(' ~ x ~ ') >= 999.95 and abs(' ~ x ~ ') < 1e15 then ' ~ driftline._whole_number(x)
        ~ ' when abs(' ~ x ~ ') < 1e15 and abs(' ~ x ~ ') >= 9.9995e-7 then case ' ~ rungs | join(' ') ~ ' end'
        ~ ' else rtrim(rtrim(' ~ mantissa ~ ", '0'), '.') || 'e' || " ~ driftline._as_text('cast(' ~ power ~ ' as ' ~ dbt.type_int() ~ ')') ~ ' end'
    ) -}}
{% endmacro %}


{#
    An alert in words. It says until when, where it is over, and names the worst value where that reads worse than the last.

    p  alias of the episode
    m  alias of its monitor
    c  alias of the change that a trend's alert is about
#}
{% macro _alert_message(p, m, c) %}
    {%- set against = "case when " ~ p ~ ".expected is null then 'the ' || " ~ p ~ ".baseline when " ~ p ~ ".baseline = 'trailing' then "
        ~ driftline._readable(p ~ '.expected') ~ " || ' in the windows before' else " ~ driftline._readable(p ~ '.expected')
        ~ " || ' (' || " ~ p ~ ".baseline || ')' end" -%}
    {%- set worst = "case when case when " ~ p ~ ".expected is not null and " ~ p ~ ".value < " ~ p ~ ".expected then "
        ~ p ~ ".peak_value < " ~ p ~ ".value else " ~ p ~ ".peak_value > " ~ p ~ ".value end and "
        ~ driftline._readable(p ~ '.peak_value') ~ ' <> ' ~ driftline._readable(p ~ '.value')
        ~ " then ' (worst ' || " ~ driftline._readable(p ~ '.peak_value') ~ " || ')' else '' end" -%}
    {%- set side = "case when " ~ p ~ ".compare = 'relative' then ' of it' else '' end || case when " ~ p ~ ".compare = 'value' then '' when "
        ~ p ~ ".direction = 'below' then ' lower' when " ~ p ~ ".direction = 'both' then ' either way' else ' higher' end" -%}
    {%- set ending = "case when " ~ p ~ ".resolved_at is null then '' when " ~ p ~ ".quiet_at is not null then ', over since ' || "
        ~ driftline._day_text(p ~ '.last_window_end', m) ~ " else '; no window could be judged since ' || "
        ~ driftline._day_text(p ~ '.judged_until', m) ~ ' end' -%}
    {{- return(dbt.concat([
        'case when ' ~ p ~ ".column_name = 'all' then " ~ p ~ '.metric else ' ~ p ~ ".column_name || ': ' || " ~ p ~ '.metric end',
        "' '", driftline._readable(p ~ '.value'), worst, "' against '", against,
        "'; noise '", driftline._readable(p ~ '.noise'), "', threshold '", driftline._readable(p ~ '.threshold'), side,
        "'; '", driftline._as_text(p ~ '.windows_breached'), 'case when ' ~ p ~ ".windows_breached = 1 then ' window' else ' windows' end",
        "' since '", driftline._day_text(p ~ '.first_window_start', m), ending,
        'case when ' ~ p ~ ".segment <> 'all' then ', ' || " ~ p ~ '.segment || case when ' ~ p ~ ".segment_value <> 'all' then ' = ' || "
            ~ p ~ ".segment_value else '' end else '' end",
        'case when ' ~ p ~ ".model_version <> 'all' then ', version ' || " ~ p ~ ".model_version else '' end",
        'case when ' ~ c ~ ".change_start is not null then '; the change began about ' || " ~ driftline._day_text(c ~ '.change_start', m) ~ " else '' end",
    ])) -}}
{% endmacro %}


{# A time in words: its day, of hours the hour too. #}
{% macro _day_text(moment, m) %}
    {{- return('substring(' ~ driftline._as_text(moment) ~ ', 1, case when ' ~ m ~ ".period = 'hour' then 16 else 10 end)") -}}
{% endmacro %}
