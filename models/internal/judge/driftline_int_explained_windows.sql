{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set series = ['model_version', 'segment', 'segment_value', 'window_periods', 'family', 'metric', 'column_name',
    'baseline'] %}

-- The windows each alert is explained for: its first, the one with the largest effect, and its last.
with episodes as (
    select
        a.alert_id, a.monitor as monitor, a.model_version as model_version, a.segment as segment,
        a.segment_value as segment_value, a.window_periods, a.family, a.metric,
        a.column_name, a.baseline,
        -- A trend is explained by what moved in the measure it is a trend of.
        {%- for kind in ['family', 'metric'] %}
        case
            {%- for family in ['business', 'performance', 'estimate', 'quality', 'drift'] %}
            when a.family = 'trend' and substring(a.metric, 1, {{ family | length + 1 }}) = '{{ family }}_'
                then {{ "'" ~ family ~ "'" if kind == 'family'
                else 'substring(a.metric, ' ~ (family | length + 2) ~ ')' }}
            {%- endfor %}
            else a.{{ kind }}
        end as explained_{{ kind }},
        {%- endfor %}
        a.first_window_start, a.last_window_start, g.slice_no, g.period as period, g.monitor_first_index,
        m.has_prediction, m.task as task
    from {{ ref('driftline_int_episodes') }} as a
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = a.monitor
    join {{ ref('driftline_int_slices') }} as g
        on g.monitor = a.monitor and g.source = 'relation' and g.model_version = a.model_version
            and g.segment = a.segment and g.segment_value = a.segment_value
),

breaches as (
    select
        e.alert_id as alert_id, j.window_start, j.window_end, j.column_role,
        row_number() over (partition by e.alert_id order by j.window_start) as from_first,
        row_number() over (partition by e.alert_id order by j.window_start desc) as from_last,
        row_number() over (partition by e.alert_id order by {{ driftline._by_nine_digits('j.effect') }} desc,
            j.window_start) as by_effect
    from episodes as e
    join {{ ref('driftline_int_judgements') }} as j
        on j.monitor = e.monitor{% for key in series %} and j.{{ key }} = e.{{ key }}{% endfor %}
        and j.window_start between e.first_window_start and e.last_window_start
    where j.is_breach
)

select
    cast(row_number() over (order by e.alert_id, b.window_start) as {{ dbt.type_int() }}) as case_no,
    -- What alerts on the same thing have in common.
    cast(dense_rank() over (
        order by e.monitor, e.explained_family, e.explained_metric, e.column_name, b.column_role
    ) as {{ dbt.type_int() }}) as subject_no,
    e.alert_id as alert_id, e.monitor as monitor, e.model_version as model_version, e.segment as segment,
    e.segment_value as segment_value, e.window_periods as window_periods, b.window_start as window_start,
    b.window_end as window_end,
    e.family, e.metric, e.explained_family, e.explained_metric, e.column_name, b.column_role, e.baseline,
    e.slice_no as slice_no,
    e.period, w.period_index, e.monitor_first_index, e.has_prediction, e.task,
    b.from_first = 1 as is_first_window, b.by_effect = 1 as is_peak_window, b.from_last = 1 as is_last_window,
    -- What no measure of drift knows is compared with the reference.
    case when e.baseline in ('previous', 'trailing', 'seasonal') then e.baseline else 'reference' end as drift_baseline
from breaches as b
join episodes as e on e.alert_id = b.alert_id
join {{ ref('driftline_int_windows') }} as w
    on w.slice_no = e.slice_no and w.window_periods = e.window_periods and w.window_start = b.window_start
where b.from_first = 1 or b.by_effect = 1 or b.from_last = 1
{%- else -%}{{ driftline._empty() }}{%- endif %}
