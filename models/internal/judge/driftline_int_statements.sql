{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set told = ['alert_id', 'monitor', 'model_version', 'segment', 'segment_value', 'window_periods', 'family',
    'metric', 'column_name', 'baseline', 'status', 'first_window_start', 'last_window_start', 'last_window_end',
    'no_data_since', 'noise', 'peak_value'] %}
{%- set slice = ['monitor', 'model_version', 'segment', 'segment_value', 'window_periods'] %}

-- What each alert states, before it is put into words: what it is about, its numbers and times, how they are written.
with business as (
    select
        monitor, metric, max(case when denominator is not null then 1 else 0 end) as is_ratio,
        min(value) as least, max(value) as greatest
    from {{ ref('driftline_business') }}
    group by monitor, metric
),

labels as (
    select monitor, min(column_name) as column_name
    from {{ ref('driftline_int_bins') }}
    where column_role = 'label'
    group by monitor
),

sources as (
    select
        {{ driftline._named('e', told) }},
        -- What is over is told by the mean of all its windows: its last one says nothing of them.
        {%- for number in ['value', 'expected'] %}
        case when e.status <> 'open' and e.family in ('business', 'performance', 'estimate', 'quality', 'volume')
            then coalesce(e.mean_{{ number }}, e.{{ number }}) else e.{{ number }} end as {{ number }},
        {%- endfor %}
        m.period, {{ driftline._source_family('e') }} as source_family,
        {{ driftline._source_metric('e') }} as source_metric
    from {{ ref('driftline_int_episodes') }} as e
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = e.monitor
),

-- A trend has its beginning, and a column that drifts its mean on both sides, in the window the alert's value is of.
labelled as (
    select
        {{ driftline._all_of('s') }}, l.label as label, l.unit as unit, g.label as segment_label, c.change_start,
        coalesce(o.label, {{ driftline._plain_name('y.column_name', false) }}) as outcome,
        case when d.baseline_mean is not null then d.mean end as mean,
        case when d.mean is not null then d.baseline_mean end as baseline_mean, q.stddev
    from sources as s
    left join {{ ref('driftline_int_labels') }} as l
        on l.monitor = s.monitor
        and l.name = case when s.source_family in ('business', 'comparison') then s.source_metric else s.column_name end
    left join {{ ref('driftline_int_labels') }} as g on g.monitor = s.monitor and g.name = s.segment
    left join labels as y on s.family = 'concept' and y.monitor = s.monitor
    left join {{ ref('driftline_int_labels') }} as o on o.monitor = y.monitor and o.name = y.column_name
    left join {{ ref('driftline_changes') }} as c
        on s.family = 'trend' and s.metric = {{ driftline._change_metric('c') }}
        and c.window_start = s.first_window_start and {{ driftline._same(slice + ['column_name'], 'c', 's') }}
    left join {{ ref('driftline_drift') }} as d
        on s.family = 'drift' and d.window_start = s.last_window_start
        and {{ driftline._same(slice + ['column_name', 'baseline'], 'd', 's') }}
    left join {{ ref('driftline_quality') }} as q
        on s.family = 'drift' and q.window_start = s.last_window_start
        and {{ driftline._same(slice + ['column_name'], 'q', 's') }}
),

styled as (
    select
        p.*, {{ driftline._style('p', 'b') }} as style, 1 - b.is_ratio as is_sum,
        case when p.family = 'drift' then p.mean when p.family = 'comparison' then abs(p.value)
            else p.value end as shown,
        case when p.mean < p.baseline_mean then '.down' else '.up' end as mean_way,
        case when p.family = 'drift' then p.baseline_mean else p.expected end as shown_expected,
        case when p.expected is null then '.alone' when p.value < p.expected then '.down' else '.up' end as way,
        case when p.value between 0 and 1e15 and p.expected between 1e-15 and 1e15
            and (p.source_family in ('business', 'volume') or p.source_family = 'performance'
                and p.source_metric not in ({{ driftline._metrics_with_an_end() }}))
            then (p.value - p.expected) / p.expected end as change,
        case p.period
            {%- for period in ['hour', 'day', 'week', 'month'] %}
            when '{{ period }}' then {{ 'floor(' if period == 'week' }}
                {{- driftline._as_sum(driftline._bounds_between(
                    'p.first_window_start', 'p.last_window_end', 'day' if period == 'week' else period
                )) }}
                {{- ' / 7.0)' if period == 'week' }}
            {%- endfor %}
        end as periods
    from labelled as p
    left join business as b
        on p.source_family = 'business' and b.monitor = p.monitor and b.metric = p.source_metric
),

-- is_clear, is_apart: whether a decimal of a per cent, or three digits, tell the one from the other.
shares as (
    select
        p.*, 100e0 * p.near as percent, 100e0 * p.near_expected as expected_percent,
        {{ driftline._decimals_of_shares('p.near', 'p.near_expected') }} as decimals,
        {%- for name in ['shown', 'shown_expected'] %}
        {%- set near = name.replace('shown', 'p.near') %}
        {{ driftline._decimals_of_shares(near, near) }} as {{ name }}_decimals,
        {%- endfor %}
        coalesce(abs(p.near - p.near_expected) > 0.001, true) as is_clear,
        coalesce(abs(p.near - p.near_expected) > 0.01 * abs(p.near_expected), true) as is_apart
    from (
        select
            {{ driftline._all_of('s') }},
            {%- for name in ['shown', 'shown_expected'] %}
            case when abs(s.{{ name }}) < 1e15 then s.{{ name }} end as {{ name.replace('shown', 'near') }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from styled as s
    ) as p
),

numbered as (
    select
        p.*,
        {%- for name, x, percent in [
            ('value', 'shown', 'p.percent'), ('expected', 'shown_expected', 'p.expected_percent'),
        ] %}
        {%- set own = 'case when p.is_clear then p.' ~ x ~ '_decimals else p.decimals end' %}
        {%- set x = 'p.' ~ x %}
        case
            when {{ x }} is null then null
            when p.style = 'percent' then {{ driftline._with_decimals(percent, own) | trim }}
            when p.style = 'share'
                then {{ driftline._without_zeros('(' ~ driftline._with_decimals(percent, own) | trim ~ ')') }}
            when p.style = 'count' then {{ driftline._count_words(x) | trim }}
            when p.style = 'money' then {{ driftline._money_words(x) | trim }}
            when p.style = 'amount' and p.is_apart then {{ driftline._amount_words(x) | trim }}
            else {{ driftline._readable(x) | trim }}
        end as {{ name }}_number,
        {%- endfor %}
        case
            when p.change >= 9 then {{ driftline._count_words('(1e0 + p.change)') | trim }}
            when p.change >= 2 then {{ driftline._decimal_text('1e0 + p.change', 1) }}
        end as times_number
    from shares as p
)

select
    p.alert_id, p.monitor, case when p.status = 'open' then 'open' else 'over' end as status, p.period,
    {{ driftline._statement_kind('p') | trim }} as kind,
    p.source_family, p.source_metric, p.column_name, p.label, p.unit, p.baseline, p.style,
    coalesce(p.segment_label, {{ driftline._plain_name('p.segment', begins=false) }}) as segment_name,
    p.segment, p.segment_value, p.model_version,
    p.value_number, p.expected_number, p.change, p.times_number,
    coalesce(p.change_start, p.first_window_start) as since,
    {{ driftline._last_moment('p.last_window_end', 'p.period') | trim }} as until,
    cast(greatest(coalesce(p.periods, 1), 1) as {{ dbt.type_int() }}) as periods,
    p.window_periods, p.no_data_since, p.outcome,
    -- How sure, by how far it went beyond its noise (docs/words.md). That rows fail to come is no matter of chance.
    {{ driftline._as_text("case
        when p.family = 'freshness' or p.noise is null or not p.noise > 0 then null
        when p.furthest >= 3 * p.noise then 'far'
        when p.furthest >= 1.5 * p.noise then 'clearly'
        else 'just' end") }} as sure
from (
    select n.*, greatest(abs(coalesce(value, peak_value) - coalesce(expected, 0e0)),
        abs(coalesce(peak_value, value) - coalesce(expected, 0e0))) as furthest
    from numbered as n
) as p
{%- else -%}{{ driftline._empty() }}{%- endif %}
