{#
    Business metrics and the reference: when it takes over from the windows before (decision 33).
#}

{#
    What the reference makes of each metric and each window of the season (slice_no, column_no, window_periods, phase):
    the median of its windows, or of those of the same phase where that is nearer to the others on average, and how far
    a window may be off. Each window is held against the others. SQL.

    windows  relation: driftline_int_business_windows
    z        SQL of the normal quantile, a constant
#}
{% macro _reference_levels(windows, z) %}
    {%- set group = 'slice_no, column_no, window_periods' -%}
    {%- set all = 'rows between unbounded preceding and unbounded following' -%}
    {%- set levels = [] -%}
    {%- for name, phase in {'plain': '', 'season': ', phase'}.items() -%}
        {%- for of, frame in {'level': all, 'others': all ~ ' exclude current row'}.items() -%}
            {%- do levels.append({'name': name ~ '_' ~ of, 'x': 'x', 'partition': group ~ phase,
                'order': 'period_index', 'frame': frame}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set errors = [] -%}
    {%- for name in ['plain', 'season'] -%}
        {%- do errors.append({'name': name ~ '_error', 'x': name ~ '_off', 'partition': group,
            'order': 'period_index', 'frame': all}) -%}
    {%- endfor -%}
    {%- set over = 'over (partition by ' ~ group ~ ')' %}
    {%- set own -%}
        (
            select
                slice_no, column_no, window_periods, period_index, coalesce(season_phase, -1) as phase, usual_value as x
            from {{ windows }} as w
            where is_reference = 1 and usual_value is not null
        )
    {%- endset -%}
    {%- set off -%}
        select
            o.*, {{ driftline._as_double('count(*) ' ~ over) }} as windows, stddev_samp(x) {{ over }} as deviation,
            avg(plain_off) {{ over }} as plain_mean, avg(season_off) {{ over }} as season_mean
        from (
            select
                l.*, abs(x - plain_others) as plain_off,
                case when phase >= 0 then abs(x - season_others) end as season_off
            from ({{ driftline._with_medians(own, levels) }}
            ) as l
        ) as o
    {%- endset %}
    select
        {{ group }}, phase,
        max(case when is_seasonal then season_level else plain_level end) as reference_level,
        max(greatest(
            1.4826e0 * case when is_seasonal then season_error else plain_error end
                * {{ driftline._student_quantile(z, '(2e0 + windows / (6e0 * window_periods))') }},
            case when is_known then 0e0 else deviation * sqrt(1e0 + 1e0 / windows)
                * {{ driftline._student_quantile(z, '(windows - 1e0)') }} end
        )) as reference_noise
    from (
        select
            e.*,
            -- Two of each phase are the fewest that tell a season from wild windows.
            phase < 0 or season_error_count >= 7 and season_error_count = windows as is_known,
            season_error_count >= 7 and season_error_count = windows and season_mean <= plain_mean as is_seasonal
        from (
            {{ driftline._with_medians('(' ~ off ~ ')', errors) | indent(12) }}
        ) as e
    ) as r
    where windows >= 5
    group by {{ group }}, phase
{% endmacro %}


{#
    Whether a window is held against the reference (decision 33): a value that was in line with it has left what was
    usual in one direction for most of half a trailing length, and has not come back since, or not for longer than that;
    from when the windows before have learned the change on: the reference does not. SQL of the relation with is_held.

    usual   relation: windows with expected, noise, reference_expected and reference_noise
    series  list of columns: the windows that follow each other
    unit    the trailing length, in units of `place`
#}
{% macro _with_held(usual, series, unit) %}
    {%- set half = driftline._range(series, 'place', unit // 2, 0) -%}
    {%- set quarter = driftline._range(series, 'place', unit // 4, 0) -%}
    {%- set series = series | join(', ') -%}
    {%- set near = '<= greatest(coalesce(0.5e0 * reference_noise, 0e0), 0.1e0 * abs(reference_expected))' %}
    {%- set so_far = 'over (partition by ' ~ series ~ ', excursion'
        ~ ' order by place, period_index rows unbounded preceding)' -%}
    {%- set sided -%}
        (
            select
                u.*,
                case when usual_value - expected > noise then 1 when expected - usual_value > noise then -1
                    when usual_value is not null and noise is not null then 0 end as side
            from {{ usual }} as u
        )
    {%- endset -%}
    {%- set ranges = [] -%}
    {%- set lasting -%}
        o.*,
        case when reference_noise is not null
            and abs(expected - reference_expected) {{ near }}
            and side * (value - reference_expected) > 0
            and 3 * step * case side
                when 1 then {{ driftline._over_range(ranges, 'sum(case when side = 1 then 1 else 0 end)', half) }}
                else {{ driftline._over_range(ranges, 'sum(case when side = -1 then 1 else 0 end)', half) }}
            end > {{ unit }} - step
            then 1 else 0 end as has_lasted,
        {%- set is_near = 'case when abs(usual_value - reference_expected) ' ~ near ~ ' then 1 else 0 end' %}
        case when 6 * step
            * {{ driftline._over_range(ranges, 'sum(' ~ is_near ~ ')', quarter) }} > {{ unit }} - step
            then 1 else 0 end as is_back
    {%- endset -%}
    {%- set learned -%}
    (
        select
            e.*, max(case when has_left = 1 and side = 0 then 1 else 0 end) {{ so_far }} as is_learned
        from (
            select
                b.*, max(has_lasted) {{ so_far }} as has_left
            from (
                select
                    l.*,
                    sum(is_back) over (
                        partition by {{ series }} order by place, period_index rows unbounded preceding
                    ) as excursion
                from (
                    {{- driftline._select_over_ranges(ranges, lasting, sided, 'o') | indent(16) }}
                ) as l
            ) as b
        ) as e
    )
    {%- endset -%}
    {%- set held = [] -%}
    {%- set columns = 't.*, ' ~ driftline._over_range(held, 'max(is_learned)', half) ~ ' = 1 as is_held' -%}
    {{- driftline._select_over_ranges(held, columns, learned, 't') -}}
{% endmacro %}
