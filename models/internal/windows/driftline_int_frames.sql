{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set asked = driftline._lengths_asked() -%}
{#- What is counted to tell which length has enough rows; the last two in the second largest group of a segment. -#}
{%- set counts = ['rows', 'known', 'scored', 'positives'] -%}
{%- set positives = "case when c.bin_kind in ('true_positive', 'false_negative')"
    ~ " then s.v * s.n / nullif(s.w, 0e0) end" %}

-- Which windows there are and what they are held against: one row for each monitor, detailed or not, window length and
-- baseline (decision 21). The only place that knows; everything else joins it.
with frames as (
    {%- for window in driftline._windows() -%}
    {%- set outer = loop -%}
    {%- for size in window.sizes -%}
    {%- set inner = loop -%}
    {%- for baseline, frame in driftline._frames(window, size).items() %}
    select
        {{ driftline._text(window.period) }} as period, {{ size }} as window_periods,
        {{ driftline._text(baseline) }} as baseline, {{ frame.nearest }} as nearest, {{ frame.farthest }} as farthest
    union all
    {%- endfor %}
    select {{ driftline._text(window.period) }}, {{ size }}, {{ driftline._text('reference') }}, null, null
    {{ 'union all' if not (inner.last and outer.last) }}
    {%- endfor -%}
    {%- endfor %}
),

-- The rows of the totals and of the segments' values by period, those with a label, and those whose label is positive.
by_period as (
    select
        k.slice_no as slice_no, k.period as period, k.block, k.period_index as period_index, k.first_index,
        max(case when c.bin_kind = 'rows' then s.n else 0e0 end) as rows_n,
        max(case when c.bin_kind = 'known' then s.n else 0e0 end) as known_n,
        max(case when c.bin_kind = 'predicted_positive' then s.n else 0e0 end) as scored_n,
        coalesce(sum({{ positives }}), 0e0) as positives_n
    from {{ ref('driftline_int_calendar') }} as k
    join {{ ref('driftline_int_slices') }} as g
        on g.slice_no = k.slice_no and g.source = 'relation' and g.model_version = 'all'
    join {{ ref('driftline_int_bins') }} as c
        on c.monitor = g.monitor and c.column_kind = 'measure' and c.column_role in ('row', 'performance')
        and c.bin_kind in ('rows', 'known', 'predicted_positive', 'true_positive', 'false_negative')
    left join {{ ref('driftline_int_measure_series') }} as s
        on s.slice_no = k.slice_no and s.bin_no = c.bin_no and s.period_index = k.period_index
    group by k.slice_no, k.period, k.block, k.period_index, k.first_index
),

windows as (
    {%- for window in driftline._windows() -%}
    {%- set outer = loop -%}
    {%- for size in window.sizes %}
    select
        slice_no, period_index, {{ size }} as window_periods, first_index,
        {{ driftline._period_at('period_index - ' ~ (size - 1), window.period) }} as window_start,
        {{ driftline._period_at('period_index + 1', window.period) }} as window_end
        {%- for name in counts %},
        sum({{ name }}_n) over (
            partition by slice_no, block order by period_index rows between {{ size - 1 }} preceding and current row
        ) as {{ name }}_n
        {%- endfor %}
    from by_period
    where period = '{{ window.period }}'
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor -%}
    {%- endfor %}
),

-- What is compared within a segment needs rows in two of its values.
counted as (
    {%- for name in counts %}
    {%- set of_groups = name in ['scored', 'positives'] %}
    select
        monitor, window_periods, period_index, {{ driftline._text(name) }} as counted, segment, n,
        case when is_reference then 1 else 0 end as of_reference
    from (
        select
            g.monitor as monitor, g.segment, w.window_periods, w.period_index, w.{{ name }}_n as n,
            {{ driftline._lies_between_ends('w.', 'm.') }} as is_reference,
            row_number() over (partition by g.monitor, g.segment, w.window_periods, w.period_index
                order by w.{{ name }}_n desc, w.slice_no) as place
        from windows as w
        join {{ ref('driftline_int_slices') }} as g
            on g.slice_no = w.slice_no and g.segment {{ '<>' if of_groups else '=' }} 'all'
        join {{ ref('driftline_int_monitors') }} as m on m.monitor = g.monitor
        where w.period_index - w.window_periods + 1 >= w.first_index and w.window_end <= g.as_of
    ) as placed
    where place = {{ 2 if of_groups else 1 }} and n > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- if asked.own %}
    union all
    -- Each value of a segment by itself, where segments are judged.
    select
        g.monitor as monitor, w.window_periods, w.period_index, {{ driftline._text('own') }},
        {{ driftline._as_text('w.slice_no') }}, w.rows_n,
        case when {{ driftline._lies_between_ends('w.', 'm.') }} then 1 else 0 end
    from windows as w
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = w.slice_no and g.segment <> 'all'
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = g.monitor
    where {{ asked.own }} and w.rows_n > 0
        and w.period_index - w.window_periods + 1 >= w.first_index and w.window_end <= g.as_of
    {%- endif %}
),

-- The windows that tell how many rows are usual (decision 15): those of the reference, or, where it has no time of its
-- own, the first ones.
telling as (
    select
        c.*,
        sum(of_reference) over (partition by monitor, counted, segment, window_periods) > 0 as has_reference,
        row_number() over (partition by monitor, counted, segment, window_periods order by period_index) as place
    from counted as c
),

-- The shortest length whose windows have enough rows more often than not; where none has, of all rows the longest.
lengths as (
    select
        t.monitor, a.asked_no, t.counted, t.segment, t.window_periods,
        avg(case when t.n >= a.min_rows then 1e0 else 0e0 end) >= 0.5e0 as is_enough
    from telling as t
    join ({{ asked.rows }}) as a on a.monitor = t.monitor and a.counted = t.counted
    where case when t.has_reference then t.of_reference = 1
        else t.place <= {{ driftline._judge_rule().first_windows }} end
    group by t.monitor, a.asked_no, t.counted, t.segment, t.window_periods
),

shortest as (
    select
        monitor, counted,
        case
            when counted = 'rows' then coalesce(min(case when is_enough then window_periods end), max(window_periods))
            else min(case when is_enough then window_periods end)
        end as window_periods
    from lengths
    group by monitor, asked_no, counted, segment
),

-- Windows that only the comparison of a segment's values has need of are held against nothing.
undetailed as (
    select
        m.monitor as monitor, f.window_periods as window_periods,
        max(case when f.window_periods = s.window_periods and s.counted in ('rows', 'known', 'own') or {{ asked.each }}
            then 1 else 0 end) as has_reference
    from {{ ref('driftline_int_monitors') }} as m
    join frames as f on f.period = m.period and f.baseline = 'window'
    left join shortest as s on s.monitor = m.monitor
    where f.window_periods = s.window_periods or {{ asked.each }}
    group by m.monitor, f.window_periods
),

chosen as (
    select m.monitor as monitor, f.period as period, true as is_detailed, f.window_periods as window_periods,
        f.baseline, f.nearest, f.farthest
    from {{ ref('driftline_int_monitors') }} as m
    join frames as f on f.period = m.period
        and (f.baseline = 'window' or m.baselines like {{ dbt.concat(["'%'", 'f.baseline', "'%'"]) }})
    union all
    select m.monitor as monitor, f.period as period, false, f.window_periods as window_periods, f.baseline, f.nearest,
        f.farthest
    from {{ ref('driftline_int_monitors') }} as m
    join undetailed as u on u.monitor = m.monitor
    join frames as f on f.period = m.period and f.window_periods = u.window_periods
        and (f.baseline = 'window' or u.has_reference = 1 and {{ asked.baselines }})
)

-- What has been computed under other rules is computed anew (_changed_from).
select
    c.*,
    {{ driftline._as_text(dbt.concat(['m.detail', "' '", 'm.baselines', "' '", 'm.families', "' '",
        driftline._frames_text('c'),
        'case when ' ~ asked.crosses ~ " then ' crosses' else '' end"])) }} as rules
from chosen as c
join {{ ref('driftline_int_monitors') }} as m on m.monitor = c.monitor
{%- else -%}{{ driftline._empty() }}{%- endif %}
