{{ config(materialized=driftline._private_table()) }}
{%- set read = ref('driftline_int_event_windows') -%}
{%- if driftline._is_needed(['trend']) -%}
{%- set rule = driftline._change_rule() -%}
{%- set overrides = driftline._threshold_overrides() -%}
{#- The measures whose history is looked at: family, the baseline under which the long form has them, and which of them
    (empty: all). What is said of a whole window is judged by default, a column's measures on request. -#}
{%- set sources = [
    {'family': 'business', 'baseline': 'trailing', 'metrics': []},
    {'family': 'performance', 'baseline': 'reference', 'metrics': []},
    {
        'family': 'quality', 'baseline': 'reference',
        'metrics': ['null_rate', 'nan_rate', 'infinite_rate', 'unseen_rate', 'out_of_range_rate'],
    },
    {'family': 'quality', 'baseline': 'none', 'metrics': ['mean']},
    {'family': 'drift', 'baseline': 'reference', 'metrics': ['psi']},
] -%}
{%- set keys =
    'monitor, model_version, segment, segment_value, source_family, source_metric, column_name, column_role' -%}
{%- set windows = driftline._change_windows() -%}
{%- set size_of_window -%}
    case period {%- for window in windows %} when '{{ window.period }}' then {{ window.spans.size }}{% endfor %} end
{%- endset %}

-- Read once for all of them: the long form is a large view, and every use of it is planned by itself.
with measured as (
    select
        m.monitor, m.model_version, m.segment, m.segment_value,
        m.window_periods, m.window_start, m.window_end, p.period,
        m.family as source_family, m.metric as source_metric, m.column_name, m.column_role, m.column_kind,
        {{ driftline._text('trend') }} as family, m.family || '_' || m.metric as metric,
        {{ driftline._text('trailing') }} as baseline,
        m.row_count, m.value, m.reason as value_reason,
        -- Far from where squares overflow or underflow; NaN is no number either. A window without rows is left out,
        -- though a sum is 0 there: that the data stopped is not a new level of what they say.
        -- Nor is what an event of the calendar does for a while.
        case when m.row_count > 0 and m.value between -1e100 and 1e100
            {{- driftline._is_no_event('m', ["'trend'", 'm.family', 'm.metric', 'm.column_name'], 'window_start') }}
            then case when abs(m.value) < 1e-100 then 0e0 else m.value end end as y,
        m.baseline_row_count
    from {{ ref('driftline_measured') }} as m
    join {{ ref('driftline_int_monitors') }} as p on p.monitor = m.monitor
    where m.is_complete
        and {{ driftline._of_family('trend', 'm.monitor') }}
        and m.window_periods = {{ size_of_window.replace('case period', 'case p.period') }}
        and (
            {%- for source in sources %}
            m.family = '{{ source.family }}' and m.baseline = '{{ source.baseline }}'
            {%- if source.metrics %} and m.metric in ('{{ source.metrics | join("', '") }}'){% endif %}
            {{ 'or' if not loop.last }}
            {%- endfor %}
        )
),

-- Totals, unless a project judges the trends of segments or versions one by one.
wanted as (
    select m.*
    from measured as m
    where (m.segment = 'all' or {{ driftline._overridden(overrides, 'segments', "'total'", 'm') }} = 'each')
        and (m.model_version = 'all' or {{ driftline._overridden(overrides, 'versions', "'total'", 'm') }} = 'each')
),

numbered as (
    select
        w.*,
        cast(dense_rank() over (order by {{ keys }}) as {{ dbt.type_int() }}) as chain_no,
        min(y) over (partition by {{ keys }}) as lowest, max(y) over (partition by {{ keys }}) as highest,
        {{ driftline._as_double('case when y is not null then row_count end') }} as counted,
        -- Of business metrics only sums know how many rows are usual; a sum of few rows is no less certain.
        case
            when source_family = 'business' then max(baseline_row_count) over (partition by {{ keys }})
        end as of_a_sum,
        case period
            {%- for window in windows %}
            when '{{ window.period }}'
                then {{ driftline._period_index('window_start', window.period) }} + {{ window.spans.size - 1 }}
            {%- endfor %}
        end as period_index,
        {{ size_of_window }} as size
    from wanted as w
),

-- What a window counts for is its rows; one with very many does not speak for all.
weighed as (
    select
        n.*,
        case
            when counted is null then null
            when of_a_sum is not null then 1e0
            else least(counted, {{ rule.most_rows }}e0 * avg(counted) over (
                partition by chain_no order by period_index rows between {{ rule.rows_of }} preceding and current row
            ))
        end as weight
    from numbered as n
)

-- Windows of a phase follow each other without overlap. What has never varied, by more than rounding, has no trend and
-- no change.
select
    chain_no, mod(period_index, size) as phase, period_index, period, size,
    monitor, model_version, segment, segment_value, window_periods, window_start, window_end,
    source_family, source_metric, column_name, column_role, column_kind, row_count, value, value_reason, y,
    weight
from weighed
where highest - lowest > 1e-10 * greatest(abs(highest), abs(lowest), 1e-280)
{%- else -%}{{ driftline._empty() }}{%- endif %}
