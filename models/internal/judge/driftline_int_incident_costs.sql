{{ config(materialized=driftline._private_table()) }}
{%- set read = [ref('driftline_int_incident_members'), ref('driftline_int_alerts'), ref('driftline_business')] -%}
{%- if driftline._is_needed() and driftline._var('driftline_unit_values', {}) -%}
{%- set lower = driftline._comparison_settings().lower_is_better %}

-- What an incident has cost so far, where the project says what a unit of a business metric is worth: what was missing
-- against what was usual at the time, over the windows from its first to its last breach. What has lasted until the
-- windows before have learned it is missing against the reference. Of several metrics the one that cost most counts:
-- money that is lost in one is mostly the same money in another.
with windows as (
    select
        m.incident_id, a.monitor, a.metric, a.window_periods, v.cost_unit, v.unit_value, b.value, b.denominator,
        case when b.is_held_against_reference or max(case when a.baseline = 'trailing' then 1 else 0 end) = 0
            then coalesce(b.reference_expected, b.reference_value) else b.expected end as usual
    from {{ ref('driftline_int_incident_members') }} as m
    join {{ ref('driftline_int_alerts') }} as a
        on a.alert_id = m.alert_id and a.family = 'business' and a.is_total
        and a.baseline in ('trailing', 'reference')
    join ({{ driftline._unit_values() }}) as v on v.monitor = a.monitor and v.metric = a.metric
    join {{ ref('driftline_business') }} as b
        on b.monitor = a.monitor and b.metric = a.metric and b.model_version = 'all' and b.segment = 'all'
        and b.window_periods = a.window_periods and b.is_complete
        and b.window_start between a.first_window_start and a.last_window_start
    group by
        m.incident_id, a.monitor, a.metric, a.window_periods, v.cost_unit, v.unit_value, b.window_start, b.value,
        b.denominator, b.is_held_against_reference, b.reference_expected, b.reference_value, b.expected
),

missing as (
    select
        -- Longer windows hold the shorter ones.
        a.incident_id, a.metric, a.cost_unit, a.window_periods,
        sum((a.usual - a.value) * coalesce(a.denominator, 1e0) * a.unit_value / a.window_periods
            {%- if lower %}
            * case when a.metric in ({% for metric in lower %}{{ driftline._literal(metric) }}
                {{- ', ' if not loop.last }}{% endfor %}) then -1e0 else 1e0 end
            {%- endif %}) as cost
    from windows as a
    where a.usual is not null and a.value is not null
    group by a.incident_id, a.metric, a.cost_unit, a.window_periods
),

ranked as (
    select
        missing.*,
        row_number() over (
            partition by incident_id
            order by {{ driftline._by_nine_digits('abs(cost)') }} desc, {{ driftline._byte_order('metric') }},
                window_periods
        ) as place
    from missing
)

select incident_id, cost, cost_unit from ranked where place = 1
{%- else -%}{{ driftline._empty() }}{%- endif %}
