{#
    How many false alarms a week the whole installation may have (var driftline_false_alarms_per_week); none where each
    series is held to driftline_alpha by itself.
#}
{% macro _false_alarms_per_week() %}
    {%- set given = driftline._var('driftline_false_alarms_per_week', 1) -%}
    {%- if given is none or given == 'none' -%}{{- return(none) -}}{%- endif -%}
    {%- if not driftline._is_finite(given) or given <= 0 -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_false_alarms_per_week': given "
            ~ tojson(given | string) ~ "; allowed: a number over 0, or none (each series by driftline_alpha)") -}}
    {%- endif -%}
    {{- return(given) -}}
{% endmacro %}


{#
    The budget's terms (decision 32).

    least_series  fewer series than these count as so many: none may alarm more often than they would
    days          of so many days up to a window the most series count that one of their periods had
    most          no window may breach by chance more often than this
    alone         what one window far out adds to the alarms, as a share of them
    windows       windows of the reference that tell how far its days differ
    certainly     z beyond which they differ by more than their rows let them
    by_chance     the chance of that z: so many series make next to no alarms
    without       families whose noise is no quantile of one window: they hold levels of their own
    a_week        windows a week
#}
{% macro _budget_terms() %}
    {{- return({
        'least_series': 20, 'days': 35, 'most': '0.25e0', 'alone': '0.05e0', 'windows': 14,
        'by_chance': 0.1, 'certainly': '1.2815515655e0',
        'without': ['trend', 'freshness', 'volume', 'comparison', 'operation'],
        'a_week': {'hour': '168e0', 'day': '7e0', 'week': '1e0', 'month': '0.22997947e0'},
    }) -}}
{% endmacro %}


{#
    How many series there were to judge up to each day (day, series), so that what is added or ends later changes
    nothing before. A relation, of rows with period, day, window_end and is_held.
#}
{% macro _series_lately(rows) %}
    {%- set terms = driftline._budget_terms() %}
    select day, {{ driftline._as_double('sum(series)') }} as series
    from (
        select d.day, b.period, max(b.series) as series
        from (select distinct day from {{ rows }} where is_held = 1) as d
        join (
            select period, day, max(series) as series
            from (
                select period, day, window_end, count(*) as series
                from {{ rows }}
                where is_held = 1
                group by period, day, window_end
            ) as e
            group by period, day
        ) as b
            on b.day <= d.day and b.day > {{ driftline._moved('day', -terms.days, 'd.day') }}
        group by d.day, b.period
    ) as m
    group by day
{%- endmacro %}


{#
    How many breaches open an alert (k), and among how many windows (m), for the budget: two CASEs, k and m.

    Windows that overlap breach together: one of them is as good as several. Between two breaches that count together
    fewer windows are quiet than end an alert.
#}
{% macro _budget_opening() %}
    case when window_periods > 1 then 1e0 else {{ driftline._as_double('consecutive') }} end as k,
    case when window_periods > 1 then 1e0
        when own_consecutive < within
            then {{ driftline._as_double('least(within, (own_consecutive - 1) * own_consecutive + 1)') }}
        else {{ driftline._as_double('greatest(within, consecutive)') }} end as m
{%- endmacro %}


{#
    With which chance a window of each day and rule may breach (chance), so that alarms come as often as the budget
    says, and with which it may open an alert alone (alone), one side of the two. A relation.

    Alarms of a rule of k breaches among m windows come, where a breach has the chance p, C(m−1, k−1)·pᵏ times a
    window; the term of the second order is that breaches of an open alert open none.

    rows, lately  relations: with day, period, k, m, is_two_sided and is_held; and of _series_lately
#}
{% macro _budget_chances(rows, lately, budget) %}
    {%- set terms = driftline._budget_terms() %}
    {%- set most = [2] -%}
    {%- for opening in driftline._judge_rule().opening.values() -%}
        {%- do most.append(opening.breaches) -%}
    {%- endfor -%}
    {%- for row in driftline._threshold_overrides() if 'consecutive' in row -%}
        {%- do most.append(row.consecutive | int) -%}
    {%- endfor %}
    select
        b.*, rate * {{ terms.alone }} / sides as alone,
        least(base * (1e0 + (1e0 + (m - k) * (k + 1e0) / k) / k * base), {{ terms.most }}) / sides as chance
    from (
        select
            a.*, power(rate / case k
            {%- for k in most | unique | sort if k > 1 %}
                when {{ k }} then {% for i in range(1, k) %}(m - {{ i }}) / {{ i }}e0{{ ' * ' if not loop.last }}
                    {%- endfor %}
            {%- endfor %}
                else 1e0 end, 1e0 / k) as base
        from (
            select
                r.*, 1e0 + is_two_sided as sides,
                {{ driftline._as_double(budget / (1 - terms.by_chance)) }}
                / greatest(n.series, {{ terms.least_series }}e0) / case period
                {%- for period in terms.a_week %}
                    when '{{ period }}' then {{ terms.a_week[period] }}
                {%- endfor %}
                end as rate
            from (select distinct day, period, k, m, is_two_sided from {{ rows }} where is_held = 1) as r
            join {{ lately }} as n on n.day = r.day
        ) as a
    ) as b
{%- endmacro %}


{#
    What the noise, which chance exceeds with driftline_alpha, is to be multiplied by for another chance: as normal
    quantiles are to each other. Where the reference's own days differ by more than their rows let them, by Student's t
    of how far they do. Less than 1 only where it is known how they differ, where noise is all spread, and after them.

    z        SQL of the normal quantile of that chance
    row      alias of rows with z_noise, family, period, compare, direction, and of the reference's windows their number
             (reference_windows) and mean squared difference in units of the noise (reference_square)
#}
{% macro _noise_factor(z, row) %}
    {%- set terms = driftline._budget_terms() -%}
    {%- set plain = z ~ ' / ' ~ row ~ '.z_noise' -%}
    {%- set nu = row ~ '.nu' -%}
    {%- set count = row ~ '.reference_windows' -%}
    case
        when {{ row }}.is_of_reference = 1 or {{ row }}.compare = 'value' and {{ row }}.direction <> 'both'
            then greatest(coalesce({{ plain }}, 1e0), 1e0)
        when {{ row }}.family = 'business' then {{ driftline._student_quantile(z, nu) }}
            / {{ driftline._student_quantile(row ~ '.z_noise', nu) }}
        when {{ count }} >= {{ terms.windows }} and {{ row }}.reference_square * {{ row }}.z_noise * {{ row }}.z_noise
            > 1e0 + {{ terms.certainly }} * sqrt(2e0 / {{ count }})
            then sqrt({{ row }}.reference_square * (1e0 + 1e0 / {{ count }}))
                * {{ driftline._student_quantile(z, count) }}
        when {{ count }} >= {{ terms.windows }} then {{ plain }}
        else greatest(coalesce({{ plain }}, 1e0), 1e0)
    end
{%- endmacro %}
