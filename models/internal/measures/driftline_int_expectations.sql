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
{%- set around, same, near, close, scale = [], [], [], [], [] %}

-- The season: how far the same windows of earlier seasons lay from the mean of the season around them.
{{ window.period }}_season as (
    {%- if s.season > 1 %}
    {%- set from_season -%}
        p.*,
        case
            when period_index - {{ frame.half_season }} >= first_index
                and {{ driftline._over_range(around, 'count(y)', frame.season_around) }} >= {{ s.season / 2 }}
                then y - {{ driftline._over_range(around, 'sum(weight * y)', frame.season_around) }}
                    / {{ driftline._over_range(around, 'sum(weight)', frame.season_around) }}
        end as from_season
    {%- endset %}
    {%- set rows = driftline._select_over_ranges(around, from_season, 'phased', 'p',
        "period = '" ~ window.period ~ "'") %}
    {%- set known = 'sum(case when from_season is not null then weight end)' %}
    {%- set columns -%}
        p.*,
        {{ driftline._over_range(same, 'sum(weight * from_season)', frame.same_season) }}
            / {{ driftline._over_range(same, known, frame.same_season) }} as season_mean,
        {{ driftline._over_range(same, known, frame.same_season) }} as season_weight,
        {{ driftline._as_double(driftline._over_range(same, 'count(from_season)', frame.same_season)) }}
            as season_count
    {%- endset %}
    {{- driftline._select_over_ranges(same, columns, '(' ~ rows ~ ')', 'p') }}
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
    {%- set adjusted -%}
        (
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
        )
    {%- endset %}
    {%- set columns -%}
        p.*
        {%- for name in ['guarded', 'near'] %},
        {{ driftline._over_range(near, 'sum(weight * adjusted)', frame[name]) }}
            / {{ driftline._over_range(near, 'sum(weight)', frame[name]) }} as {{ name }}_level,
        {{ driftline._over_range(near, 'sum(weight)', frame[name]) }} as {{ name }}_weight,
        {{ driftline._as_double(driftline._over_range(near, 'count(adjusted)', frame[name])) }} as {{ name }}_count
        {%- endfor %}
    {%- endset %}
    from (
        {{- driftline._select_over_ranges(near, columns, adjusted, 'p') }}
    ) as p
),

-- The errors are residuals made as large as if nothing had been estimated and every window had one row. Sums of them
-- over a few windows tell how much a window is like those before it.
{{ window.period }}_errors as (
    {%- set columns -%}
        p.*,
        {{ driftline._over_range(close, 'max(error)', frame.before) }} as error_before,
        {{ driftline._over_range(close, 'sum(error)', frame.block) }} as block_sum,
        {{ driftline._as_double(driftline._over_range(close, 'count(error)', frame.block)) }} as block_count
    {%- endset %}
    {%- set rows -%}
    (
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
    )
    {%- endset %}
    {{- driftline._select_over_ranges(close, columns, rows, 'p') }}
),

{{ window.period }}_scale as (
    {%- set columns -%}
        p.*
        {%- for name, call in {
            'squares': 'sum(' ~ driftline._squared('error') ~ ')',
            'error_count': 'count(error)',
            'usual_weight': 'avg(case when error is not null then weight end)',
            'block_squares': 'avg(case when error is not null and block_count >= ' ~ s.guard / 2
                ~ ' then block_sum * (block_sum / block_count) end)',
            'products': 'sum(error * error_before)',
            'paired_squares': 'sum(case when error_before is not null then (' ~ driftline._squared('error') ~ ' + '
                ~ driftline._squared('error_before') ~ ') / 2e0 end)',
            'pair_count': 'count(error * error_before)',
        }.items() %},
        {%- set aggregate = driftline._over_range(scale, call, frame.scale) %}
        {{ driftline._as_double(aggregate) if call.startswith('count(') else aggregate }} as {{ name }}
        {%- endfor %},
        {{ driftline._covariance_over_range(scale, period_index, 'adjusted', frame.recent) }} as xy,
        {{ driftline._over_range(scale, 'var_pop(case when adjusted is not null then ' ~ period_index ~ ' end)',
            frame.recent) }} as xx,
        {{ driftline._over_range(scale, 'var_pop(adjusted)', frame.recent) }} as yy,
        {{ driftline._as_double(driftline._over_range(scale, 'count(adjusted)', frame.recent)) }} as trend_count
    {%- endset %}
    {{- driftline._select_over_ranges(scale, columns, window.period ~ '_errors', 'p') }}
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
