{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set overrides = driftline._threshold_overrides() -%}
{%- set level = driftline._as_double(driftline._alpha()) -%}
{%- set before = 'rows between unbounded preceding and 1 preceding' -%}
{%- set in_slot = 'over (partition by slice_no, slot order by period_index ' ~ before ~ ')' -%}
{%- set in_silence = 'over (partition by slice_no, last_row, slot order by period_index ' ~ before ~ ')' -%}
{#- What is known of a slot that always had rows, by how often it was seen. -#}
{%- set strata = {'1': 'seen_now = 1', '2': 'seen_now between 2 and 3', '4': 'seen_now between 4 and 7',
    '8': 'seen_now >= 8'} -%}
{%- set experiences = ['never_n', 'never_silent'] -%}
{%- for name in strata -%}
    {%- do experiences.extend(['always' ~ name ~ '_n', 'always' ~ name ~ '_silent']) -%}
{%- endfor -%}
{%- set all_n = 'always1_n_then + always2_n_then + always4_n_then + always8_n_then' -%}
{%- set all_silent = all_n | replace('_n_', '_silent_') -%}
{%- set so_far = 'over (partition by slice_no order by period_index rows unbounded preceding)' %}

-- How long each total (version or segment, where a project judges them) has had no rows, and how likely that silence
-- was by chance: the product over its periods of how likely each was to have none, learnt from the periods before its
-- begin (decision 12). A period's slot is its hour of the week or its weekday; weeks and months have one.
with looked_at as (
    select g.slice_no, g.monitor, g.model_version, g.segment, g.segment_value
    from (
        select
            {{ driftline._text('freshness') }} as family, {{ driftline._text('missing_periods') }} as metric,
            {{ driftline._text('all') }} as column_name, {{ driftline._text('none') }} as baseline, f.*
        from {{ ref('driftline_int_slices') }} as f
        where f.source = 'relation'
    ) as g
    where (g.segment = 'all' or {{ driftline._overridden(overrides, 'segments', "'each'", 'g') }} = 'each')
        and (g.model_version = 'all' or {{ driftline._overridden(overrides, 'versions', "'total'", 'g') }} = 'each')
),

row_counts as (
    select s.slice_no as slice_no, s.period_index, s.n, g.monitor as monitor, g.model_version, g.segment,
        g.segment_value
    from {{ ref('driftline_int_measure_series') }} as s
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no and c.column_role = 'row'
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = s.slice_no and g.source = 'relation'
    where s.n > 0
),

-- Where nothing came at all, nothing is said of a version or a segment, and of a segment within a version only where
-- the version and the segment go on: what stops is told once.
periods as (
    select
        k.slice_no as slice_no, k.period_index as period_index,
        case when r.n > 0 then 1 else 0 end as has_rows,
        case when (l.segment = 'all' or v.n > 0) and (l.model_version = 'all' or s.n > 0) then 1 else 0 end as counts,
        max(case when r.n > 0 then k.period_index end)
            over (partition by k.slice_no order by k.period_index rows unbounded preceding) as last_row,
        case
            {%- for window in driftline._windows(every=true) if window.period in ['hour', 'day'] %}
            when k.period = '{{ window.period }}' then mod(k.period_index, {{ window.season }})
            {%- endfor %}
            else 0
        end as slot,
        case
            {%- for window in driftline._windows(every=true) if window.period in ['hour', 'day'] %}
            when k.period = '{{ window.period }}' then {{ window.season }}
            {%- endfor %}
            else 1
        end as season
    from {{ ref('driftline_int_calendar') }} as k
    join looked_at as l on l.slice_no = k.slice_no
    left join row_counts as r on r.slice_no = k.slice_no and r.period_index = k.period_index
    left join row_counts as v
        on v.monitor = k.monitor and v.period_index = k.period_index
        and v.model_version = l.model_version and v.segment = 'all'
    left join row_counts as s
        on s.monitor = k.monitor and s.period_index = k.period_index
        and s.model_version = 'all' and s.segment = l.segment and s.segment_value = l.segment_value
),

-- What was known of a slot when a silence began: how often it was seen, how often with rows.
remembered as (
    select
        p.*,
        period_index - last_row as silent_periods,
        coalesce(sum(counts) {{ in_slot }}, 0)
            - coalesce(sum(case when has_rows = 0 then counts end) {{ in_silence }}, 0) as seen,
        coalesce(sum(has_rows) {{ in_slot }}, 0) as filled
    from periods as p
),

-- A silence mostly of slots that always had rows is an outage; nobody learns from it that there may be none.
silences as (
    select
        r.*,
        sum(case when has_rows = 0 and seen > 3 and filled = seen then counts else 0 end)
            over (partition by slice_no, last_row) as surprises,
        sum(case when has_rows = 0 and (seen = 0 or filled > 0) then counts else 0 end)
            over (partition by slice_no, last_row) as possible
    from remembered as r
),

learnt_from as (
    select
        s.slice_no, s.period_index, s.season, s.has_rows, s.counts, s.last_row, s.slot, s.silent_periods,
        case when has_rows = 0 and surprises >= 3 and 2 * surprises >= possible then 0 else counts end as usable
    from silences as s
),

slots as (
    select
        l.*,
        coalesce(sum(usable) {{ in_slot }}, 0) as seen_now,
        coalesce(sum(case when has_rows = 0 then usable end) {{ in_silence }}, 0) as silent_now,
        coalesce(sum(case when has_rows = 1 then usable end) {{ in_slot }}, 0) as filled
    from learnt_from as l
),

-- How often slots that had always had rows had none after all, and how often those that never had any had none again;
-- how long the history is, how many periods of it had rows, and the longest silence.
experienced as (
    select
        s.*, seen_now - silent_now as seen,
        sum(case when usable = 1 and seen_now > 0 and filled = 0 then 1 else 0 end) {{ so_far }} as never_n,
        sum(case when usable = 1 and seen_now > 0 and filled = 0 then 1 - has_rows
            else 0 end) {{ so_far }} as never_silent,
        {%- for name in strata %}
        sum(case when usable = 1 and filled = seen_now and {{ strata[name] }} then 1
            else 0 end) {{ so_far }} as always{{ name }}_n,
        sum(case when usable = 1 and filled = seen_now and {{ strata[name] }} then 1 - has_rows else 0 end)
            {{ so_far }} as always{{ name }}_silent,
        {%- endfor %}
        sum(usable) {{ so_far }} as counted_periods,
        sum(has_rows) {{ so_far }} as filled_periods,
        max(case when usable = 1 then silent_periods end) {{ so_far }} as longest_silence
    from slots as s
),

-- As it was when the silence began.
at_begin as (
    select
        e.*
        {%- for name in experiences + ['counted_periods', 'filled_periods', 'longest_silence'] %},
        max(case when has_rows = 1 then {{ driftline._as_double(name) }} end) {{ so_far }} as {{ name }}_then
        {%- endfor %}
    from experienced as e
),

chances as (
    select
        b.*,
        case
            when has_rows = 1 or counts = 0 then 1e0
            -- A whole season and a half without rows is an outage, whatever the unseen season is like.
            when seen = 0 then power({{ level }}, 1e0 / (1.5e0 * season))
            -- Nine to one that what has never been silent never is; else any chance is as likely as another.
            when filled = seen and {{ all_silent }} = 0 then (1e0 / 9e0) / (({{ all_n }} + 1e0) * ({{ all_n }} + 2e0))
            {%- for name in strata | list | reverse %}
            when filled = seen and seen >= {{ name }}
                then (always{{ name }}_silent_then + 1e0) / (always{{ name }}_n_then + 2e0)
            {%- endfor %}
            when filled = 0 then (never_silent_then + 9e0) / (never_n_then + 10e0)
            else (seen - filled + 1e0) / (seen + 2e0)
        end as chance_of_silence,
        -- A log that has been irregular for less than four seasons, or had rows but once or twice, may yet be so again.
        (longest_silence_then > 0 and counted_periods_then < 4 * season
            and silent_periods <= season + 2 * longest_silence_then)
            or (filled_periods_then < 3 and silent_periods <= 4.5e0 * season) as is_early
    from at_begin as b
),

summed as (
    select
        c.slice_no, c.period_index, c.last_row, c.silent_periods, c.is_early,
        sum(1e0 - chance_of_silence)
            over (partition by slice_no, last_row order by period_index rows unbounded preceding) as missing,
        sum(ln(chance_of_silence))
            over (partition by slice_no, last_row order by period_index rows unbounded preceding) as log_chance
    from chances as c
)

select
    slice_no, period_index, last_row, silent_periods,
    {{ driftline._as_double('missing') }} as missing_periods,
    -- As many missing periods as would be no more than chance.
    {{ driftline._as_double('case when log_chance < 0e0 then missing * greatest(ln(' ~ level
        ~ ') / log_chance, case when is_early then 1e0 else 0e0 end) else 0e0 end') }} as missing_noise
from summed
{%- else -%}{{ driftline._empty() }}{%- endif %}
