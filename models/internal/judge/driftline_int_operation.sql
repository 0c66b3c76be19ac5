{{ config(materialized=driftline._private_table(reads_itself=true)) }}

-- What has befallen the monitors themselves: one row for each time that a monitor's runs began to fail or were skipped,
-- open until one succeeds. Rows that are over come from the table's own last build.
with open_now as (
    select
        r.monitor, r.alert_id, {{ driftline._text('open') }} as status, r.first_failed, r.last_attempt as last_failed,
        r.failed_runs, r.last_success, {{ driftline._as_text('null') }} as resolved_at, m.owner
    from {{ ref('driftline_int_runs') }} as r
    left join {{ ref('driftline_int_monitors') }} as m on m.monitor = r.monitor
    where r.failed_runs > 0
)

select monitor, alert_id, status, first_failed, last_failed, failed_runs, last_success, resolved_at, owner
from open_now
{%- if driftline._has_earlier_rows() %}
union all
select
    e.monitor as monitor, e.alert_id as alert_id, {{ driftline._text('resolved') }}, e.first_failed as first_failed,
    e.last_failed as last_failed, e.failed_runs as failed_runs,
    e.last_success as last_success, coalesce(e.resolved_at, r.last_success), e.owner as owner
from {{ this }} as e
join {{ ref('driftline_int_runs') }} as r on r.monitor = e.monitor
left join open_now as o on o.alert_id = e.alert_id
where o.alert_id is null
{%- endif %}
