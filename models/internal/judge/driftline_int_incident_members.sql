{{ config(materialized=driftline._private_table(reads_itself=true)) }}
{%- if driftline._is_needed() -%}
{%- set rule = driftline._incident_rule() %}
{%- set known = driftline._columns_of_last_build() %}
{%- set more = [] %}
{%- for period, opening in driftline._judge_rule().opening.items() %}
{%- do more.append("when '" ~ period ~ "' then " ~ (opening.breaches - 1)) %}
{%- endfor %}
{%- set more = more | join(' ') %}
{%- set news = [] %}
{%- for period, periods in rule.news.items() %}{% do news.append("when '" ~ period ~ "' then " ~ periods) %}{% endfor %}
{%- set news = 'case m.period ' ~ news | join(' ') ~ ' else 0 end' %}
{%- set same = 'partition by monitor, kind, subject' %}
{%- set in_order = 'order by begins, urgency, alert_id' %}
{%- set until_then = 'rows between unbounded preceding and 1 preceding' %}
{%- set upstreams = driftline._upstreams() %}

-- Which alerts have one cause, and which of them says it best. Alerts on the same thing are one fact while they last;
-- facts that begin together, of monitors that read the same relation, are one incident, and incidents that begin
-- together where most of what one upstream feeds moves are one (_lineage.sql).
with placed as (
    select
        a.alert_id, a.monitor, a.kind, a.column_name, a.opened_far_out, a.opened_at,
        {{ driftline._subject_of_alert('a') }} as subject,
        {{ driftline._place_of_kind('a.kind') }} as urgency,
        -- Where all monitors fail, it is not their data.
        case when a.family = 'operation' then 'operation' else coalesce(m.relation_name, a.monitor) end as upstream,
        case when a.status = 'open' then 1 else 0 end as is_open,
        -- What only moves, without a label, warns: money, the model and what is missing decide.
        case when a.severity = 'critical' and a.kind <> 'inputs' then 1 else 0 end as is_critical,
        case when a.severity = 'critical' then 1 else 0 end as is_severe,
        case when a.is_total then 1 else 0 end as is_of_all,
        a.peak_effect / nullif(a.threshold, 0) as strength,
        -- What alerts that are alike in all else are ordered by: their ids depend on when they were found.
        {{ dbt.concat(['a.monitor', "'|'", 'a.metric', "'|'", 'a.column_name', "'|'", 'a.segment', "'|'",
            'a.segment_value', "'|'", 'a.model_version', "'|'", 'a.baseline', "'|'",
            driftline._as_text('a.window_periods')]) }} as series,
        a.first_window_start as begins,
        case when a.family = 'operation' then {{ driftline._moved('hour', 1, 'a.first_window_start') }}
            -- What is seen by one measure in this window is seen by another in as many as a warning takes.
            else {{ driftline._windows_later('a', 1, 'a.first_window_start', 'case m.period ' ~ more ~ ' else 0 end') }}
            end as begun,
        {{ driftline._windows_later('a', 0, 'a.first_window_start', news) }} as news_from,
        case when a.kind = 'rows' and a.is_total and a.family <> 'operation' then 1 else 0 end as is_of_rows,
        case when a.status = 'open' then {{ driftline._as_timestamp("'9999-12-31'") }}
            else a.resolved_at end as over_at,
        case when a.status = 'open' then {{ driftline._as_timestamp("'9999-12-31'") }}
            else {{ driftline._windows_later('a', rule.again, 'a.resolved_at') }} end as ends
    from (select a.*, {{ driftline._kind_of_alert('a') }} as kind from {{ ref('driftline_int_alerts') }} as a) as a
    left join {{ ref('driftline_int_monitors') }} as m on m.monitor = a.monitor
),

before as (
    select
        placed.*,
        max(ends) over ({{ same }} {{ in_order }} {{ until_then }}) as others_end,
        max(begun) over ({{ same }} {{ in_order }} {{ until_then }}) as others_begun,
        max(ends) over ({{ same }}, column_name {{ in_order }} {{ until_then }}) as own_end
    from placed
),

-- Of inputs: whether the column was quiet until now, and how long others that join are no news.
joined as (
    select
        before.*,
        case when own_end is null or begins > own_end then 1 else 0 end as is_new,
        max(case when own_end is null or begins > own_end then news_from end)
            over ({{ same }} {{ in_order }} {{ until_then }}) as others_news_from
    from before
),

-- A column that was quiet is news also among inputs that have been moving: if it is far out at once, or if the last of
-- them joined long ago.
begins_fact as (
    select
        joined.*,
        case
            when others_end is null or begins > others_end then 1
            when kind = 'inputs' and is_new = 1 and begins >= others_begun
                and (opened_far_out or begins >= others_news_from) then 1
            else 0
        end as is_first
    from joined
),

-- A column that moves on stays where it was when it began.
facts as (
    select
        c.*,
        case when kind = 'inputs' then max(case when is_new = 1 then begun_so_far end)
            over ({{ same }}, column_name {{ in_order }} rows unbounded preceding) else begun_so_far end as fact_no
    from (
        select b.*, sum(is_first) over ({{ same }} {{ in_order }} rows unbounded preceding) as begun_so_far
        from begins_fact as b
    ) as c
),

begun_facts as (
    select
        {{ driftline._all_of('f') }},
        -- What begins while the rows fail to come comes from that.
        max(case when is_of_rows = 1 then greatest(begun, least(
            coalesce(over_at, news_from, begun), coalesce(news_from, over_at, begun)
        )) else begun end)
            over (partition by upstream {{ in_order }} {{ until_then }}) as others_begun_by
    from facts as f
    where is_first = 1
),

incidents as (
    select
        b.monitor, b.kind, b.subject, b.fact_no, b.upstream, b.alert_id, b.begins, b.begun,
        sum(case when others_begun_by is null or begins >= others_begun_by then 1 else 0 end)
            over (partition by upstream {{ in_order }} rows unbounded preceding) as incident_no
    from begun_facts as b
),

{%- if upstreams %}

fed as (
    {{- driftline._fed_by('incidents', upstreams, was_joined='node' in known) }}
),
{%- endif %}

-- What an incident is of: its upstream, where that is what happened, else the relation that its monitors read.
joined_facts as (
    select
        i.monitor, i.kind, i.subject, i.fact_no,
        {%- if upstreams %}
        coalesce(u.node, i.upstream) as origin, coalesce(u.group_no, i.incident_no) as incident_no, u.node, u.name
    from incidents as i
    left join ({{ driftline._joined_upstream('fed') }}) as u
        on u.upstream = i.upstream and u.incident_no = i.incident_no
        {%- else %}
        i.upstream as origin, i.incident_no, {{ driftline._as_text('null') }} as node,
        {{ driftline._as_text('null') }} as name
    from incidents as i
        {%- endif %}
),

members as (
    select
        {{ driftline._all_of('f') }}, i.origin, i.incident_no, i.node, i.name,
        min(f.upstream) over (partition by i.origin, i.incident_no)
            <> max(f.upstream) over (partition by i.origin, i.incident_no) as is_joined,
        -- An incident goes by the alert that began it, as long as that is there.
        row_number() over (
            partition by i.origin, i.incident_no
            order by {{ 'case when k.incident_id is null then 1 else 0 end,' if known }}
                f.opened_at, f.begins, f.urgency, f.alert_id
        ) as by_age,
        row_number() over (
            partition by i.origin, i.incident_no
            order by f.is_open desc, f.is_critical desc, f.urgency, f.is_of_all desc, f.is_severe desc,
                {{ driftline._by_nine_digits('coalesce(f.strength, 0e0)') }} desc, f.begins,
                {{ driftline._byte_order('f.series') }}, f.alert_id
        ) as by_weight
    from facts as f
    join joined_facts as i
        on i.monitor = f.monitor and i.kind = f.kind and i.subject = f.subject and i.fact_no = f.fact_no
    {%- if known %}
    left join (select distinct incident_id from {{ this }}) as k on k.incident_id = f.alert_id
    {%- endif %}
)

select
    alert_id,
    max(case when by_age = 1 then alert_id end) over (partition by origin, incident_no) as incident_id,
    by_weight = 1 as is_headline,
    cast(by_weight as {{ dbt.type_int() }}) as place,
    {{ driftline._as_text('kind') }} as kind,
    {{ driftline._as_text('upstream') }} as upstream,
    is_critical = 1 as is_critical,
    {{ driftline._as_text('case when is_joined then node end') }} as node,
    {{ driftline._as_text('case when is_joined then name end') }} as node_name
from members
{%- else -%}{{ driftline._empty() }}{%- endif %}
