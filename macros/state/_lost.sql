{# What building anew would lose of what a source no longer shows (decision 13). #}


{#
    What building anew would lose of what the state holds, because the source does not show it any more: periods of
    which it shows less than half of the rows, and the reference where it shows less than nine tenths of it.

    held  what _held returned
    same  the declaration has not changed

    Returns {text: what is lost, empty where nothing is; reference_shown: rows of the declared reference in its source}.
#}
{% macro _lost(declaration, held, same) %}
    {%- set a = declaration.arguments -%}
    {%- set source = driftline._resolve(declaration, declaration.relation, 'relation') -%}
    {%- set shown = driftline._rows_shown(declaration, source) -%}
    {#- In the terms of the state: what a period is may be what has changed. -#}
    {%- set period = held.period or a.period -%}
    {%- set zone = 'UTC' if period == 'hour' else (held.timezone or a.timezone) -%}
    {%- set local_time = driftline._local_time(source.time.sql, source.time.type, zone) -%}
    {%- set start = driftline._as_timestamp(driftline._period_start(local_time, period)) -%}
    {%- set query %}
    with held as (
        select period_start, sum(row_count) as row_count
        from {{ this }}
        where record = 'count' and source = 'relation' and column_role = 'row' and segment = 'all'
        group by period_start
    ),

    shown as (
        select {{ start }} as period_start, count(*) as row_count
        from {{ declaration.relation.render() }}
        where {{ shown }}
        group by 1
    )

    select
        count(*), sum(case when is_lost then 1 else 0 end),
        {{ driftline._as_text('min(case when is_lost then period_start end)') }},
        {{ driftline._as_text('max(case when is_lost then period_start end)') }},
        {{ driftline._as_text('min(period_start)') }},
        {{ driftline._as_text('(select min(period_start) from shown)') }}
    from (
        select h.period_start, 2 * coalesce(s.row_count, 0) < h.row_count as is_lost
        from held as h
        left join shown as s on s.period_start = h.period_start
    ) as compared
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {%- set reference_shown = driftline._reference_shown(declaration, source, shown) -%}
    {%- set parts = [] -%}
    {%- if row[1] -%}
        {%- do parts.append(
            row[1] ~ ' of ' ~ row[0] ~ ' periods, ' ~ row[2] ~ ' to ' ~ row[3] ~ ' (the state begins at ' ~ row[4]
            ~ ', the source ' ~ ('at ' ~ row[5] if row[5] is not none else 'has no rows') ~ ')'
        ) -%}
    {%- endif -%}
    {%- set same_reference = same or held.reference == driftline._reference_settings(a.reference).values() | list -%}
    {%- set is_short = same_reference and 10 * reference_shown < 9 * held.reference_rows -%}
    {%- if held.reference_rows and (reference_shown == 0 or is_short) -%}
        {%- do parts.append(
            'the reference (' ~ held.reference_rows ~ ' rows in the state, ' ~ reference_shown ~ ' in its source)'
        ) -%}
    {%- endif -%}
    {{- return({'text': parts | join(' and '), 'reference_shown': reference_shown}) -}}
{% endmacro %}


{# The condition on rows that a build would read of a source with a time. #}
{% macro _rows_shown(declaration, source) %}
    {{- return(driftline._rows_of(declaration, source, none, [[]]).where | join(' and ')) -}}
{% endmacro %}


{# How many rows of the declared reference its source shows. #}
{% macro _reference_shown(declaration, source, shown) %}
    {%- if declaration.reference_relation is none -%}
        {%- set where = shown ~ ' and ' ~ driftline._lies_in_reference(declaration.arguments, source) -%}
        {%- set relation = declaration.relation -%}
    {%- else -%}
        {%- set relation = declaration.reference_relation -%}
        {%- set resolved = driftline._resolve(declaration, relation, 'reference') -%}
        {%- set where = driftline._rows_shown(declaration, resolved) or '1 = 1' -%}
    {%- endif -%}
    {{- return(run_query('select count(*) from ' ~ relation.render() ~ ' where ' ~ where).rows[0][0] | int) -}}
{% endmacro %}


{# Stops a run that would build anew and lose by it. #}
{% macro _refuse_rebuild(declaration, reason, lost) %}
    {{- exceptions.raise_compiler_error(
        "driftline: monitor '" ~ declaration.monitor ~ "': " ~ reason ~ ', so its state has to be built anew, but the'
        ~ ' source no longer shows all that the state holds. Lost would be ' ~ lost.text
        ~ '. The state was left as it is.'
        ~ ' Bring the rows back, take the change back, or accept the loss: dbt build --full-refresh --select '
        ~ declaration.monitor ~ '+'
    ) -}}
{% endmacro %}
