{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- if driftline._is_needed(['trend']) -%}
{%- set rule = driftline._change_rule() -%}
{%- set windows = [] -%}
{%- for window in driftline._windows() -%}
    {%- do windows.append({'period': window.period, 'spans': driftline._change_spans(window)}) -%}
{%- endfor -%}
{%- set chain = 'partition by chain_no, phase order by period_index' -%}
{%- set variance_factor = '(1e0 + autocorrelation) / (1e0 - autocorrelation)' %}

with phased as (
    select chain_no, phase, period, window_start, period_index, size, y, min(period_index) over (partition by chain_no) as first_index
    from {{ ref('driftline_int_histories') }}
),

{%- for window in windows %}
{%- set s = window.spans %}
{%- set within = 'over (' ~ chain ~ ' range between ' %}
{%- set near = within ~ s.level * s.size ~ ' preceding and ' ~ s.size ~ ' preceding)' %}
{%- set guarded = within ~ (s.level + s.guard) * s.size ~ ' preceding and ' ~ (s.guard + 1) * s.size ~ ' preceding)' %}
{%- set scale = within ~ (s.scale + s.guard) * s.size ~ ' preceding and ' ~ (s.guard + 1) * s.size ~ ' preceding)' %}
{%- set before = within ~ s.size ~ ' preceding and ' ~ s.size ~ ' preceding)' %}
{%- set recent = within ~ (s.level - 1) * s.size ~ ' preceding and current row)' %}

-- The season: how far the same windows of earlier seasons lay from the mean of the season around them.
{{ window.period }}_season as (
    {%- if s.season > 1 %}
    {%- set left = (s.season - 1) // 2 * s.size %}
    {%- set around = within ~ left ~ ' preceding and ' ~ s.season // 2 * s.size ~ ' following)' %}
    {%- set same = 'over (partition by chain_no, mod(period_index, ' ~ s.season * s.size ~ ') order by period_index range between ' ~ rule.seasons * s.season * s.size ~ ' preceding and ' ~ s.season * s.size ~ ' preceding)' %}
    select p.*, avg(from_season) {{ same }} as season_mean, {{ driftline._as_double('count(from_season) ' ~ same) }} as season_count
    from (
        select
            p.*,
            case when period_index - {{ left }} >= first_index and count(y) {{ around }} >= {{ s.season / 2 }} then y - avg(y) {{ around }} end as from_season
        from phased as p
        where period = '{{ window.period }}'
    ) as p
    {%- else %}
    select p.*, {{ driftline._as_double('null') }} as from_season, {{ driftline._as_double('null') }} as season_mean, 0e0 as season_count
    from phased as p
    where period = '{{ window.period }}'
    {%- endif %}
),

{{ window.period }}_level as (
    select
        p.*,
        case when guarded_count >= {{ rule.least_windows }} then guarded_level when near_count >= {{ rule.least_windows }} then near_level end as level,
        case when guarded_count >= {{ rule.least_windows }} then guarded_count when near_count >= {{ rule.least_windows }} then near_count end as level_count
    from (
        select
            p.*,
            avg(adjusted) {{ guarded }} as guarded_level, {{ driftline._as_double('count(adjusted) ' ~ guarded) }} as guarded_count,
            avg(adjusted) {{ near }} as near_level, {{ driftline._as_double('count(adjusted) ' ~ near) }} as near_count
        from (
            select p.*, y - seasonal_effect as adjusted
            from (
                select
                    p.*,
                    case when season_count >= {{ rule.least_seasons }} then season_mean else 0e0 end as seasonal_effect,
                    case when season_count >= {{ rule.least_seasons }} then 1e0 / season_count else 0e0 end as season_variance
                from {{ window.period }}_season as p
            ) as p
        ) as p
    ) as p
),

-- The errors are residuals made as large as if nothing had been estimated.
{{ window.period }}_errors as (
    select p.*, max(error) {{ before }} as error_before
    from (
        select p.*, residual / forecast_factor as error
        from (
            select
                p.*,
                sqrt(1e0 + 1e0 / level_count + season_variance) as forecast_factor,
                -- What rounding leaves of no difference is none.
                case when abs(adjusted - level) > 1e-10 * greatest(abs(y), abs(level)) then adjusted - level when adjusted is not null and level is not null then 0e0 end as residual
            from {{ window.period }}_level as p
        ) as p
    ) as p
),

{{ window.period }}_scale as (
    select
        p.*,
        sum({{ driftline._squared('error') }}) {{ scale }} as squares,
        {{ driftline._as_double('count(error) ' ~ scale) }} as error_count,
        sum(error * error_before) {{ scale }} as products,
        sum(case when error_before is not null then ({{ driftline._squared('error') }} + {{ driftline._squared('error_before') }}) / 2e0 end) {{ scale }} as paired_squares,
        {{ driftline._as_double('count(error * error_before) ' ~ scale) }} as pair_count,
        covar_pop(adjusted, {{ driftline._as_double('period_index') }}) {{ recent }} as xy,
        var_pop(case when adjusted is not null then {{ driftline._as_double('period_index') }} end) {{ recent }} as xx,
        var_pop(adjusted) {{ recent }} as yy,
        {{ driftline._as_double('count(adjusted) ' ~ recent) }} as trend_count
    from {{ window.period }}_errors as p
),
{%- endfor %}

spanned as (
    {%- for window in windows %}
    select * from {{ window.period }}_scale
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

scaled as (
    select
        s.*,
        level + seasonal_effect as expected,
        case when error_count >= {{ rule.least_residuals }} and squares > 0 then sqrt(squares / error_count) * forecast_factor end as scale,
        -- The estimate is too low by about (1 + 4ρ) / n.
        case when error_count >= {{ rule.least_residuals }} then
            case when pair_count > 0 and paired_squares > 0
                then least(greatest(products / paired_squares + (1e0 + 4e0 * greatest(products / paired_squares, 0e0)) / pair_count, 0e0), 0.95e0)
                else 0e0
            end
        end as autocorrelation
    from spanned as s
),

standardised as (
    select
        s.*,
        -- Where a window is like the one before, sums of windows scatter more than their number says.
        residual / (scale * sqrt({{ variance_factor }})) as t_score,
        case when trend_count >= {{ rule.least_residuals }} and autocorrelation is not null then trend_xy / trend_xx end as trend,
        case when trend_count >= {{ rule.least_residuals }} then
            sqrt(greatest(trend_yy - trend_xy * (trend_xy / trend_xx), 0e0) / trend_xx / (trend_count - 2e0) * {{ variance_factor }})
        end as trend_standard_error,
        trend_count - 2e0 as trend_df
    from (
        select
            s.*,
            -- As for the residuals; the periods of eight windows always vary.
            case when yy > 0 and sqrt(yy) > 1e-10 * coalesce(abs(level), 0e0) then xy else 0e0 end as trend_xy,
            case when yy > 0 and sqrt(yy) > 1e-10 * coalesce(abs(level), 0e0) then yy else 0e0 end as trend_yy,
            nullif(xx, 0) as trend_xx
        from scaled as s
    ) as s
),

scored as (
    select
        s.*,
        {{ driftline._student_score('t_score', 'error_count') }} as z_score,
        trend / nullif(trend_standard_error, 0) as trend_t
    from standardised as s
),

tested as (
    select s.*, abs({{ driftline._student_score('trend_t', 'trend_df') }}) / 1.4142135623730951e0 as trend_root
    from scored as s
),

-- Page's CUSUM without recursion: the sum of the scores, each less the allowance, less the lowest that sum has been.
cut as (
    select
        chain_no, phase, period, size, period_index, window_start, scale, autocorrelation, residual, expected,
        case when z_score > {{ rule.cut }} then {{ rule.cut }}e0 when z_score < -{{ rule.cut }} then -{{ rule.cut }}e0 else z_score end as z
    from scored
    where z_score is not null
),

summed as (
    select
        c.*,
        sum(z - {{ rule.allowance }}e0) over ({{ chain }} rows unbounded preceding) as rise,
        sum(- z - {{ rule.allowance }}e0) over ({{ chain }} rows unbounded preceding) as fall,
        sum(residual) over ({{ chain }} rows unbounded preceding) as residuals,
        sum(expected) over ({{ chain }} rows unbounded preceding) as expectations,
        row_number() over ({{ chain }}) as place
    from cut as c
),

preceded as (
    select
        s.*,
        lag(rise, 1, 0e0) over ({{ chain }}) as rise_before,
        lag(fall, 1, 0e0) over ({{ chain }}) as fall_before,
        lag(residuals, 1, 0e0) over ({{ chain }}) as residuals_before,
        lag(expectations, 1, 0e0) over ({{ chain }}) as expectations_before
    from summed as s
),

lowest as (
    {%- for window in windows %}
    {%- set memory = 'over (' ~ chain ~ ' range between ' ~ (window.spans.memory - 1) * window.spans.size ~ ' preceding and current row)' %}
    select p.*, min(rise_before) {{ memory }} as rise_lowest, min(fall_before) {{ memory }} as fall_lowest
    from preceded as p
    where period = '{{ window.period }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

cusums as (
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
),

beginnings as (
    select 'up' as direction, rise_before as lowest, chain_no, phase, period_index, window_start, place, residuals_before, expectations_before from preceded
    union all
    select 'down', fall_before, chain_no, phase, period_index, window_start, place, residuals_before, expectations_before from preceded
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
        and b.period_index > c.period_index - case c.period {%- for window in windows %} when '{{ window.period }}' then {{ window.spans.memory * window.spans.size }}{% endfor %} end
),

judged as (
    select
        c.*, g.change_start, g.change_windows,
        coalesce(g.level_before, c.expected) as level_before,
        coalesce(g.shift, 0e0) as shift,
        -- The shift that would take the CUSUM to its limit. One that outliers turned the other way says nothing.
        case
            when c.direction is null then scale * sqrt({{ variance_factor }}) * {{ rule.allowance + rule.limit }}e0
            when case c.direction when 'up' then g.shift else - g.shift end > 0 then abs(g.shift)
                * ({{ rule.allowance }}e0 * g.change_windows + {{ rule.limit }}e0)
                / ({{ rule.allowance }}e0 * g.change_windows + greatest(c.cusum_up, c.cusum_down))
        end as noise
    from cusums as c
    left join changes as g on g.chain_no = c.chain_no and g.phase = c.phase and g.period_index = c.period_index and g.from_last = 1
)

select
    i.monitor, i.model_version, i.segment, i.segment_value,
    cast(i.window_periods as {{ dbt.type_int() }}) as window_periods, i.window_start, i.window_end,
    {{ driftline._is_total('i') }} as is_total,
    i.source_family as family, i.source_metric as metric, i.column_name, i.column_role, i.column_kind,
    true as is_complete,
    cast(i.row_count as {{ dbt.type_bigint() }}) as row_count,
    {{ driftline._as_double('i.value') }} as value,
    {{ driftline._as_double('t.expected') }} as expected,
    {{ driftline._as_double('case when t.level is not null and t.season_count >= ' ~ rule.least_seasons ~ ' then t.seasonal_effect end') }} as seasonal_effect,
    cast(t.season_count as {{ dbt.type_int() }}) as season_count,
    {{ driftline._as_double('t.residual') }} as residual,
    {{ driftline._as_double('t.scale') }} as scale,
    {{ driftline._as_double('t.autocorrelation') }} as autocorrelation,
    {{ driftline._as_double('t.z_score') }} as z_score,
    {{ driftline._as_double('t.trend') }} as trend,
    {{ driftline._as_double('t.trend_standard_error') }} as trend_standard_error,
    {{ driftline._as_double('case when t.trend = 0 then 1e0 when t.trend_standard_error = 0 then 0e0 when t.trend_root is not null then ' ~ driftline._erfc('t.trend_root') ~ ' end') }} as trend_p_value,
    {{ driftline._as_double('j.cusum_up') }} as cusum_up,
    {{ driftline._as_double('j.cusum_down') }} as cusum_down,
    {{ driftline._as_double('case when j.chain_no is not null then ' ~ rule.limit ~ 'e0 end') }} as cusum_limit,
    {{ driftline._as_text('j.direction') }} as direction,
    j.change_start,
    cast(j.change_windows as {{ dbt.type_int() }}) as change_windows,
    {{ driftline._as_double('j.level_before') }} as level_before,
    {{ driftline._as_double('j.level_before + j.shift') }} as level_after,
    {{ driftline._as_double('j.noise') }} as noise,
    {{ driftline._as_text("case
        when i.value is null then coalesce(i.value_reason, 'no value')
        when t.y is null then 'too large to reckon with'
        when t.level is null then 'fewer than " ~ rule.least_windows ~ " windows before'
        when t.error_count < " ~ rule.least_residuals ~ " then 'too few windows before to know the noise'
        when t.scale is null then 'the windows before do not vary'
    end") }} as reason
from tested as t
join {{ ref('driftline_int_histories') }} as i on i.chain_no = t.chain_no and i.period_index = t.period_index
left join judged as j on j.chain_no = t.chain_no and j.phase = t.phase and j.period_index = t.period_index
{%- else -%}{{ driftline._empty() }}{%- endif %}
