{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- Each incident in one sentence, in every language there is: that many columns moved, where nothing says more; else the
-- sentence of the alert that says most, and how much else moved with it.
with columns_of as (
    select monitor, count(distinct column_name) as columns_watched
    from {{ ref('driftline_int_bins') }}
    where column_role in ('feature', 'prediction', 'label') and bin_kind <> 'moments'
    group by monitor
),

facts as (
    select
        i.*,
        {{ driftline._as_text('i.columns_moved') }} as columns_text,
        {{ driftline._as_text('coalesce(c.columns_watched, i.columns_moved)') }} as watched_text,
        {{ driftline._as_text('i.others') }} as others_text,
        {{ driftline._as_text('i.monitors') }} as monitors_text,
        coalesce(m.period, 'day') as period,
        {{ driftline._last_moment('i.last_window_end', "coalesce(m.period, 'day')") | trim }} as until,
        case when i.open_alerts > 0 then 'open' else 'over' end as told_as
    from {{ ref('driftline_int_incidents') }} as i
    left join columns_of as c on c.monitor = i.monitor
    left join {{ ref('driftline_int_monitors') }} as m on m.monitor = i.monitor
)

{% for language in driftline._languages() %}
select
    f.incident_id, {{ driftline._text(language) }} as language,
    case
        when f.is_of_columns then case
            {%- for status in ['open', 'over'] %}
            when f.told_as = '{{ status }}' then {{ driftline._phrase(language, 'incident.common.' ~ status, {
                'count': 'f.columns_text', 'total': 'f.watched_text', 'monitor': 'f.monitor',
                'since': '(' ~ driftline._time_words(language, 'f.first_window_start', 'f.period') | trim ~ ')',
                'until': '(' ~ driftline._time_words(language, 'f.until', 'f.period') | trim ~ ')',
            }) }}
            {%- endfor %}
            end || case when f.stands_out is null then ''
            else {{ driftline._phrase(language, 'incident.beyond', {'columns': 'f.stands_out'}) }} end
        else s.sentence || case when f.others = 0 then ''
            else {{ driftline._phrase(language, 'incident.also', {'count': 'f.others_text'}) }} end
    end || case when f.monitors = 1 then ''
        else {{ driftline._phrase(language, 'incident.monitors', {'count': 'f.monitors_text'}) }} end as headline
from facts as f
join {{ ref('driftline_int_sentences') }} as s
    on s.alert_id = f.headline_alert_id and s.language = {{ driftline._text(language) }}
{{ 'union all' if not loop.last }}
{% endfor %}
{%- else -%}{{ driftline._empty() }}{%- endif %}
