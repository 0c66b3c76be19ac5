{#
    Where a run begins, and what it replaces (decision 13).

    The package's own records stand in periods of their own, with odd seconds: no row of a source is ever in one,
    because no period begins at a second. States of earlier versions had them at the start of a day, where a source's
    rows could be as well.
#}
{% macro _own_periods() %}
    {{- return({'setting': '1900-01-01 00:00:01', 'bin': '1900-01-01 00:00:02', 'timeless': '1900-01-01 00:00:03'}) -}}
{% endmacro %}
{% macro _former_periods() %}
    {{- return({'setting': '1900-01-01 00:00:00', 'bin': '1900-01-02 00:00:00', 'timeless': '1900-01-03 00:00:00'}) -}}
{% endmacro %}


{# The period of the package's own records as SQL: `setting`, `bin`, `timeless` (rows of a reference without a time). #}
{% macro _own_period(record) %}
    {{- return("cast('" ~ driftline._own_periods()[record] ~ "' as timestamp)") -}}
{% endmacro %}


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
        'period_start': driftline._as_timestamp(dbt.dateadd(a.period, 0 - lookback, furthest)) if read else furthest,
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
    read), reference_rows, has_former, period, timezone, reference (what the reference was declared to be), went_back
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
        'furthest_period', 'period', 'timezone', 'reference_start', 'reference_end', 'reference_relation',
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
                and bin_label > {{ driftline._as_text(driftline._as_timestamp(dbt.dateadd('hour', 2, local_now))) }}
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
        'reference': {'relation': row[10]} if row[10] is not none else {'start': row[8], 'end': row[9]},
        'went_back': row[11] == 1,
    }) -}}
{% endmacro %}


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
    {%- set same_reference = same or held.reference == a.reference -%}
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
    {%- set reference = declaration.arguments.reference -%}
    {%- if declaration.reference_relation is none -%}
        {%- set bounds = [] -%}
        {%- for moment in [reference.start, reference.end] -%}
            {%- do bounds.append(driftline._column_time(
                driftline._as_timestamp(driftline._literal(moment)), source.time.type, declaration.arguments.timezone
            )) -%}
        {%- endfor -%}
        {%- set time = source.time.sql -%}
        {%- set where = shown ~ ' and ' ~ time ~ ' >= ' ~ bounds[0] ~ ' and ' ~ time ~ ' < ' ~ bounds[1] -%}
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


{#
    The periods whose rows of the state this run replaces: those that it read, and those without rows in the source any
    more. A run that resumes leaves a period as it is where the source cannot speak of it: when it shows no row at all,
    and before its first row.
#}
{% macro _replaced_periods(declaration, resume, source) %}
    select period_start from counted
    {%- if resume %}
    union
    select period_start
    from {{ this }}
    where record = 'count' and period_start >= {{ resume.period_start }}
        and (
            period_start >= (select min(period_start) from counted)
            or exists (select 1 from counted)
            and exists (
                select 1 from {{ declaration.relation.render() }}
                where {{ source.time.sql }} < {{ driftline._resume_time(declaration, source, resume) }}
            )
        )
    {%- if resume.has_former %}
    {%- for record, period_start in driftline._former_periods().items() %}
    union
    select cast('{{ period_start }}' as timestamp)
    {%- endfor %}
    {%- endif %}
    {%- else %}
    {#- The period of the bins among those read says that all was built anew (_changed_from). #}
    union
    select {{ driftline._own_period('bin') }}
    {%- if driftline._has_state() %}
    union
    select period_start from {{ this }}
    {%- endif %}
    {%- endif %}
{% endmacro %}


{# Where a run resumes, in the terms of the source's time column. #}
{% macro _resume_time(declaration, source, resume) %}
    {%- set zone = 'UTC' if declaration.arguments.period == 'hour' else declaration.arguments.timezone -%}
    {{- return(driftline._column_time(resume.period_start, source.time.type, zone)) -}}
{% endmacro %}


{#
    Rows of the state that a run which resumes does not count again, though their periods are replaced: those of a
    reference of its own, and what an earlier version put beside its own records, which move to where they belong.

    last  the last of the sources: the reference of its own, if there is one
    sums  names of the sums
#}
{% macro _kept_records(resume, last, sums) %}
    {%- set former = driftline._former_periods() -%}
    {%- set literals = [] -%}
    {%- for record in former -%}{%- do literals.append("cast('" ~ former[record] ~ "' as timestamp)") -%}{%- endfor -%}
    {%- set timeless = last.time is none %}
    select
        record, source, in_reference,
        {%- if resume.has_former %}
        case
            when record = 'bin' then {{ driftline._own_period('bin') }}
            {%- if timeless %}
            when source = 'reference' and period_start = {{ literals[2] }} then {{ driftline._own_period('timeless') }}
            {%- endif %}
            else period_start
        end,
        {%- else %}
        period_start,
        {%- endif %}
        period_index, model_version, segment, segment_value,
        column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper, bin_group,
        {{ sums | join(', ') }}
    from {{ this }}
    where record = 'count' and source = 'reference' and period_start in (select period_start from replaced)
        {%- if resume.has_former %}
        or record = 'bin'
        or record = 'count' and source = 'relation' and period_start in ({{ literals | join(', ') }})
            and period_start < {{ resume.period_start }}
        {%- endif %}
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
