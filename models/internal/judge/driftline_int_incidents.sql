{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set rule = driftline._incident_rule() %}

-- Of each incident: the alert that says it best, how much else moves, and what moves beyond the others.
with members as (
    select
        m.incident_id, m.is_headline, m.place, m.kind, m.is_critical, m.node_name, {{ driftline._all_of('a') }},
        case when s.alert_id is null then 0 else 1 end as is_beyond, e.event,
        -- What moved, once: its columns, else what it is measured by, in people's words.
        coalesce(w.moved, {{ driftline._plain_name(driftline._what_moved('a') | trim, false) }}) as what,
        case when a.column_name <> 'all' and m.kind in ('inputs', 'quality') then a.monitor || '|' || a.column_name end
            as moved_column
    from {{ ref('driftline_int_incident_members') }} as m
    join {{ ref('driftline_int_alerts') }} as a on a.alert_id = m.alert_id
    left join {{ ref('driftline_int_standing_out') }} as s on s.alert_id = m.alert_id
    left join {{ ref('driftline_int_sentences') }} as w
        on w.alert_id = a.alert_id and w.language = {{ driftline._text(driftline._language()) }}
    left join {{ ref('driftline_int_expected') }} as e on e.alert_id = m.alert_id
),

summed as (
    select
        incident_id,
        count(*) as alerts,
        sum(case when status = 'open' then 1 else 0 end) as open_alerts,
        count(distinct monitor) as monitors, max(node_name) as node_name,
        count(distinct case when status = 'open' then moved_column end) as columns_moving,
        count(distinct moved_column) as columns_in_all,
        max(case when is_headline then kind end) as told_of,
        -- How bad it is while it is open, and was when it is over.
        max(case when is_critical and status = 'open' then 1 else 0 end) as is_critical_now,
        max(case when is_critical then 1 else 0 end) as was_critical,
        min(case when kind in ('business', 'model') or not is_critical then 1 else 0 end) as is_of_money,
        min(opened_at) as opened_at, max(resolved_at) as resolved_at,
        min(first_window_start) as first_window_start, max(last_window_end) as last_window_end,
        min(case when found_late then 1 else 0 end) as is_found_late,
        case when count(event) = count(*) then min(event) end as event
    from members
    group by incident_id
),

moved as (
    select
        w.*,
        row_number() over (partition by incident_id, is_told order by place, what) as also_no,
        row_number() over (partition by incident_id, is_beyond order by place, what) as beyond_no
    from (
        select
            o.incident_id, o.what, min(o.place) as place, max(o.is_beyond) as is_beyond,
            max(case when o.status = 'open' then 1 else 0 end) as is_open,
            max(max(case when o.status = 'open' then 1 else 0 end)) over (partition by o.incident_id) as is_any_open,
            max(case when o.is_headline then 1 else 0 end) as is_told
        from members as o
        group by o.incident_id, o.what
    ) as w
    -- Of what is open, what moves now.
    where is_open = is_any_open
),

named as (
    select
        incident_id, sum(1 - is_told) as others, sum(is_beyond) as beyond,
        {%- for column, place, condition in [
            ('also', 'also_no', 'is_told = 0'), ('stands_out', 'beyond_no', 'is_beyond = 1')
        ] %}
        {%- for number in range(1, rule.shown + 1) %}
        max(case when {{ place }} = {{ number }} and {{ condition }}
            then {{ "', ' || " if number > 1 }}what else '' end)
            {{- ' as ' ~ column ~ (',' if column == 'also' else '') if loop.last else ' ||' }}
        {%- endfor %}
        {%- endfor %}
    from moved
    group by incident_id
)

select
    s.incident_id as incident_id, h.monitor,
    cast(s.monitors as {{ dbt.type_int() }}) as monitors,
    {{ driftline._as_text('s.node_name') }} as upstream,
    -- What a loss is worth goes before how large it looks; what fails to come or is missing is not told by money.
    {{ driftline._as_text("case
        when k.cost >= l.critical then 'critical'
        when k.cost < coalesce(l.warn, l.critical) and s.is_of_money = 1 then 'warn'
        when s.is_critical_now = 1 or s.open_alerts = 0 and s.was_critical = 1 then 'critical'
        else 'warn' end") }} as severity,
    h.message as evidence,
    h.alert_id as headline_alert_id, h.family, h.metric, h.column_name,
    s.columns_moved >= {{ rule.common }} or s.monitors >= {{ rule.common }} as is_common,
    cast(s.alerts as {{ dbt.type_int() }}) as alerts, cast(s.open_alerts as {{ dbt.type_int() }}) as open_alerts,
    cast(s.columns_moved as {{ dbt.type_int() }}) as columns_moved,
    cast(coalesce(n.others, 0) as {{ dbt.type_int() }}) as others,
    s.is_of_columns,
    {{ driftline._as_text("case when s.is_of_columns and n.also <> '' then h.what || ', ' || n.also
        else nullif(n.also, '') end") }} as also,
    {{ driftline._as_text("nullif(n.stands_out, '')") }} as stands_out,
    s.opened_at as opened_at,
    case when s.open_alerts = 0 then s.resolved_at end as resolved_at,
    s.first_window_start as first_window_start, s.last_window_end as last_window_end,
    h.owner, h.known_as, s.is_found_late = 1 as found_late, h.no_data_since,
    {{ driftline._as_text('s.event') }} as event
from (
    select
        t.*,
        case when t.open_alerts > 0 then t.columns_moving else t.columns_in_all end as columns_moved,
        -- Many inputs of one monitor, and nothing that says more: no single one of them is what happened.
        t.told_of = 'inputs' and t.monitors = 1
            and case when t.open_alerts > 0 then t.columns_moving else t.columns_in_all end >= {{ rule.common }}
            as is_of_columns
    from summed as t
) as s
join members as h on h.incident_id = s.incident_id and h.is_headline
left join named as n on n.incident_id = s.incident_id
left join {{ ref('driftline_int_incident_costs') }} as k on k.incident_id = s.incident_id
left join ({{ driftline._cost_limits() }}) as l on l.cost_unit = k.cost_unit
{%- else -%}{{ driftline._empty() }}{%- endif %}
