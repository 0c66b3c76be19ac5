{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- Each incident in one sentence, in every language there is: that many columns moved, where nothing says more; else the
-- sentence of the alert that says most, and how much else moved with it. And its first cause, which is told once: a
-- later incident of the same time refers to the one before.
with columns_of as (
    select monitor, count(distinct column_name) as columns_watched
    from {{ ref('driftline_int_bins') }}
    where column_role in ('feature', 'prediction', 'label') and bin_kind <> 'moments'
    group by monitor
),

facts as (
    select
        {{ driftline._all_of('i') }},
        {{ driftline._as_text('i.columns_moved') }} as columns_text,
        {{ driftline._as_text('coalesce(' ~ driftline._as_sum('c.columns_watched') ~ ', i.columns_moved)') }}
            as watched_text,
        {{ driftline._as_text('i.others') }} as others_text,
        {{ driftline._as_text('i.monitors') }} as monitors_text,
        coalesce(m.period, 'day') as period,
        {{ driftline._last_moment('i.last_window_end', "coalesce(m.period, 'day')") | trim }} as until,
        case when i.open_alerts > 0 then 'open' else 'over' end as told_as
    from {{ ref('driftline_int_incidents') }} as i
    left join columns_of as c on c.monitor = i.monitor
    left join {{ ref('driftline_int_monitors') }} as m on m.monitor = i.monitor
),

-- Of many inputs what one of them did: of those whose average moved, one that moved beyond the others before all.
firsts as (
    select
        m.incident_id, m.alert_id as alert_id, case when s.alert_id is null then 0 else 1 end as is_beyond,
        row_number() over (
            partition by m.incident_id
            order by case when a.status = 'open' then 0 else 1 end,
                case when p.kind in ('drift.down', 'drift.up') then 0 else 1 end,
                case when s.alert_id is null then 1 else 0 end, m.place
        ) as choice
    from {{ ref('driftline_int_incident_members') }} as m
    join {{ ref('driftline_int_alerts') }} as a on a.alert_id = m.alert_id and a.is_total
    join {{ ref('driftline_int_statements') }} as p on p.alert_id = m.alert_id
    left join {{ ref('driftline_int_standing_out') }} as s on s.alert_id = m.alert_id
    where m.kind = 'inputs' and p.kind in ('{{ driftline._told_in_numbers() | join("', '") }}')
),

caused as (
    select
        i.incident_id, i.first_window_start, i.last_window_end, c.language, c.cause, c.cause_key,
        case when i.open_alerts > 0 then 1 else 0 end as is_open,
        row_number() over (partition by c.language, c.cause_key order by i.opened_at, i.incident_id) as place
    from {{ ref('driftline_int_incidents') }} as i
    join {{ ref('driftline_int_cause_words') }} as c on c.alert_id = i.headline_alert_id
),

told as (
    select a.incident_id, a.language, max(a.cause) as cause, min(b.place) as told_before, max(a.cause_key) as cause_key
    from caused as a
    left join caused as b
        on b.language = a.language and b.cause_key = a.cause_key and b.place < a.place and b.is_open >= a.is_open
        and b.first_window_start < a.last_window_end and a.first_window_start < b.last_window_end
    group by a.incident_id, a.language
),

headlines as (
{% for language in driftline._languages() %}
{%- set texts = driftline._texts_of(language) %}
select
    f.incident_id as incident_id, {{ driftline._text(language) }} as language,
    case
        when f.is_of_columns then case
            {%- for status in ['open', 'over'] %}
            when f.told_as = '{{ status }}' then {{ driftline._phrase(texts, 'incident.common.' ~ status, {
                'count': 'f.columns_text', 'total': 'f.watched_text', 'monitor': 'f.monitor',
                'since': '(' ~ driftline._time_words(texts, 'f.first_window_start', 'f.period') | trim ~ ')',
                'until': '(' ~ driftline._time_words(texts, 'f.until', 'f.period') | trim ~ ')',
            }) }}
            {%- endfor %}
            end
            -- What moved beyond the others is named once.
            || case when f.stands_out is null or b.is_beyond = 1 and w.moved = f.stands_out then ''
            else {{ driftline._phrase(texts, 'incident.beyond', {'columns': 'f.stands_out'}) }} end
            || case when b.alert_id is null then ''
            when b.is_beyond = 1 and w.moved = f.stands_out
                then {{ driftline._phrase(texts, 'incident.most', {'what': 'w.first_words'}) }}
            else {{ driftline._phrase(texts, 'incident.first', {'what': 'w.first_words'}) }} end
        else s.sentence
            -- That it is distributed differently says nothing: what moved most does.
            || case when t.cause is null or t.told_before is not null or p.kind not in ('drift.plain', 'drift.same')
            then '' else {{ driftline._phrase(texts, 'incident.cause', {'cause': 't.cause'}) }} end
            || case when f.others = 0 then ''
            else {{ driftline._phrase(texts, 'incident.also', {'count': 'f.others_text'}) }} end
    end || case when f.monitors = 1 then ''
        when f.upstream is null
            then {{ driftline._phrase(texts, 'incident.monitors', {'count': 'f.monitors_text'}) }}
        else {{ driftline._phrase(texts, 'incident.fed', {'count': 'f.monitors_text', 'upstream': 'f.upstream'}) }}
        end as headline
from facts as f
join {{ ref('driftline_int_sentences') }} as s
    on s.alert_id = f.headline_alert_id and s.language = {{ driftline._text(language) }}
left join {{ ref('driftline_int_statements') }} as p on p.alert_id = f.headline_alert_id
left join told as t on t.incident_id = f.incident_id and t.language = s.language
left join firsts as b on f.is_of_columns and b.incident_id = f.incident_id and b.choice = 1
left join {{ ref('driftline_int_sentences') }} as w on w.alert_id = b.alert_id and w.language = s.language
{{ 'union all' if not loop.last }}
{% endfor %}
)

select
    h.incident_id as incident_id, h.language as language, h.headline as headline,
    case
        {%- for language in driftline._languages() %}
        {%- set texts = driftline._texts_of(language) %}
        when o.headline is not null and h.language = '{{ language }}'
            then {{ driftline._phrase(texts, 'cause.told', {'headline': 'o.headline'}) }}
        {%- endfor %}
        else t.cause end as cause
from headlines as h
left join told as t on t.incident_id = h.incident_id and t.language = h.language
left join caused as b on b.language = t.language and b.cause_key = t.cause_key and b.place = t.told_before
left join headlines as o on o.incident_id = b.incident_id and o.language = h.language
{%- else -%}{{ driftline._empty() }}{%- endif %}
