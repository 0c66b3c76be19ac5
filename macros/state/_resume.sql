{# Where a run begins (decision 13). #}


{#
    Where this run resumes, or none where it must build: no table yet, another declaration, or no rows of the reference
    so far. Stops the run where building would lose what the source no longer shows.

    Returns a dict:
      period_start  SQL of the first period to read again
      hash          the hash the rows are written under: of an earlier version of the state, where the state can be of
                    no other, because the source no longer shows all that it holds
      version       that version
      furthest      SQL of the furthest period that was ever read; none where none was
      has_former    records of ours stand where an earlier version put them, and have to be moved
#}
{% macro _resume(declaration) %}
    {%- if not driftline._has_state() or flags.EMPTY or flags.FULL_REFRESH -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set held = driftline._held(declaration) -%}
    {%- if held.latest is none and not held.reference_rows -%}{{- return(none) -}}{%- endif -%}
    {%- set current = driftline._state_version() -%}
    {%- set version = namespace(found=none) -%}
    {%- for number in range(current, 0, -1) if held.hash == driftline._spec_hash(declaration, number) -%}
        {%- set version.found = number -%}
    {%- endfor -%}
    {%- if version.found != current or not held.reference_rows -%}
        {%- set lost = driftline._lost(declaration, held, version.found is not none) -%}
        {%- if not lost.text -%}
            {{- return(none) -}}
        {%- elif version.found is none -%}
            {{- driftline._refuse_rebuild(declaration, 'the declaration has changed', lost) -}}
        {%- elif not held.reference_rows and lost.reference_shown -%}
            {{- driftline._refuse_rebuild(declaration, 'the reference has rows at last', lost) -}}
        {%- elif version.found != current -%}
            {{- log(
                "driftline: monitor '" ~ declaration.monitor ~ "' stays on its state of version " ~ version.found
                ~ ': building it anew would lose ' ~ lost.text, info=true
            ) -}}
        {%- endif -%}
    {%- endif -%}
    {%- set a = declaration.arguments -%}
    {#- Labels of a period are final label_delay periods after its end. -#}
    {%- set lookback = [a.lookback, a.label_lookback or 0, a.label_delay + 1 if a.label_delay else 0] | max -%}
    {#- A replay that goes back in time reads everything again: what the state holds may be known from its future. -#}
    {%- set read = '' if held.went_back else [held.latest or '', held.furthest or ''] | max -%}
    {%- set furthest = driftline._as_timestamp(driftline._literal(read or '0001-01-01 00:00:00')) -%}
    {{- return({
        'period_start': driftline._as_timestamp(driftline._moved(a.period, 0 - lookback, furthest)) if read
            else furthest,
        'hash': held.hash,
        'version': version.found,
        'furthest': furthest if read else none,
        'has_former': held.has_former,
    }) -}}
{% endmacro %}


{# Whether there is a table of an earlier run to go on from. Offline the warehouse cannot be asked: none then. #}
{% macro _has_state() %}
    {{- return(flags.INTROSPECT is not false and is_incremental()) -}}
{% endmacro %}


{#
    What is in the state: hash, latest (the last period with rows, 'YYYY-MM-DD HH:MM:SS'), furthest (the furthest ever
    read), reference_rows, has_former, period, timezone, reference (as _reference_settings has it), went_back
    (the clock is behind that of the last run, by more than a change of summer time or two machines' clocks explain).
#}
{% macro _held(declaration) %}
    {%- set names = adapter.get_columns_in_relation(this) | map(attribute='name') | map('lower') | list -%}
    {%- if 'spec_hash' not in names or 'record' not in names -%}
        {{- driftline._fail(
            declaration.monitor, 'name of the file',
            tojson(declaration.monitor) ~ ', and ' ~ this ~ ' holds something else',
            'a name that no other table has (drop that table if nobody needs it)'
        ) -}}
    {%- endif -%}
    {%- set settings = [
        'furthest_period', 'period', 'timezone', 'reference_start', 'reference_end', 'reference_exclude',
        'reference_relation',
    ] -%}
    {%- set a = declaration.arguments -%}
    {%- set now = driftline._as_timestamp(driftline._literal(driftline._now())) -%}
    {%- set local_now = driftline._local_time(now, 'naive', 'UTC' if a.period == 'hour' else a.timezone) -%}
    {%- set query %}
    select
        min(spec_hash), max(spec_hash),
        {{ driftline._as_text("max(case when record = 'count' and source = 'relation' then period_start end)") }},
        sum(case
            when record = 'count' and in_reference and column_role = 'row' and segment = 'all' then row_count else 0
        end),
        max(case when record = 'setting' and period_start <> {{ driftline._own_period('setting') }} then 1 else 0 end)
        {%- for setting in settings %},
        max(case when record = 'setting' and column_name = '{{ setting }}' then bin_label end)
        {%- endfor %},
        max(case
            when record = 'setting' and column_name = 'as_of'
                and bin_label
                    > {{ driftline._as_text(driftline._as_timestamp(driftline._moved('hour', 2, local_now))) }}
                then 1
            else 0
        end)
    from {{ this }}
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {{- return({
        'hash': row[0] if row[0] == row[1] else 'mixed',
        'latest': (row[2] | string)[:19] if row[2] is not none else none,
        'reference_rows': (row[3] or 0) | int,
        'has_former': row[4] == 1,
        'furthest': row[5],
        'period': row[6],
        'timezone': row[7],
        'reference': [row[8], row[9], row[10], row[11]],
        'went_back': row[12] == 1,
    }) -}}
{% endmacro %}


{# Where a run resumes, in the terms of the source's time column. #}
{% macro _resume_time(declaration, source, resume) %}
    {%- set zone = 'UTC' if declaration.arguments.period == 'hour' else declaration.arguments.timezone -%}
    {{- return(driftline._column_time(resume.period_start, source.time.type, zone)) -}}
{% endmacro %}


{# How many rows of the source this run has read, as text. #}
{% macro _rows_read() %}
    {{- return(driftline._as_text(
        '(select coalesce(sum(row_count), 0) from by_segment'
        ~ " where column_no = 20000 and source = 'relation' and segment = 'all')"
    )) -}}
{% endmacro %}


{# The furthest period that this run or an earlier one has read, as text: a run resumes from there and never earlier. #}
{% macro _furthest_period(resume) %}
    {%- set periods = "select period_start from counted where source = 'relation'" -%}
    {%- if resume and resume.furthest is not none -%}
        {%- set periods = periods ~ ' union all select ' ~ resume.furthest -%}
    {%- endif -%}
    {{- return(driftline._as_text('(select max(period_start) from (' ~ periods ~ ') as periods)')) -}}
{% endmacro %}
