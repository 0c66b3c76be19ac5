{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set rule = driftline._judge_rule() %}
{%- set text_min_rows = driftline._as_text('cast(min_rows as ' ~ dbt.type_bigint() ~ ')') %}
{%- set series = ['monitor', 'model_version', 'segment', 'segment_value', 'window_periods', 'family', 'metric',
    'column_name', 'baseline'] %}
{#- What people have called expected breaches where it is beyond that by more than its noise. #}
{%- set accepted = '(k.accepted_effect is not null and not coalesce(case when k.compare = d.compare'
    ~ ' then effect * (1 - judged_noise / nullif(difference, 0)) > k.accepted_effect'
    ~ ' else difference - judged_noise > k.accepted_difference end, false))' %}
{%- set budget = driftline._false_alarms_per_week() %}
{%- set terms = driftline._budget_terms() %}
{%- set clearer = ' * least(noises, 1e0)' if budget else '' %}
{#- One window alone has to be over so many `times` the noise, the whole of it, and over what chance may do alone. #}
{%- set alone = 'greatest(times * greatest(noises, 1e0), noises_alone) * judged_noise + margin' %}

-- Every window that has a threshold: whether it could be judged, how large its effect is, and whether it breaches.
with directed as (
    select
        e.*,
        -- What differs in the last digits only is the same number.
        {{ rule.margin }} * abs(judged_noise)
            + {{ rule.rounding }} * (abs(value) + abs(coalesce(expected, 0e0))) as margin,
        -- Of a business metric the baseline's rows are those that are usual: a sum is judged by them where they fail to
        -- come. Freshness and volume are about how many rows there are; that there are none at all is freshness's to
        -- tell, once. What fell to 0 in a version or segment that a project asks about is told.
        case when family = 'business' and row_count = 0 and model_version = 'all' and segment = 'all'
                then 'no rows in the window'
            when family = 'business' and greatest(row_count, coalesce(baseline_row_count, 0)) < min_rows
                or family not in ('business', 'freshness', 'volume') and row_count < min_rows
                then 'fewer than ' || {{ text_min_rows }} || ' rows'
            when family <> 'business' and baseline_row_count < min_rows
                then 'fewer than ' || {{ text_min_rows }} || ' rows in the baseline'
            when effect is null then 'nothing to compare with'
            when judged_noise is null then 'its noise is not known yet'
        end as not_judged,
        case
            {%- for period in rule.opening %}
            when period = '{{ period }}' then {{ rule.opening[period].breaches }}
            {%- endfor %}
        end as usual_breaches,
        case
            {%- for period in rule.opening %}
            when period = '{{ period }}' then {{ rule.opening[period].within }}
            {%- endfor %}
        end as usual_within
    from {{ ref('driftline_int_effects') }} as e
),

ruled as {{ driftline._computed_once() }} (
    select
        d.*, {{ driftline._budget_opening() }}, {{ driftline._period_start('window_end', 'day') }} as day,
        case when not_judged is null and judged_noise > 0 and family not in ('{{ terms.without | join("', '") }}')
            then 1 else 0 end as is_held
    from (
        select
            d.*,
            coalesce(own_consecutive, case when default_consecutive = 1 then 1
                else {{ driftline._most('default_consecutive', 'usual_breaches') }} end) as consecutive,
            coalesce(own_within, own_consecutive, {{ driftline._most('default_consecutive', 'usual_within') }})
                as within
        from directed as d
    ) as d
),

{%- if budget %}

series_lately as ({{ driftline._series_lately('ruled') }}
),

-- Computed once each: what is built of them repeats their columns.
chances as {{ driftline._computed_once() }} ({{ driftline._budget_chances('ruled', 'series_lately', budget) }}
),

levels as {{ driftline._computed_once() }} (
    select
        c.*, {{ driftline._normal_tail('chance') }} as z_chance, {{ driftline._normal_tail('alone') }} as z_alone
    from chances as c
),

-- How far the reference's own windows are from it, in units of their noise.
spreads as (
    select
        {{ series | join(', ') }}, {{ driftline._as_double('count(*)') }} as reference_windows,
        avg(difference / judged_noise * (difference / judged_noise)) as reference_square
    from ruled
    where is_held = 1 and is_of_reference = 1
    group by {{ series | join(', ') }}
),
{%- endif %}

factors as (
    {%- if budget %}
    select
        c.*,
        greatest(coalesce(over_noise, case when is_held = 1 then 0e0 else 1e0 end),
            coalesce(case when is_held = 1 then {{ driftline._noise_factor('z_chance', 'c') }} end, 0e0)) as noises,
        coalesce(case when is_held = 1 then {{ driftline._noise_factor('z_alone', 'c') }} end, 0e0) as noises_alone
    from (
        select
            {{ driftline._all_of('r') }}, l.z_chance, l.z_alone, s.reference_windows, s.reference_square,
            -- The quantile that noise is made with: rates and losses that may only rise have that of one side.
            case when r.family = 'quality' or r.family = 'concept' and r.direction <> 'both'
                then {{ driftline._normal_tail(driftline._alpha()) }}
                else {{ driftline._normal_tail(driftline._alpha() / 2) }} end as z_noise,
            -- Of a business metric it is that of Student's t (docs/measures.md).
            2e0 + case r.period
                {%- for window in driftline._windows() %}
                when '{{ window.period }}' then {{ window.trailing }}
                {%- endfor %}
                end / 3e0 as nu
        from ruled as r
        left join levels as l on {{ driftline._same(['day', 'period', 'k', 'm', 'is_two_sided'], 'l', 'r') }}
        left join spreads as s on {{ driftline._same(series, 's', 'r') }}
    ) as c
    {%- else %}
    select {{ driftline._all_of('r') }}, coalesce(over_noise, 1e0) as noises, 0e0 as noises_alone from ruled as r
    {%- endif %}
),

compared as (
    select
        d.*,
        not_judged is null and difference > noises * judged_noise + margin as is_over_noise,
        not_judged is null and difference > {{ alone | replace('times', rule.clearly) }} as is_clear,
        not_judged is null and judged_noise > 0 and difference > {{ alone | replace('times', rule.certain.noise) }}
            and effect > {{ rule.certain.threshold }} * coalesce(warn, critical) as is_certain,
        not_judged is null and not {{ accepted }} and {{ driftline._exceeds('effect', 'coalesce(warn, critical)') }}
            and difference > least_difference + margin as is_over,
        not_judged is null and not {{ accepted }} and {{ driftline._exceeds('effect', 'critical') }}
            and difference > least_difference + margin as is_over_critical,
        not_judged is null and {{ accepted }} as is_accepted
    from factors as d
    left join {{ ref('driftline_int_accepted') }} as k
        on {{ driftline._same(series, 'k', 'd') }}
        and k.way = case when d.judged < case when d.compare = 'value' then 0e0 else d.expected end
            then 'down' else 'up' end
        and d.window_end > k.accepted_from and (k.accepted_until is null or d.window_end <= k.accepted_until)
)

select
    monitor, model_version, segment, segment_value, window_periods, window_start, window_end,
    -- What is told is what was judged.
    family, metric, column_name, column_role, baseline, judged as value, expected, judged_noise as noise,
    effect, direction, compare, warn, critical, cast(consecutive as {{ dbt.type_int() }}) as consecutive,
    cast(case when within < consecutive then consecutive else within end as {{ dbt.type_int() }}) as within,
    cast(coalesce(own_consecutive, case when default_consecutive = 1 then usual_breaches
        else {{ driftline._most('default_consecutive', 'usual_within') }} end) as {{ dbt.type_int() }}) as quiet_to_end,
    {{ driftline._as_text('chosen_because') }} as chosen_because, {{ driftline._as_text('not_judged') }} as not_judged,
    coalesce(is_over_noise and is_over, false) as is_breach,
    coalesce(is_over_noise and is_over_critical, false) as is_critical,
    coalesce((is_clear and is_over_critical or is_certain and is_over) and at_once = 1, false) as opens_at_once,
    at_once = 1 as at_once,
    -- Quiet is what has clearly come back, not what hovers at a threshold: the less it takes to breach, the clearer.
    not_judged is null and not coalesce(is_over_noise and is_over, false)
        and (is_accepted or difference <= {{ rule.quiet.noise }}{{ clearer }} * noises * judged_noise + margin
            or effect <= {{ rule.quiet.threshold }}{{ clearer }} * coalesce(warn, critical)
            or difference <= {{ rule.quiet.threshold }} * least_difference) as is_quiet
from compared
{%- else -%}{{ driftline._empty() }}{%- endif %}
