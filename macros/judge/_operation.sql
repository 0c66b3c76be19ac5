{# The text of a time without its seconds. #}
{% macro _to_the_minute(text) %}
    {{- return('substring(' ~ text ~ ', 1, 16)') -}}
{% endmacro %}


{#
    What is told of a monitor whose runs fail.

    runs   how many
    since  text of the first one's time
    known  text of the last success's time; NULL where there was none
#}
{% macro _failed_runs(runs, since, known, language='en') %}
    {%- set read = 'case when ' ~ known ~ ' is null then ' ~ driftline._phrase(language, 'runs.unread') ~ ' else '
        ~ driftline._phrase(language, 'runs.read', {'last': known}) ~ ' end' -%}
    {{- return(driftline._phrase(
        language, 'runs.failed', {'count': driftline._as_text(runs), 'first': since, 'known': read}
    )) -}}
{% endmacro %}


{# What is told once it works again. Arguments: how many runs failed, texts of the first and the last one's time. #}
{% macro _worked_again(runs, first, last, language='en') %}
    {{- return(driftline._phrase(
        language, 'runs.worked', {'count': driftline._as_text(runs), 'first': first, 'last': last}
    )) -}}
{% endmacro %}
