{{ driftline._result('table') }}
{%- set read = ref('driftline_int_event_windows') -%}
{%- if driftline._is_needed() -%}
{%- set overrides = driftline._threshold_overrides() -%}
{%- set fewest = 5 -%}
{%- set phase = 'slice_no, window_periods, phase' -%}
{%- set usual = [{'name': 'usual', 'x': 'filled_n', 'partition': phase, 'order': 'season_no',
    'frame': 'range between 8 preceding and 1 preceding'}] -%}
{%- set track = 'slice_no, window_periods, mod(period_index, window_periods)' -%}
{%- set earlier = 'order by period_index rows between 168 preceding and 1 preceding' -%}
{%- set spread = [
    {'name': 'error', 'x': 'relative_error', 'partition': track, 'order': 'period_index',
        'frame': 'rows between 168 preceding and 1 preceding'},
    {'name': 'plain', 'x': 'filled_n', 'partition': track, 'order': 'period_index',
        'frame': 'rows between 168 preceding and 1 preceding'},
] %}

-- Whether rows come, and as many as usual: each window beside the same window of up to 8 seasons before (weekday or
-- hour of the week; weeks and months: the windows before), those without rows left out. All in total; versions and
-- segments where their freshness or volume is judged.
with looked_at as (
    select
        g.slice_no, g.monitor, g.model_version, g.segment, g.segment_value, g.period,
        (g.segment = 'all' or {{ driftline._overridden(overrides, 'segments', "'total'", 'g') }} = 'each')
            and (g.model_version = 'all'
                or {{ driftline._overridden(overrides, 'versions', "'total'", 'g') }} = 'each') as is_counted
    from (
        select
            {{ driftline._text('volume') }} as family, {{ driftline._text('row_count') }} as metric,
            {{ driftline._text('all') }} as column_name, {{ driftline._text('trailing') }} as baseline, f.*
        from {{ ref('driftline_int_slices') }} as f
        where f.source = 'relation'
    ) as g
),

windows as (
    select
        r.slice_no, l.monitor, r.window_periods, r.period_index, l.period, l.is_counted, r.row_count as n,
        case
            {%- for window in driftline._windows() %}{% for size in window.sizes %}
            when l.period = '{{ window.period }}' and r.window_periods = {{ size }}
                then {{ size if window.period in ['week', 'month']
                else ((size + window.season - 1) // window.season) * window.season }}
            {%- endfor %}{% endfor %}
        end as season
    from {{ ref('driftline_int_rolling_counts') }} as r
    join looked_at as l on l.slice_no = r.slice_no
),

placed as (
    select
        w.*, mod(period_index, season) as phase,
        case when n > 0 and is_counted {{- driftline._is_no_event('w', ["'volume'", "'row_count'"]) }} then n end
            as filled_n,
        cast(floor(period_index / (season * 1e0)) as {{ dbt.type_bigint() }}) as season_no
    from windows as w
),

levels as (
    {{ driftline._with_medians('placed', usual) }}
),

errors as (
    select
        v.*,
        -- Two seasons are the fewest that tell what is usual.
        case when usual_count >= 2 then abs(filled_n - usual) / usual end as relative_error
    from levels as v
),

spreads as {{ driftline._computed_once() }} (
    {{ driftline._with_medians('errors', spread) }}
),

bounds as (
    select
        s.*,
        usual_count >= 2 and error_count >= {{ fewest }} as is_seasonal,
        -- While no season is known, only less than half of the least there was is too little; and three seasons of
        -- windows there must be, because many a log begins with a reference that is denser than what is served.
        plain_count >= {{ fewest }} and plain_count * window_periods >= case period
            {%- for window in driftline._windows(every=true) if window.period in ['hour', 'day'] %}
            when '{{ window.period }}' then {{ 3 * window.season }}
            {%- endfor %} else 1 end as is_plain,
        min(filled_n) over (partition by {{ track }} {{ earlier }}) as least
    from spreads as s
),

expected as {{ driftline._computed_once() }} (
    select
        b.*,
        case when is_seasonal then usual when is_plain then plain end as expected_n,
        -- Relative: the usual error (a median absolute deviation, of few windows with a margin) or that of a count.
        case
            when is_seasonal then greatest(1.4826e0 * error, 1e0 / sqrt(usual)) * sqrt(1e0 + 1.57e0 / usual_count)
                * (1e0 + 6e0 / error_count)
            when is_plain then 1e0 / sqrt(plain)
        end as relative_spread,
        z.z
    from bounds as b
    cross join (select {{ driftline._normal_tail('t.tail') }} as z
        from (select {{ driftline._as_double(driftline._alpha()) }} as tail) as t) as z
)

select
    w.monitor as monitor, w.model_version, w.segment, w.segment_value,
    cast(e.window_periods as {{ dbt.type_int() }}) as window_periods, w.window_start, w.window_end,
    {{ driftline._is_total('w') }} as is_total, w.is_complete,
    cast(e.n as {{ dbt.type_bigint() }}) as row_count,
    {{ driftline._as_double('e.expected_n') }} as expected_row_count,
    {{ driftline._as_double('greatest(e.z * e.relative_spread * e.expected_n, case when e.is_seasonal then 0e0'
        ~ ' else e.expected_n - e.least / 2e0 end)') }} as row_count_noise,
    cast(s.silent_periods as {{ dbt.type_bigint() }}) as silent_periods,
    {{ driftline._as_double('s.missing_periods') }} as missing_periods,
    {{ driftline._as_double('s.missing_noise') }} as missing_noise,
    {{ driftline._as_text("case
        when e.n = 0 then 'no rows in the window'
        when not e.is_counted then 'volume is not judged here'
        when e.expected_n is null then 'too few windows before'
    end") }} as reason
from expected as e
join {{ ref('driftline_int_windows') }} as w
    on w.slice_no = e.slice_no and w.window_periods = e.window_periods and w.period_index = e.period_index
left join {{ ref('driftline_int_silences') }} as s on s.slice_no = e.slice_no and s.period_index = e.period_index
where e.is_counted or s.slice_no is not null
{%- else -%}{{ driftline._empty() }}{%- endif %}
