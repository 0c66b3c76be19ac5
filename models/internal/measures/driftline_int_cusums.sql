{{ config(materialized=driftline._step_materialization('trend')) }}
{%- if driftline._is_needed(['trend']) -%}
{%- set rule = driftline._change_rule() -%}
{%- set chain = 'partition by chain_no, phase order by period_index' -%}
{%- set so_far = 'over (' ~ chain ~ ' rows unbounded preceding)' %}

-- Page's CUSUM without recursion: the sum of the scores, each less the allowance, less the lowest that sum has been.
with cut as (
    select
        chain_no, phase, period, size, period_index, window_start, scale, autocorrelation, residual, expected,
        case
            when z_score > {{ rule.cut }} then {{ rule.cut }}e0
            when z_score < -{{ rule.cut }} then -{{ rule.cut }}e0
            else z_score
        end as z
    from {{ ref('driftline_int_expectations') }}
    where z_score is not null
),

summed as (
    select
        c.*,
        sum(z - {{ rule.allowance }}e0) {{ so_far }} as rise,
        sum(- z - {{ rule.allowance }}e0) {{ so_far }} as fall,
        sum(residual) {{ so_far }} as residuals,
        sum(expected) {{ so_far }} as expectations,
        avg(residual) over ({{ chain }} rows between {{ rule.newest - 1 }} preceding and current row) as newest,
        row_number() over ({{ chain }}) as place
    from cut as c
),

preceded as (
    select
        s.*,
        coalesce(lag(rise) over ({{ chain }}), 0e0) as rise_before,
        coalesce(lag(fall) over ({{ chain }}), 0e0) as fall_before,
        coalesce(lag(residuals) over ({{ chain }}), 0e0) as residuals_before,
        coalesce(lag(expectations) over ({{ chain }}), 0e0) as expectations_before
    from summed as s
),

lowest as (
    {%- for window in driftline._change_windows() %}
    {%- set memory = driftline._change_frames(window.spans).memory %}
    {%- set ranges = [] %}
    {%- set columns = 'p.*, ' ~ driftline._over_range(ranges, 'min(rise_before)', memory) ~ ' as rise_lowest, '
        ~ driftline._over_range(ranges, 'min(fall_before)', memory) ~ ' as fall_lowest' %}
    {{- driftline._select_over_ranges(ranges, columns, 'preceded', 'p', "period = '" ~ window.period ~ "'") }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    l.*,
    greatest(rise - rise_lowest, 0e0) as cusum_up,
    greatest(fall - fall_lowest, 0e0) as cusum_down,
    case
        when rise - rise_lowest > 0 and rise - rise_lowest >= fall - fall_lowest then 'up'
        when fall - fall_lowest > 0 then 'down'
    end as direction,
    case
        when rise - rise_lowest > 0 and rise - rise_lowest >= fall - fall_lowest then rise_lowest
        when fall - fall_lowest > 0 then fall_lowest
    end as lowest
from lowest as l
{%- else -%}{{ driftline._empty() }}{%- endif %}
