{{ config(materialized=driftline._step_materialization('trend')) }}
{%- if driftline._is_needed(['trend']) -%}
{%- set rule = driftline._change_rule() -%}
{%- set windows = driftline._change_windows() -%}
{%- set least_windows = rule.least_windows -%}
{%- set least_residuals = rule.least_residuals -%}
{%- set period_index = driftline._as_double('period_index') %}

-- What each window of a series was to be expected: level and season of the windows before, their scatter, the trend.
with phased as (
    select
        chain_no, phase, period, window_start, period_index, size, y, weight,
        min(period_index) over (partition by chain_no) as first_index
    from {{ ref('driftline_int_histories') }}
),

{%- for window in windows %}
{%- set s = window.spans %}
{%- set frame = driftline._change_frames(s) %}

-- The season: how far the same windows of earlier seasons lay from the mean of the season around them.
{{ window.period }}_season as (
    {%- if s.season > 1 %}
    select
        p.*,
        sum(weight * from_season) {{ frame.same_season }}
            / sum(case when from_season is not null then weight end) {{ frame.same_season }} as season_mean,
        sum(case when from_season is not null then weight end) {{ frame.same_season }} as season_weight,
        {{ driftline._as_double('count(from_season) ' ~ frame.same_season) }} as season_count
    from (
        select
            p.*,
            case
                when period_index - {{ frame.half_season }} >= first_index
                    and count(y) {{ frame.season_around }} >= {{ s.season / 2 }}
                    then y - sum(weight * y) {{ frame.season_around }} / sum(weight) {{ frame.season_around }}
            end as from_season
        from phased as p
        where period = '{{ window.period }}'
    ) as p
    {%- else %}
    select
        p.*,
        {%- for name in ['from_season', 'season_mean', 'season_weight'] %}
        {{ driftline._as_double('null') }} as {{ name }},
        {%- endfor %}
        0e0 as season_count
    from phased as p
    where period = '{{ window.period }}'
    {%- endif %}
),

{{ window.period }}_level as (
    select
        p.*,
        case
            when guarded_count >= {{ least_windows }} then guarded_level
            when near_count >= {{ least_windows }} then near_level
        end as level,
        case
            when guarded_count >= {{ least_windows }} then guarded_count
            when near_count >= {{ least_windows }} then near_count
        end as level_count,
        case
            when guarded_count >= {{ least_windows }} then guarded_weight
            when near_count >= {{ least_windows }} then near_weight
        end as level_weight
    from (
        select
            p.*,
            {%- for name in ['guarded', 'near'] %}
            sum(weight * adjusted) {{ frame[name] }} / sum(weight) {{ frame[name] }} as {{ name }}_level,
            sum(weight) {{ frame[name] }} as {{ name }}_weight,
            {{ driftline._as_double('count(adjusted) ' ~ frame[name]) }} as {{ name }}_count{{ ',' if not loop.last }}
            {%- endfor %}
        from (
            select p.*, y - seasonal_effect as adjusted
            from (
                select
                    p.*,
                    case when season_count >= {{ rule.least_seasons }} then season_mean else 0e0 end as seasonal_effect,
                    case
                        when season_count >= {{ rule.least_seasons }} then 1e0 / season_weight else 0e0
                    end as season_variance
                from {{ window.period }}_season as p
            ) as p
        ) as p
    ) as p
),

-- The errors are residuals made as large as if nothing had been estimated and every window had one row. Sums of them
-- over a few windows tell how much a window is like those before it.
{{ window.period }}_errors as (
    select
        p.*,
        max(error) {{ frame.before }} as error_before,
        sum(error) {{ frame.block }} as block_sum,
        {{ driftline._as_double('count(error) ' ~ frame.block) }} as block_count
    from (
        select p.*, residual / forecast_factor * sqrt(weight) as error
        from (
            select
                p.*,
                -- A window without a value is taken to be like those before it.
                sqrt(1e0 + coalesce(weight, level_weight / level_count) * (1e0 / level_weight + season_variance))
                    as forecast_factor,
                -- What rounding leaves of no difference is none.
                case
                    when abs(adjusted - level) > 1e-10 * greatest(abs(y), abs(level)) then adjusted - level
                    when adjusted is not null and level is not null then 0e0
                end as residual
            from {{ window.period }}_level as p
        ) as p
    ) as p
),

{{ window.period }}_scale as (
    select
        p.*,
        sum({{ driftline._squared('error') }}) {{ frame.scale }} as squares,
        {{ driftline._as_double('count(error) ' ~ frame.scale) }} as error_count,
        avg(case when error is not null then weight end) {{ frame.scale }} as usual_weight,
        avg(case when error is not null and block_count >= {{ s.guard / 2 }}
            then block_sum * (block_sum / block_count) end) {{ frame.scale }} as block_squares,
        sum(error * error_before) {{ frame.scale }} as products,
        sum(case when error_before is not null then (
            {{ driftline._squared('error') }} + {{ driftline._squared('error_before') }}
        ) / 2e0 end) {{ frame.scale }} as paired_squares,
        {{ driftline._as_double('count(error * error_before) ' ~ frame.scale) }} as pair_count,
        covar_pop(adjusted, {{ period_index }}) {{ frame.recent }} as xy,
        var_pop(case when adjusted is not null then {{ period_index }} end) {{ frame.recent }} as xx,
        var_pop(adjusted) {{ frame.recent }} as yy,
        {{ driftline._as_double('count(adjusted) ' ~ frame.recent) }} as trend_count
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
        case
            when error_count >= {{ least_residuals }} and squares > 0 then sqrt(squares / error_count) * forecast_factor
                / sqrt(case when weight < usual_weight then weight else usual_weight end)
        end as scale,
        -- The larger of two: of windows that follow each other, and the one that makes sums over a few windows scatter
        -- as they do. The first is too low by about (1 + 4ρ) / n.
        case when error_count >= {{ least_residuals }} then
            least(greatest(
                case when pair_count > 0 and paired_squares > 0 then
                    products / paired_squares + (1e0 + 4e0 * greatest(products / paired_squares, 0e0)) / pair_count
                else 0e0 end,
                case when block_squares > 0 and squares > 0
                    then (block_squares - squares / error_count) / (block_squares + squares / error_count)
                else 0e0 end,
                0e0
            ), 0.95e0)
        end as autocorrelation
    from spanned as s
),

{{ driftline._standardised_series() }}

select s.*, abs({{ driftline._student_score('trend_t', 'trend_df') }}) / 1.4142135623730951e0 as trend_root
from scored as s
{%- else -%}{{ driftline._empty() }}{%- endif %}
