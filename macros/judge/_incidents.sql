{#
    How alerts become incidents (decisions 28 and 39).

    again     how many of its windows an alert may have been over for when the same thing begins anew, and still be of
              the incident
    news      periods after which an input that joins those that move is news of its own; as long a fall of the rows
              explains what begins during it
    common    so many columns or monitors are many: they have moved together
    crowd     so many columns tell which of them moves beyond the others
    least     the least spread of a crowd, as a share of its centre
    shown     how many of the other things that moved are named
#}
{% macro _incident_rule() %}
    {{- return({
        'again': 4, 'news': {'hour': 24, 'day': 14, 'week': 13, 'month': 6}, 'common': 3, 'crowd': 5, 'least': '0.1e0',
        'shown': 5,
    }) -}}
{% endmacro %}


{#
    What kind of thing an alert is about, the most urgent first: rows (they stop, or their monitor does), business,
    model (what it is worth, measured or estimated), quality (values that are missing or unknown), inputs (their
    distribution). A trend is about what it is a trend of.

    a  alias of the alert
#}
{% macro _kind_of_alert(a) %}
    {%- set quality = ['null_rate', 'nan_rate', 'infinite_rate', 'unseen_rate'] -%}
    case
        when {{ a }}.family in ('freshness', 'volume', 'operation') then 'rows'
        when {{ driftline._source_family(a) | trim }} = 'business' then 'business'
        when {{ a }}.family = 'quality'
            and {{ a }}.metric in ({% for metric in quality %}'{{ metric }}'{{ ', ' if not loop.last }}{% endfor %})
            then 'quality'
        when {{ driftline._source_family(a) | trim }} in ('drift', 'quality') then 'inputs'
        else 'model'
    end
{%- endmacro %}


{#
    What of that kind: alerts on the same are one fact while they last. All inputs of a monitor are one, and so is all
    that its model is worth; a business metric, a column that goes missing and a group whose rows stop are one each.

    a  alias of the alert, with its kind
#}
{% macro _subject_of_alert(a) %}
    case
        when {{ a }}.kind = 'business' then {{ driftline._source_metric(a) | trim }}
        when {{ a }}.kind = 'quality' then {{ a }}.column_name
        when {{ a }}.family = 'comparison'
            then case when {{ a }}.metric = 'sample_ratio' then 'split ' else 'version ' end || {{ a }}.model_version
        when {{ a }}.kind = 'rows' then {{ a }}.family || '|' || {{ a }}.model_version || '|' || {{ a }}.segment
            || '|' || {{ a }}.segment_value
        else 'all'
    end
{%- endmacro %}


{# What an alert names: its column, else its metric; a trend that of which it is one. Argument: alias of the alert. #}
{% macro _what_moved(a) %}
    case when {{ a }}.column_name <> 'all' then {{ a }}.column_name else {{ driftline._source_metric(a) | trim }} end
{%- endmacro %}


{# The kinds in the order in which people want to hear of them, as a number. #}
{% macro _place_of_kind(kind) %}
    case {{ kind }} when 'rows' then 1 when 'business' then 2 when 'model' then 3 when 'quality' then 4 else 5 end
{%- endmacro %}


{#
    A time so many windows after another.

    a        alias of the alert, with last_window_start, last_window_end and window_periods
    windows  how many of its windows
    moment   SQL of the time
    periods  how many periods more, SQL
#}
{% macro _windows_later(a, windows, moment, periods='0') %}
    {%- set hours = driftline._bounds_between(a ~ '.last_window_start', a ~ '.last_window_end', 'hour') -%}
    {%- set period = 'floor((' ~ hours ~ ') / ' ~ driftline._as_double(a ~ '.window_periods') ~ ')' -%}
    {%- set later = windows ~ ' * (' ~ hours ~ ') + ' ~ periods ~ ' * ' ~ period -%}
    {{- return(driftline._moved('hour', 'cast(' ~ later ~ ' as ' ~ dbt.type_int() ~ ')', moment)) -}}
{% endmacro %}
