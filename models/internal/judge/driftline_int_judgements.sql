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
{%- set clear = ' * greatest(over_noise, 1e0) * judged_noise + margin' %}

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

compared as (
    select
        d.*,
        not_judged is null and difference > over_noise * judged_noise + margin as is_over_noise,
        not_judged is null and difference > {{ rule.clearly }}{{ clear }} as is_clear,
        not_judged is null and judged_noise > 0 and difference > {{ rule.certain.noise }}{{ clear }}
            and effect > {{ rule.certain.threshold }} * coalesce(warn, critical) as is_certain,
        not_judged is null and not {{ accepted }} and {{ driftline._exceeds('effect', 'coalesce(warn, critical)') }}
            and difference > least_difference + margin as is_over,
        not_judged is null and not {{ accepted }} and {{ driftline._exceeds('effect', 'critical') }}
            and difference > least_difference + margin as is_over_critical,
        coalesce(own_consecutive, case when default_consecutive = 1 then 1
            else greatest(default_consecutive, usual_breaches) end) as consecutive,
        coalesce(own_within, own_consecutive, greatest(default_consecutive, usual_within)) as within,
        not_judged is null and {{ accepted }} as is_accepted
    from directed as d
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
        else greatest(default_consecutive, usual_within) end) as {{ dbt.type_int() }}) as quiet_to_end,
    {{ driftline._as_text('chosen_because') }} as chosen_because, {{ driftline._as_text('not_judged') }} as not_judged,
    coalesce(is_over_noise and is_over, false) as is_breach,
    coalesce(is_over_noise and is_over_critical, false) as is_critical,
    coalesce((is_clear and is_over_critical or is_certain and is_over) and at_once = 1, false) as opens_at_once,
    at_once = 1 as at_once,
    -- Quiet is what has clearly come back, not what hovers at a threshold.
    not_judged is null and not coalesce(is_over_noise and is_over, false)
        and (is_accepted or difference <= {{ rule.quiet.noise }} * over_noise * judged_noise + margin
            or effect <= {{ rule.quiet.threshold }} * coalesce(warn, critical)
            or difference <= {{ rule.quiet.threshold }} * least_difference) as is_quiet
from compared
{%- else -%}{{ driftline._empty() }}{%- endif %}
