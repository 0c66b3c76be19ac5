{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['comparisons']) -%}

-- What all common periods so far say of two versions, window by window, for the judge: how much worse the later one is,
-- as a share of the other's value, and the split of the rows where one is declared. Its noise is the half width of the
-- interval that holds at all looks at once, so that what is told is what the comparison knows.
with shortest as (
    select monitor, min(window_periods) as window_periods from {{ ref('driftline_int_windows') }} group by monitor
),

ends as (
    select distinct w.monitor, w.window_periods, w.window_start, w.window_end
    from {{ ref('driftline_int_windows') }} as w
    join shortest as s on s.monitor = w.monitor and s.window_periods = w.window_periods
    where w.source = 'relation' and w.model_version = 'all' and w.segment = 'all'
),

-- Of several champions the one with the most rows.
looked_at as (
    select
        c.*,
        row_number() over (
            partition by c.monitor, c.model_version, c.segment, c.segment_value, c.family, c.metric, c.window_end
            order by c.champion_row_count desc, {{ driftline._byte_order('c.champion_version') }}
        ) as place,
        coalesce(c.anytime_p_value, c.p_value) as p
    from {{ ref('driftline_int_compared') }} as c
    where c.span = 'cumulative' and c.difference is not null
        and (c.family <> 'traffic' or c.champion_value is not null)
)

select
    l.monitor, l.model_version, l.segment, l.segment_value, e.window_periods, e.window_start, e.window_end,
    l.metric, l.champion_version,
    -- Money is judged of itself; the metrics of the models once a project names them.
    {{ driftline._as_text("case l.family when 'traffic' then 'traffic' when 'business' then 'version'
        else 'performance' end") }} as kind,
    l.is_complete and l.is_mature as is_ready,
    case when l.family = 'traffic' then l.value
        else l.difference / nullif(abs(l.champion_value), 0e0) * case when l.higher_is_better then 1e0 else -1e0 end
    end as value,
    case when l.family = 'traffic' then l.champion_value end as expected,
    case when l.family = 'traffic'
            then abs(l.difference) * {{ driftline._normal_tail('(' ~ driftline._alpha() ~ ' / 2e0)') }}
                / nullif({{ driftline._normal_tail('(greatest(l.p, 1e-300) / 2e0)') }}, 0e0)
        else (l.anytime_upper - l.anytime_lower) / 2e0 / nullif(abs(l.champion_value), 0e0)
    end as noise,
    case when l.row_count < l.champion_row_count then l.row_count else l.champion_row_count end as row_count,
    l.reason
from looked_at as l
join ends as e on e.monitor = l.monitor and e.window_end = l.window_end
where l.place = 1
{%- else -%}{{ driftline._empty() }}{%- endif %}
