{{ config(materialized='view') }}

{%- set attempts = ref('driftline_int_attempts') %}
{#- It is downstream of no monitor: a selection of one may come before any build has made it. -#}
{%- if execute and not driftline._is_built(attempts) -%}
    {%- set attempts = '(select monitor, ' ~ driftline._text('') ~ ' as started_at from listed where 1 = 0)' -%}
{%- endif %}

-- Of each listed monitor, whether a table of it exists or not: its last attempt, its last success, and what failed
-- since. The times are texts that order as times do: they are one part of an alert's identity.
with listed as (
    {%- for monitor in driftline._monitors() %}
    select {{ driftline._text(monitor) }} as monitor
    {{ 'union all' if not loop.last }}
    {%- else %}
    select {{ driftline._text('') }} as monitor from (select 1 as nothing) as no_monitor where 1 = 0
    {%- endfor %}
),

succeeded as (
    -- A table that an earlier version of the package left says only when it was computed.
    select monitor, coalesce(run_started_at, {{ driftline._as_text('computed_at') }}) as last_success
    from {{ ref('driftline_int_monitors') }}
),

pauses as (
    select
        monitor, started_at,
        {{ driftline._bounds_between(
            driftline._as_timestamp('lag(started_at) over (partition by monitor order by started_at)'),
            driftline._as_timestamp('started_at'), 'minute'
        ) }} as minutes
    from {{ attempts }} as a
),

-- How long it may be quiet: known once it has been run ten times, on five days.
usual as (
    select monitor, max(minutes) as longest_pause
    from pauses
    group by monitor
    having count(*) >= 10 and count(distinct substring(started_at, 1, 10)) >= 5
),

runs as (
    select
        l.monitor as monitor,
        s.last_success,
        max(a.started_at) as last_attempt,
        min(case when a.started_at > coalesce(s.last_success, '') then a.started_at end) as first_failed,
        sum(case when a.started_at > coalesce(s.last_success, '') then 1 else 0 end) as failed_runs
    from listed as l
    left join succeeded as s on s.monitor = l.monitor
    left join {{ attempts }} as a on a.monitor = l.monitor
    group by l.monitor, s.last_success
)

select
    r.monitor, r.last_success, r.last_attempt, r.first_failed,
    cast(r.failed_runs as {{ dbt.type_int() }}) as failed_runs,
    {%- set identity = dbt.concat(['r.monitor', "'|runs|'", "coalesce(r.last_success, 'never')"]) %}
    {{ dbt.concat(["'operation-'", dbt.hash(identity)]) }} as alert_id,
    cast(u.longest_pause as {{ dbt.type_int() }}) as longest_pause
from runs as r
left join usual as u on u.monitor = r.monitor
