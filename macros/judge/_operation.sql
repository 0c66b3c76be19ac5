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
{% macro _failed_runs(runs, since, known) %}
    {{- return(dbt.concat([
        "case when " ~ runs ~ " = 1 then 'its last run failed or was skipped (' else 'its last ' || "
            ~ driftline._as_text(runs) ~ " || ' runs failed or were skipped (the first ' end",
        since, "' UTC); '",
        "case when " ~ known ~ " is null then 'its rows have never been read' else 'its rows were last read ' || "
            ~ known ~ " || ' UTC' end",
    ])) -}}
{% endmacro %}


{# What is told once it works again. Arguments: how many runs failed, texts of the first and the last one's time. #}
{% macro _worked_again(runs, first, last) %}
    {{- return(dbt.concat([
        "case when " ~ runs ~ " = 1 then 'it works again; one run had failed or was skipped (' || " ~ first
            ~ " else 'it works again; ' || " ~ driftline._as_text(runs) ~ " || ' runs had failed or were skipped ('"
            ~ " || " ~ first ~ " || ' to ' || " ~ last ~ " end",
        "' UTC)'",
    ])) -}}
{% endmacro %}
