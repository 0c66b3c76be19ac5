{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set rule = driftline._incident_rule() %}
{%- set crowd = ['monitor', 'model_version', 'segment', 'segment_value', 'window_periods', 'family', 'metric',
    'baseline', 'window_end'] %}

-- Of columns that moved together: those that moved beyond the others in the window with which they opened. The common
-- part is the median of all effects; beyond it is what of so many columns hardly one would be by chance. Sizes are
-- compared as they are or by their logarithms, whichever are more evenly spread about their median: shifts of one cause
-- differ by a noise, columns by how strongly they answer to it.
with opened as (
    select
        a.alert_id as alert_id, a.column_name, a.opened_at as window_end,
        {{ driftline._named('a', crowd[:-1]) }}
    from {{ ref('driftline_int_incident_members') }} as m
    join {{ ref('driftline_int_alerts') }} as a on a.alert_id = m.alert_id
    where m.kind in ('inputs', 'quality') and a.column_name <> 'all'
),

crowds as (
    select {{ crowd | join(', ') }} from opened group by {{ crowd | join(', ') }}
),

effects as (
    select {{ driftline._named('j', crowd) }}, j.column_name, j.effect
    from {{ ref('driftline_int_judgements') }} as j
    join crowds as c on {{ driftline._same(crowd, 'c', 'j') }}
    where j.is_breach and j.effect > 0
),

sorted as (
    select
        e.*, row_number() over (partition by {{ crowd | join(', ') }} order by effect) - 1 as place,
        count(*) over (partition by {{ crowd | join(', ') }}) - 1 as last_place
    from effects as e
),

-- Quantiles interpolated between the two values at their sides.
quartiles as (
    select
        {{ crowd | join(', ') }}, {{ driftline._as_double('count(*)') }} as columns_moved,
        {%- for name, part in {
            'low': 0.1, 'lower': 0.25, 'centre': 0.5, 'upper': 0.75, 'high': 0.9,
        }.items() %}
        sum(effect * greatest(1e0 - abs(place - {{ part }}e0 * last_place), 0e0))
            as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from sorted
    group by {{ crowd | join(', ') }}
    having count(*) >= {{ rule.crowd }}
),

scaled as (
    select
        q.*,
        abs(high + low - 2e0 * centre) * (ln(high) - ln(low))
            > abs(ln(high) + ln(low) - 2e0 * ln(centre)) * (high - low) as is_by_logarithm
    from quartiles as q
),

placed as (
    select
        o.alert_id, s.columns_moved,
        case when is_by_logarithm then ln(e.effect) - ln(s.centre) else e.effect - s.centre end as beyond,
        -- 1.349 makes the distance of the quartiles a standard deviation.
        greatest(
            case when is_by_logarithm then ln(s.upper) - ln(s.lower) else s.upper - s.lower end / 1.349e0,
            {{ rule.least }} * case when is_by_logarithm then 1e0 else s.centre end
        ) as spread
    from opened as o
    join effects as e on {{ driftline._same(crowd + ['column_name'], 'e', 'o') }}
    join scaled as s on {{ driftline._same(crowd, 's', 'o') }}
)

select
    alert_id,
    beyond / spread as beyond
from placed
-- Of n normal numbers fewer than 0.2 are beyond sqrt(2 ln n).
where beyond > spread * sqrt(2e0 * ln(columns_moved))
{%- else -%}{{ driftline._empty() }}{%- endif %}
