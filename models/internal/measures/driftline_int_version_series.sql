{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['comparisons']) -%}

-- What all common periods so far say of two versions, window by window, for the judge: how much worse the later one is,
-- as a share of the other's value, and the split of the rows where one is declared. Its noise is the half width of the
-- interval that holds at all looks at once, so that what is told is what the comparison knows. A split that was even
-- for long and broke is told by the windows of the next length.
with shortest as (
    select monitor, min(window_periods) as window_periods from {{ ref('driftline_int_windows') }} group by monitor
),

ends as (
    select distinct w.monitor, w.window_periods, w.window_start, w.window_end
    from {{ ref('driftline_int_windows') }} as w
    join shortest as s on s.monitor = w.monitor and s.window_periods = w.window_periods
    where w.source = 'relation' and w.model_version = 'all' and w.segment = 'all'
),

next_lengths as (
    select
        monitor,
        case period
            {%- for window in driftline._windows() if window.sizes | length > 1 %}
            when '{{ window.period }}' then {{ window.sizes[1] }}
            {%- endfor %}
            when '' then 0
        end as window_periods
    from {{ ref('driftline_int_monitors') }}
),

-- Of several champions the one with the most rows.
looked_at as (
    select
        c.*,
        row_number() over (
            partition by
                c.monitor, c.model_version, c.segment, c.segment_value, c.family, c.metric, c.span, c.window_end
            order by c.champion_row_count desc, {{ driftline._byte_order('c.champion_version') }}
        ) as place,
        -- What is wholly by chance has a noise all the same: very much of it.
        greatest(least(coalesce(c.anytime_p_value, c.p_value, 0.999e0), 0.999e0), 1e-300) as p
    from {{ ref('driftline_int_compared') }} as c
    left join next_lengths as n on n.monitor = c.monitor and n.window_periods = c.window_periods
    where (c.span = 'cumulative' or (c.family = 'traffic' and n.monitor is not null)) and c.difference is not null
        and (c.family <> 'traffic' or c.champion_value is not null)
),

-- How often a split is looked at, over all pairs and both lengths, its level is shared by.
shared as (
    select
        l.*,
        {{ driftline._as_double(driftline._alpha()) }} / 2e0
            / count(*) over (partition by l.monitor, l.family, l.window_end) as tail
    from looked_at as l
    where l.place = 1
),

judged as (
    select
        s.*,
        case when family = 'traffic'
            then abs(difference) * {{ driftline._normal_tail('tail') }}
                / nullif({{ driftline._normal_tail('(p / 2e0)') }}, 0e0)
            else (anytime_upper - anytime_lower) / 2e0 / nullif(abs(champion_value), 0e0)
        end as noise
    from shared as s
),

-- Of both lengths what is furthest over its noise.
strongest as (
    select
        j.*,
        row_number() over (
            partition by monitor, model_version, segment, segment_value, family, metric, window_end
            order by coalesce(abs(difference) / nullif(noise, 0e0), -1e0) desc, span
        ) as rank_no
    from judged as j
)

select
    l.monitor, l.model_version, l.segment, l.segment_value, e.window_periods as window_periods,
    e.window_start as window_start, e.window_end as window_end,
    l.metric, l.champion_version,
    -- Money is judged of itself; the metrics of the models once a project names them.
    {{ driftline._as_text("case l.family when 'traffic' then 'traffic' when 'business' then 'version'
        else 'performance' end") }} as kind,
    l.is_complete and l.is_mature as is_ready,
    case when l.family = 'traffic' then l.value
        else l.difference / nullif(abs(l.champion_value), 0e0) * case when l.higher_is_better then 1e0 else -1e0 end
    end as value,
    case when l.family = 'traffic' then l.champion_value end as expected,
    l.noise,
    case when l.row_count < l.champion_row_count then l.row_count else l.champion_row_count end as row_count,
    l.reason
from strongest as l
join ends as e on e.monitor = l.monitor and e.window_end = l.window_end
where l.rank_no = 1
{%- else -%}{{ driftline._empty() }}{%- endif %}
