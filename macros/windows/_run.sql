{# Which windows a run computes (decision 26). #}

{#
    From when on each monitor has to be computed again: rows (monitor, changed_from, rules, rules_hash): year 1 where
    all has to be computed anew, else the first of
      the first period that was read since the results were last built,
      the first window that they do not have, or that had not ended: time alone makes windows too,
      the time of the run that read the rows: of a clock that was put back nothing later is kept,
      the first event by which the calendar differs from the one they were built with: baselines leave it out,
      what a later run began to compute, that did not build them all.
    A window that ends by then is kept.
#}
{% macro _changed_from() %}
    {%- set keep = driftline._can_keep_windows() -%}
    {%- set anew = driftline._as_timestamp("'0001-01-01'") %}
    select
        m.monitor as monitor,
        case
            -- A monitor that was built anew has read the period of its bins, too.
            when max(s.monitor) is null
                or max(case when p.period_start = {{ driftline._own_period('bin') }} then 1 end) = 1
                or max(c.monitor) is not null then {{ anew }}
            -- Hours start in UTC, the reference ends by the local clock: a day covers every zone.
            when min(p.period_start) < {{ driftline._moved(
                'day', "case when max(m.period) = 'hour' then 1 else 0 end",
                driftline._as_timestamp('max(m.reference_end)')
            ) }} then {{ anew }}
            else least(coalesce(min(p.period_start), max(m.as_of)), max(m.as_of),
                coalesce(max(s.kept_until), max(m.as_of)), coalesce(min(e.starts_at), max(m.as_of)),
                coalesce(min(s.touched_from), max(m.as_of)))
        end as changed_from,
        {{ driftline._literal(driftline._rules_hash()) }} as rules, max(h.rules_hash) as rules_hash
    from {{ ref('driftline_int_monitors') }} as m
    left join ({{ driftline._rules_of_monitors() }}) as h on h.monitor = m.monitor
    left join (
        {%- if keep %}
        select distinct
            k.monitor, k.rules_hash, k.computed_at, k.kept_until,
            case when o.run_id <> k.run_id then o.changed_from end as touched_from
        from {{ driftline._last_build('driftline_int_kept') }} as k
        join (select distinct monitor, rules_hash, run_id, is_anew, changed_from from {{ this }}) as o
            on o.monitor = k.monitor
        -- A later run that set out to compute all of it, or under other rules, and did not come to the end of it, may
        -- have left some of the results in its state.
        where o.run_id = k.run_id or o.rules_hash = k.rules_hash and not o.is_anew
        {%- else %}
        select monitor, spec_hash as rules_hash, computed_at, as_of as kept_until, as_of as touched_from
        from {{ ref('driftline_int_monitors') }}
        where 1 = 0
        {%- endif %}
    ) as s on s.monitor = m.monitor and s.rules_hash = h.rules_hash
    left join ({{ driftline._other_champions(keep) }}) as c on c.monitor = m.monitor
    left join ({{ driftline._from_monitors('read') }}) as p
        on p.monitor = m.monitor and p.computed_at > s.computed_at
    left join ({{ driftline._other_events(keep) }}) as e on e.monitor = m.monitor
    group by m.monitor
{% endmacro %}


{# By monitor where the calendar first differs from that of the results; keep: there are some. #}
{% macro _other_events(keep) %}
    select monitor, starts_at
    from (
        select monitor, starts_at, event_key, 1 as is_there
        from ({{ driftline._events_of_monitors() }}) as now_there
        {%- if keep %}
        union all
        select distinct monitor, event_starts_at, event_key, -1
        from {{ driftline._last_build('driftline_int_kept') }}
        where event_key is not null
        {%- endif %}
    ) as both_calendars
    group by monitor, starts_at, event_key
    having sum(is_there) <> 0
{% endmacro %}


{# Whether all that keeps rows is there, with the columns it is described with, and nobody asked for a full refresh. #}
{% macro _can_keep_windows() %}
    {%- if not execute or flags.FULL_REFRESH -%}{{- return(false) -}}{%- endif -%}
    {%- set steps = ['driftline_int_kept', 'driftline_int_scopes'] -%}
    {%- for name in steps + driftline._kept_results() + driftline._kept_noise() -%}
        {%- if not driftline._has_earlier_rows(name) -%}{{- return(false) -}}{%- endif -%}
    {%- endfor -%}
    {{- return(true) -}}
{% endmacro %}


{# Of each monitor a hash of what its results depend on beside its state: settings, declaration, what is computed. #}
{% macro _rules_of_monitors() %}
    {%- set parts = [driftline._literal(driftline._rules_hash()), 'max(f.rules)', 'max(m.spec_hash)'] -%}
    {%- for name in ['task', 'label_delay', 'min_labelled_share', 'decision_threshold', 'decision_cut', 'ranking_k',
            'reference_start', 'reference_end'] -%}
        {%- do parts.extend(["' '", 'coalesce(max(' ~ driftline._as_text('m.' ~ name) ~ "), '-')"]) -%}
    {%- endfor %}
        select m.monitor as monitor, {{ dbt.hash(dbt.concat(parts)) }} as rules_hash
        from {{ ref('driftline_int_monitors') }} as m
        join {{ ref('driftline_int_frames') }} as f on f.monitor = m.monitor
        group by m.monitor
{% endmacro %}


{# Monitors in which a version is held against another one than before; keep: there is a before. #}
{% macro _other_champions(keep) %}
    {%- set couples = ref('driftline_int_version_pairs') %}
    {%- if keep and driftline._is_needed(['comparisons']) %}
        select distinct t.monitor as monitor
        from {{ driftline._last_build('driftline_int_compared') }} as t
        left join {{ couples }} as v
            on v.monitor = t.monitor and v.challenger = t.model_version and v.champion = t.champion_version
        where v.monitor is null
    {%- else %}
        select monitor from {{ ref('driftline_int_monitors') }} where 1 = 0
    {%- endif %}
{% endmacro %}


{# The condition that a window, alias r, is one that this run computes; o is its slice in driftline_int_scopes. SQL. #}
{% macro _is_computed(r, o) %}
    {{- return(o ~ ".source = 'relation' and " ~ r ~ '.period_index >= ' ~ o ~ '.changed_from_index') -}}
{% endmacro %}


{# The condition that a window lies in the reference, whose windows tell what chance does. SQL. #}
{% macro _is_of_reference(r, o) %}
    {{- return('(' ~ r ~ '.period_index - ' ~ r ~ '.window_periods + 1 >= ' ~ o ~ '.reference_first_index and ' ~ r
        ~ '.period_index <= ' ~ o ~ '.reference_last_index'
        ~ driftline._touches_no_exclusion(r ~ '.', o ~ '.monitor', by_index=true) ~ ')') -}}
{% endmacro %}


{# The condition that such a window, and the part of the reference it lies in, is looked at in this run. SQL. #}
{% macro _tells_noise(r, o) %}
    {{- return(o ~ '.is_anew and ' ~ driftline._is_of_reference(r, o)) -}}
{% endmacro %}


{# Of rolled windows, alias r, those that this run computes and those of the reference: joins and conditions. #}
{% macro _wanted_windows() -%}
join {{ ref('driftline_int_scopes') }} as wanted on wanted.slice_no = r.slice_no
where r.period_index - r.window_periods + 1 >= r.first_index
    and ({{ driftline._is_computed('r', 'wanted') }} or {{ driftline._tells_noise('r', 'wanted') }})
{%- endmacro %}


{# The condition that a period, alias k, is needed for the windows of either kind. SQL. #}
{% macro _is_reached(k, o) %}
    {{- return('(' ~ k ~ '.period_index >= ' ~ o ~ '.changed_from_index - ' ~ o ~ '.reach or ' ~ o ~ '.is_anew)') -}}
{% endmacro %}
