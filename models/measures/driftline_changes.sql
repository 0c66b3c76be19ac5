{{ driftline._result('table') }}
{%- if driftline._is_needed(['trend']) -%}
{%- set rule = driftline._change_rule() -%}
{%- set before = 'chain_no, phase, period_index, window_start, place, residuals_before, expectations_before' %}

with cusums as (
    select * from {{ ref('driftline_int_cusums') }}
),

beginnings as (
    select 'up' as direction, rise_before as lowest, {{ before }} from cusums
    union all
    select 'down', fall_before, {{ before }} from cusums
),

-- The change began where the sum was lowest; after the last such window, if there are several.
changes as (
    select
        c.chain_no, c.phase, c.period_index, b.window_start as change_start,
        c.place - b.place + 1e0 as change_windows,
        (c.residuals - b.residuals_before) / (c.place - b.place + 1e0) as shift,
        (c.expectations - b.expectations_before) / (c.place - b.place + 1e0) as level_before,
        row_number() over (partition by c.chain_no, c.phase, c.period_index order by b.period_index desc) as from_last
    from cusums as c
    join beginnings as b
        on b.chain_no = c.chain_no and b.phase = c.phase and b.direction = c.direction and b.lowest = c.lowest
        and b.period_index <= c.period_index
        and b.period_index > c.period_index - case c.period
            {%- for window in driftline._change_windows() %}
            when '{{ window.period }}' then {{ window.spans.memory * window.spans.size }}
            {%- endfor %}
        end
),

judged as (
    select
        c.*, g.change_start, g.change_windows,
        coalesce(g.level_before, c.expected) as level_before,
        -- Over is what the newest windows no longer show: they are nearer to the level before than to the one since.
        case when case c.direction when 'up' then c.newest else - c.newest end
            > case c.direction when 'up' then g.shift else - g.shift end / 2e0 then g.shift else 0e0 end as shift,
        -- The shift that would take the CUSUM to its limit. One that outliers turned the other way says nothing.
        case
            when c.direction is null
                then scale * sqrt({{ driftline._variance_factor() }}) * {{ rule.allowance + rule.limit }}e0
            when case c.direction when 'up' then g.shift else - g.shift end > 0 then abs(g.shift)
                * ({{ rule.allowance }}e0 * g.change_windows + {{ rule.limit }}e0)
                / ({{ rule.allowance }}e0 * g.change_windows + greatest(c.cusum_up, c.cusum_down))
        end as noise
    from cusums as c
    left join changes as g
        on g.chain_no = c.chain_no and g.phase = c.phase and g.period_index = c.period_index and g.from_last = 1
)

select
    i.monitor, i.model_version, i.segment, i.segment_value,
    cast(i.window_periods as {{ dbt.type_int() }}) as window_periods, i.window_start as window_start, i.window_end,
    {{ driftline._is_total('i') }} as is_total,
    i.source_family as family, i.source_metric as metric, i.column_name, i.column_role, i.column_kind,
    true as is_complete,
    cast(i.row_count as {{ dbt.type_bigint() }}) as row_count,
    {{ driftline._as_double('i.value') }} as value,
    {{ driftline._as_double('t.expected') }} as expected,
    {{ driftline._as_double(
        'case when t.level is not null and t.season_count >= ' ~ rule.least_seasons ~ ' then t.seasonal_effect end'
    ) }} as seasonal_effect,
    cast(t.season_count as {{ dbt.type_int() }}) as season_count,
    {{ driftline._as_double('t.residual') }} as residual,
    {{ driftline._as_double('t.scale') }} as scale,
    {{ driftline._as_double('t.autocorrelation') }} as autocorrelation,
    {{ driftline._as_double('t.z_score') }} as z_score,
    {{ driftline._as_double('t.trend') }} as trend,
    {{ driftline._as_double('t.trend_standard_error') }} as trend_standard_error,
    {{ driftline._as_double(
        'case when t.trend = 0 then 1e0 when t.trend_standard_error = 0 then 0e0'
        ~ ' when t.trend_root is not null then ' ~ driftline._erfc('t.trend_root') ~ ' end'
    ) }} as trend_p_value,
    {{ driftline._as_double('j.cusum_up') }} as cusum_up,
    {{ driftline._as_double('j.cusum_down') }} as cusum_down,
    {{ driftline._as_double('case when j.chain_no is not null then ' ~ rule.limit ~ 'e0 end') }} as cusum_limit,
    {{ driftline._as_text('j.direction') }} as direction,
    j.change_start,
    cast(j.change_windows as {{ dbt.type_int() }}) as change_windows,
    {{ driftline._as_double('j.level_before') }} as level_before,
    -- What rounding leaves of no level is none.
    {%- set after = 'j.level_before + j.shift' %}
    {{ driftline._as_double('case when abs(' ~ after ~ ') > 1e-10 * greatest(abs(j.level_before), abs(j.shift)) then '
        ~ after ~ ' when ' ~ after ~ ' is not null then 0e0 end') }} as level_after,
    {{ driftline._as_double('j.noise') }} as noise,
    {{ driftline._as_text("case
        when i.value is null then coalesce(i.value_reason, 'no value')
        " ~ ("when t.y is null and i.row_count > 0 and i.value between -1e100 and 1e100
            then 'an event of the calendar'" if driftline._has_events() else "") ~ "
        when t.y is null then 'too large to reckon with'
        when t.level is null then 'fewer than " ~ rule.least_windows ~ " windows before'
        when t.error_count < " ~ rule.least_residuals ~ " then 'too few windows before to know the noise'
        when t.scale is null then 'the windows before do not vary'
    end") }} as reason
from {{ ref('driftline_int_expectations') }} as t
join {{ ref('driftline_int_histories') }} as i on i.chain_no = t.chain_no and i.period_index = t.period_index
left join judged as j on j.chain_no = t.chain_no and j.phase = t.phase and j.period_index = t.period_index
{%- else -%}{{ driftline._empty() }}{%- endif %}
