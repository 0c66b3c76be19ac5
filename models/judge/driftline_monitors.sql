{{ config(materialized='view') }}
{%- if driftline._is_needed() -%}
{%- set declared = [
    'spec_hash', 'period', 'timezone', 'task', 'decision_threshold', 'label_delay', 'ranking_k', 'min_labelled_share',
    'has_label', 'has_prediction', 'owner', 'relation_name', 'reference_start', 'reference_end', 'reference_exclude',
    'as_of', 'computed_at',
] %}

-- What each listed monitor declares, and how it fares. A view over the monitors' own tables and the record of attempts:
-- it speaks also where the results could not be built.
with health as (
    select
        r.monitor as monitor,
        {% for name in declared %}m.{{ name }}, {% endfor %}
        {{ driftline._as_timestamp('r.last_attempt') }} as last_attempt_at,
        {{ driftline._as_timestamp('r.last_success') }} as last_success_at,
        r.failed_runs,
        r.alert_id as operation_alert_id,
        m.rows_read,
        j.results_computed_at,
        m.monitor is not null
            and (j.monitor is null or m.computed_at > j.state_computed_at) as results_older_than_state,
        j.newest_window_end,
        j.last_judged_window_end,
        coalesce(j.windows_judged, 0) as windows_judged,
        coalesce(j.windows_not_judged, 0) as windows_not_judged,
        j.not_judged,
        coalesce(j.is_judged_lately, 0) as is_judged_lately,
        r.longest_pause,
        coalesce({{ driftline._bounds_between(
            driftline._as_timestamp("nullif(greatest(coalesce(r.last_attempt, ''), coalesce(r.last_success, '')), '')"),
            driftline._as_timestamp(driftline._utc_now()), 'minute'
        ) }} > 2 * r.longest_pause, false) as is_overdue,
        {{ driftline._to_the_minute('r.first_failed') }} as failing_since,
        {{ driftline._to_the_minute('r.last_success') }} as known_of
    from {{ ref('driftline_int_runs') }} as r
    left join {{ ref('driftline_int_monitors') }} as m on m.monitor = r.monitor
    left join {{ ref('driftline_int_judged') }} as j on j.monitor = r.monitor
)

select
    monitor, {{ declared | join(', ') }},
    last_attempt_at, last_success_at, failed_runs, operation_alert_id, rows_read, results_computed_at,
    results_older_than_state, newest_window_end, last_judged_window_end, windows_judged, windows_not_judged, not_judged,
    {{ driftline._as_text("case
        when spec_hash is null then 'never read'
        when failed_runs > 0 then 'failed'
        when is_overdue then 'not run lately'
        when results_older_than_state then 'results older than state'
        when windows_judged = 0 then 'nothing judged'
        when is_judged_lately = 0 then 'nothing judged lately'
        else 'ok'
    end") }} as status,
    {%- set older = [
        "'its results are older than its state: they were computed '",
        driftline._to_the_minute(driftline._as_text('results_computed_at')),
        "' UTC, its rows were read again '", driftline._to_the_minute(driftline._as_text('computed_at')), "' UTC'",
    ] %}
    {%- set lately = [
        "'nothing has been judged since '", driftline._to_the_minute(driftline._as_text('last_judged_window_end')),
        "': '", 'not_judged',
    ] %}
    case
        when failed_runs > 0 then {{ driftline._failed_runs('failed_runs', 'failing_since', 'known_of') }}
        when is_overdue then {{ dbt.concat([
            "'its rows have not been read since '", 'known_of', "' UTC; the longest pause before was '",
            driftline._as_text('cast(ceil(longest_pause / 60.0) as ' ~ dbt.type_int() ~ ')'), "' hours'"
        ]) }}
        when spec_hash is null then 'its rows have never been read'
        when results_computed_at is null then 'its rows have been read, its results never computed'
        when results_older_than_state then {{ dbt.concat(older) }}
        when windows_judged = 0 then {{ dbt.concat([
            "'nothing could be judged: '", "coalesce(not_judged, 'there is no complete window with a value')"
        ]) }}
        when is_judged_lately = 0 then {{ dbt.concat(lately) }}
    end as problem
from health
{%- else -%}{{ driftline._empty() }}{%- endif %}
