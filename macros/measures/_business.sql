{#
    What the judge expects of a business metric (decision 19).
#}

{# The business metrics whose expressions name the label, as a relation (monitor, metric): they wait for it. #}
{% macro _metrics_of_the_label() %}
    select monitor, substring(column_name, {{ 'awaits_label:' | length + 1 }}) as metric
    from ({{ driftline._from_monitors('setting') }}) as settings
    where column_name like 'awaits_label:%'
{% endmacro %}


{#
    Business metrics in windows of events (column_no, window_periods, period_index): leaves, whether the window is kept
    out of what is usual, previous_leaves and seasonal_leaves, whether the one before it and the one a season before
    are; event and periods_back, what the same event was a year earlier. SQL.

    metrics  relation of monitor, column_no and metric
#}
{% macro _business_events(metrics) %}
    {%- set sources = {'': {}, 'previous_': {}, 'seasonal_': {}} -%}
    {%- for window in driftline._windows() -%}
        {%- for size in window.sizes -%}
            {%- set frames = driftline._frames(window, size) -%}
            {%- for baseline in ['previous', 'seasonal'] -%}
                {%- do sources[baseline ~ '_'].update({window.period ~ "' and e.window_periods = " ~ size:
                    frames[baseline].nearest}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor %}
    select
        column_no, window_periods, period_index,
        {%- for prefix in sources %}
        max(case when prefix = '{{ prefix }}' then leaves else 0 end) as {{ prefix }}leaves,
        {%- endfor %}
        max(case when prefix = '' and periods_back is not null then event end) as event,
        max(case when prefix = '' then periods_back end) as periods_back
    from (
        {%- for prefix, shifts in sources.items() %}
        select
            m.column_no, e.window_periods, '{{ prefix }}' as prefix, e.leaves, e.event, e.periods_back,
            e.period_index
            {%- if shifts %} + case
                {%- for length, shift in shifts.items() %}
                when p.period = '{{ length }} then {{ shift }}
                {%- endfor %}
            end{% endif %} as period_index
        from {{ ref('driftline_int_event_windows') }} as e
        join {{ metrics }} as m
            on m.monitor = e.monitor and (e.moves is null or e.moves in ('business', m.metric))
        join {{ ref('driftline_int_monitors') }} as p on p.monitor = e.monitor
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as s
    group by column_no, window_periods, period_index
{% endmacro %}


{# The trailing length of every kind of window, in the unit of `place`: frames are then the same for all of them. #}
{% macro _business_unit() %}
    {{- return(1000000000) -}}
{% endmacro %}


{# How far apart two windows that follow each other are in that unit: as many windows as fill the trailing length,
    8 at least. #}
{% macro _business_step(window, size) %}
    {{- return(driftline._business_unit() // [8, (window.trailing + size - 1) // size] | max) -}}
{% endmacro %}


{#
    The two-sided quantile of Student's t by its expansion in 1/ν (Abramowitz & Stegun 26.7.5), as SQL.

    z   SQL of the normal quantile
    nu  SQL of the degrees of freedom; repeated
#}
{% macro _student_quantile(z, nu) %}
    {%- set z2 = '(' ~ z ~ ' * ' ~ z ~ ')' -%}
    {{- return(
        '(' ~ z ~ ' * (1e0 + (' ~ z2 ~ ' + 1e0) / (4e0 * ' ~ nu ~ ')'
        ~ ' + ((5e0 * ' ~ z2 ~ ' + 16e0) * ' ~ z2 ~ ' + 3e0) / (96e0 * power(' ~ nu ~ ', 2))'
        ~ ' + (((3e0 * ' ~ z2 ~ ' + 19e0) * ' ~ z2 ~ ' + 17e0) * ' ~ z2 ~ ' - 15e0) / (384e0 * power(' ~ nu ~ ', 3))))'
    ) -}}
{% endmacro %}


{#
    The noise of counts: how far a sum of rows that come by chance, or the share of rows that have something, may be
    from what is usual. For metrics that count (every row adds 0 or 1), and for those whose usual value is 0; NULL for
    others. Poisson or binomial, the skew of few counts by Cornish and Fisher's second term; the variance is that of the
    windows before and this one together, so that never so far is not taken for never.

    z  SQL of the normal quantile
#}
{% macro _count_noise(z) %}
    {%- set total = '(trailing_numerator + numerator)' -%}
    {%- set total_sq = '(trailing_numerator_sq + numerator_sq)' -%}
    {%- set of_one = 'coalesce(' ~ total_sq ~ ' / nullif(abs(' ~ total ~ '), 0e0), 0e0)' -%}
    {%- set counts = total_sq ~ ' between 0.999999999e0 * ' ~ total ~ ' and 1.000000001e0 * ' ~ total -%}
    {%- set rows_count = '(trailing_denominator_sq + denominator_sq) between 0.999999999e0 * bottom'
        ~ ' and 1.000000001e0 * bottom' -%}
    {#- The rate by what is expected, where that is not 0. -#}
    {%- set p = 'case when expected > 0 then (expected * trailing_denominator + numerator) / bottom else '
        ~ total ~ ' / bottom end' %}
    select
        c.*,
        case
            when abs(variance) < 1e300 and is_ratio = 0
                then {{ z }} * sqrt(variance * per_row)
                    + ({{ z }} * {{ z }} - 1e0) / 6e0 * of_one * per_row + offset_of_zero
            when abs(variance) < 1e300 and denominator > 0
                then ({{ z }} * sqrt(variance * per_row) + ({{ z }} * {{ z }} - 1e0) / 6e0 * of_one * per_row)
                    / denominator + offset_of_zero
        end as count_noise
    from (
        select
            b.*,
            coalesce((trailing_weight_sq + weight_sq) / nullif(trailing_weight + weight, 0e0), 1e0) as per_row,
            case
                when is_ratio = 1 and is_count then {{ of_one }} * abs(1e0 - 2e0 * rate)
                else {{ of_one }}
            end as of_one,
            case when expected = 0
                then abs(case when is_ratio = 0 then trailing_numerator / nullif(trailing_count, 0)
                    else trailing_numerator / nullif(trailing_denominator, 0e0) end)
                else 0e0 end as offset_of_zero,
            case
                when is_ratio = 0 and expected > 0 and is_count
                    then (expected * trailing_count + numerator) / (trailing_count + 1e0)
                when is_ratio = 0 and expected = 0 then {{ total_sq }} / (trailing_count + 1e0)
                when is_ratio = 1 and is_count then denominator * rate * (1e0 - rate)
                when is_ratio = 1 and expected = 0 and bottom > 0 then denominator * {{ total_sq }} / bottom
            end as variance
        from (
            select
                s.*,
                {{ counts }} and {{ total }} > 0 and (is_ratio = 0 or {{ rows_count }}) as is_count,
                least(greatest(coalesce({{ p }}, 0e0), 0e0), 1e0) as rate
            from (
                select e.*, nullif(trailing_denominator + denominator, 0e0) as bottom from expectations as e
            ) as s
        ) as b
    ) as c
{% endmacro %}
