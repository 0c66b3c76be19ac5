{{ config(materialized='table') }}
{%- set series = 'monitor, model_version, segment, segment_value, window_periods, family, metric, column_name, baseline' %}

-- What alerts are: episodes, unbroken runs of breaches among the windows that could be judged. They follow from the
-- judgements alone, so a second run cannot double one or lose one.
with judged as (
    select
        j.*,
        case when is_breach then 1 else 0 end as breach,
        row_number() over (partition by {{ series }} order by window_start) as place,
        row_number() over (partition by {{ series }}, is_breach order by window_start) as place_among_alike,
        max(window_start) over (partition by {{ series }}) as last_judged_start
    from {{ ref('driftline_judgements') }} as j
    where not_judged is null
),

runs as (
    select
        judged.*,
        place - place_among_alike as run_no,
        row_number() over (partition by {{ series }}, place - place_among_alike order by window_start desc) as from_last
    from judged
    where breach = 1
),

episodes as (
    select
        {{ series }}, run_no,
        min(window_start) as first_window_start,
        max(window_start) as last_window_start,
        max(window_end) as last_window_end,
        count(*) as windows_breached,
        max(case when is_critical then 1 else 0 end) as is_critical,
        max(case when window_start = last_judged_start then 1 else 0 end) as is_open,
        max(case when from_last = 1 then value end) as value,
        max(case when from_last = 1 then expected end) as expected,
        max(case when from_last = 1 then noise end) as noise,
        max(case when from_last = 1 then warn end) as warn,
        max(case when from_last = 1 then critical end) as critical,
        max(case when from_last = 1 then compare end) as compare,
        max(case when from_last = 1 then direction end) as direction,
        max(effect) as peak_effect,
        max(consecutive) as consecutive
    from runs
    group by {{ series }}, run_no
    having count(*) >= max(consecutive)
),

peaks as (
    select e.*, r.value as peak_value
    from episodes as e
    join (
        select {{ series }}, run_no, value, row_number() over (partition by {{ series }}, run_no order by effect desc, window_start) as by_effect
        from runs
    ) as r
        on {% for key in series.split(', ') %}r.{{ key }} = e.{{ key }} and {% endfor %}r.run_no = e.run_no and r.by_effect = 1
)

select
    p.monitor, p.model_version, p.segment, p.segment_value, p.window_periods,
    {{ dbt.hash(dbt.concat(["p.monitor", "'|'", "p.model_version", "'|'", "p.segment", "'|'", "p.segment_value", "'|'",
        driftline._as_text('p.window_periods'), "'|'", "p.family", "'|'", "p.metric", "'|'", "p.column_name", "'|'", "p.baseline", "'|'",
        driftline._as_text('p.first_window_start')])) }} as alert_id,
    p.family, p.metric, p.column_name, p.baseline,
    {{ driftline._as_text("case when p.is_critical = 1 then 'critical' else 'warn' end") }} as severity,
    {{ driftline._as_text("case when p.is_open = 1 then 'open' else 'resolved' end") }} as status,
    p.first_window_start, p.last_window_start, p.last_window_end,
    cast(p.windows_breached as {{ dbt.type_int() }}) as windows_breached,
    p.value, p.peak_value, p.expected,
    case when p.is_critical = 1 then coalesce(p.critical, p.warn) else coalesce(p.warn, p.critical) end as threshold,
    p.noise,
    {{ dbt.concat([
        "case when p.column_name = 'all' then p.metric else p.column_name || ': ' || p.metric end",
        "' '", driftline._readable('p.value'),
        "case when " ~ driftline._readable('p.peak_value') ~ " <> " ~ driftline._readable('p.value') ~ " then ' (worst ' || " ~ driftline._readable('p.peak_value') ~ " || ')' else '' end",
        "' against '", "case when p.expected is null then 'the ' || p.baseline when p.baseline = 'trailing' then " ~ driftline._readable('p.expected') ~ " || ' in the windows before' else " ~ driftline._readable('p.expected') ~ " || ' (' || p.baseline || ')' end",
        "'; noise '", driftline._readable('p.noise'),
        "', threshold '", driftline._readable('case when p.is_critical = 1 then coalesce(p.critical, p.warn) else coalesce(p.warn, p.critical) end'),
        "case when p.compare = 'relative' then ' of it' when p.compare = 'difference' then '' else '' end",
        "case when p.compare = 'value' then '' when p.direction = 'below' then ' lower' when p.direction = 'both' then ' either way' else ' higher' end",
        "'; '", driftline._as_text('p.windows_breached'), "case when p.windows_breached = 1 then ' window' else ' windows' end",
        "' since '", "substring(" ~ driftline._as_text('p.first_window_start') ~ ", 1, case when m.period = 'hour' then 16 else 10 end)",
        "case when p.segment <> 'all' then ', ' || p.segment || case when p.segment_value <> 'all' then ' = ' || p.segment_value else '' end else '' end",
        "case when p.model_version <> 'all' then ', version ' || p.model_version else '' end",
        "case when c.change_start is not null then '; the change began about ' || substring(" ~ driftline._as_text('c.change_start') ~ ", 1, case when m.period = 'hour' then 16 else 10 end) else '' end"
    ]) }} as message,
    m.owner
from peaks as p
join {{ ref('driftline_int_monitors') }} as m on m.monitor = p.monitor
left join {{ ref('driftline_changes') }} as c
    on p.family = 'trend' and p.metric = {{ driftline._change_metric('c') }} and c.window_start = p.first_window_start
    {%- for key in series.split(', ') if key not in ['family', 'metric', 'baseline'] %} and c.{{ key }} = p.{{ key }}{% endfor %}
