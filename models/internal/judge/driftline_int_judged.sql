{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- How many windows of each monitor could be judged in at least one measure, why the others could not, and of which
-- state these are the results. That rows come, and how many, is judged of every window and says nothing of a model.
with judged as (
    select
        monitor, model_version, segment, segment_value, window_periods, window_start, window_end,
        max(case when not_judged is null then 1 else 0 end) as is_judged,
        min(not_judged) as reason
    from {{ ref('driftline_int_judgements') }}
    where family not in ('freshness', 'volume', 'operation')
    group by monitor, model_version, segment, segment_value, window_periods, window_start, window_end
),

placed as (
    select j.*, dense_rank() over (partition by monitor order by window_end desc) as place
    from judged as j
),

counted as (
    select
        p.monitor,
        count(*) as windows,
        sum(p.is_judged) as windows_judged,
        -- Lately: as far back as the trailing baseline goes.
        max(case when p.place <= case m.period
            {%- for window in driftline._windows() %}
            when '{{ window.period }}' then {{ window.trailing }}
            {%- endfor %}
            end then p.is_judged else 0 end) as is_judged_lately,
        max(p.window_end) as newest_window_end,
        max(case when p.is_judged = 1 then p.window_end end) as last_judged_window_end
    from placed as p
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = p.monitor
    group by p.monitor
),

reasons as (
    select monitor, reason, count(*) as windows
    from judged
    where is_judged = 0
    group by monitor, reason
),

numbered as (
    select r.*, row_number() over (partition by monitor order by windows desc, reason) as place
    from reasons as r
),

-- The most frequent ones in words; engines do not agree on how to join texts of several rows in order.
told as (
    select
        monitor,
        {%- for place in range(1, 6) %}
        max(case when place = {{ place }} then {{ dbt.concat([
            "case when place > 1 then ', ' else '' end", 'reason', "' in '", driftline._as_text('windows')
        ]) }} else '' end) {{ 'as reasons' if loop.last else '||' }}
        {%- endfor %}
    from numbered
    group by monitor
)

select
    m.monitor as monitor,
    m.computed_at as state_computed_at,
    {{ driftline._as_timestamp(driftline._utc_now()) }} as results_computed_at,
    c.newest_window_end,
    c.last_judged_window_end,
    cast(coalesce(c.windows_judged, 0) as {{ dbt.type_bigint() }}) as windows_judged,
    cast(coalesce(c.windows - c.windows_judged, 0) as {{ dbt.type_bigint() }}) as windows_not_judged,
    coalesce(c.is_judged_lately, 0) as is_judged_lately,
    {{ dbt.concat([
        't.reasons', "' of '", driftline._as_text('c.windows'),
        "case when c.windows = 1 then ' window' else ' windows' end"
    ]) }} as not_judged
from {{ ref('driftline_int_monitors') }} as m
left join counted as c on c.monitor = m.monitor
left join told as t on t.monitor = m.monitor
{%- else -%}{{ driftline._empty() }}{%- endif %}
