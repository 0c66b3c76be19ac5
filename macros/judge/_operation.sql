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
{% macro _failed_runs(runs, since, known, texts=none) %}
    {%- set texts = texts or driftline._texts_of('en') -%}
    {%- set read = 'case when ' ~ known ~ ' is null then ' ~ driftline._phrase(texts, 'runs.unread') ~ ' else '
        ~ driftline._phrase(texts, 'runs.read', {'last': known}) ~ ' end' -%}
    {{- return(driftline._phrase(
        texts, 'runs.failed', {'count': driftline._as_text(runs), 'first': since, 'known': read}
    )) -}}
{% endmacro %}


{# What is told once it works again. Arguments: how many runs failed, texts of the first and the last one's time. #}
{% macro _worked_again(runs, first, last, texts=none) %}
    {%- set texts = texts or driftline._texts_of('en') -%}
    {{- return(driftline._phrase(
        texts, 'runs.worked', {'count': driftline._as_text(runs), 'first': first, 'last': last}
    )) -}}
{% endmacro %}
