{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set group = ['monitor', 'model_version', 'segment', 'segment_value'] %}
{%- set measure = ['family', 'metric', 'column_name', 'baseline'] %}
{%- set series = group + ['window_periods'] + measure %}
{%- set window = group + ['window_periods', 'window_start'] %}

-- Of each series of driftline_metrics the newest complete window: of what waits for labels the newest that has them,
-- where none has the newest. A table of its own, so that Postgres knows how many rows there are to be joined.
with windows as (
    select {{ window | join(', ') }}, period_index, is_retired from {{ ref('driftline_int_newest') }}
    {{ driftline._union() }}
    -- What compares the values of a segment stands beside the total.
    select w.monitor as monitor, w.model_version as model_version, g.segment as segment, 'all',
        w.window_periods as window_periods, w.window_start as window_start, w.period_index as period_index, w.is_retired
    from {{ ref('driftline_int_newest') }} as w
    join {{ ref('driftline_int_slices') }} as g
        on g.monitor = w.monitor and g.model_version = w.model_version and g.source = 'relation' and g.segment <> 'all'
    where w.segment = 'all'
    {{ driftline._union() }}
    -- A ratio that has no denominator has no row, and two versions no common period: their newest may be an older one.
    select {{ driftline._named('w', window) }}, w.period_index as period_index, n.is_retired
    from (
        select {{ group | join(', ') }}, window_periods, max(window_start) as window_start
        from {{ ref('driftline_performance') }}
        where is_complete
        group by {{ group | join(', ') }}, window_periods, metric, class_name, basis
        union all
        select {{ group | join(', ') }}, window_periods, max(window_start)
        from {{ ref('driftline_int_version_series') }}
        group by {{ group | join(', ') }}, window_periods, metric, case when is_ready then 1 else 0 end
    ) as p
    join {{ ref('driftline_int_windows') }} as w on {{ driftline._same(window, 'w', 'p') }} and w.source = 'relation'
    join {{ ref('driftline_int_newest') }} as n
        on n.slice_no = w.slice_no and n.window_periods = w.window_periods and n.is_newest
),

newest as (
    select
        windows.*,
        cast(max(period_index) over (partition by monitor) - period_index as {{ dbt.type_int() }}) as periods_behind
    from windows
),

candidates as (
    select
        m.*, w.is_retired, w.periods_behind,
        row_number() over (
            partition by {{ 'm.' ~ series | join(', m.') }}
            order by case when m.is_complete then 0 else 1 end, m.window_start desc
        ) as place
    from {{ ref('driftline_metrics') }} as m
    join newest as w on {{ driftline._same(window, 'w', 'm') }}
)

select * from candidates where place = 1
{%- else -%}{{ driftline._empty() }}{%- endif %}
