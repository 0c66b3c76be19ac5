{#
    What the day of the month makes of a business metric (decision 38).
#}

{#
    The months that are looked back over, and how many of them must have been beyond the noise on one side: that many,
    and two thirds of those that are known. A pay day that is moved is then usual after as many months.
#}
{% macro _month_rule() %}
    {{- return({'months': 6, 'least': 3}) -}}
{% endmacro %}


{#
    Windows of one day with month_share, how many times the expected value is usual on such a day of the month, and
    month_noise; NULL where the day is as any other, and in windows that are no days. SQL of the relation with them.

    A day is known by its number, and by its number from the end of the month: months are of different length. Of the
    two that counts by which the months before were more alike.

    windows  relation: windows with expected, noise and side (1 and -1: the value was beyond the noise)
    series   list of columns: the windows of one length of one metric
#}
{% macro _with_month(windows, series) %}
    {%- set rule = driftline._month_rule() -%}
    {%- set frame = 'range between ' ~ rule.months ~ ' preceding and 1 preceding' -%}
    {%- set ends, shares, frames = ['start', 'end'], [], {} -%}
    {%- for end in ends -%}
        {%- do frames.update({end: driftline._range(series + ['from_' ~ end], 'month_no', rule.months, 1)}) -%}
        {%- do shares.append({'name': end ~ '_share', 'x': 'case when month_side <> 0 then share end',
            'partition': series | join(', ') ~ ', from_' ~ end, 'order': 'month_no', 'frame': frame}) -%}
    {%- endfor -%}
    {%- set ranges = [] -%}
    {%- set of_ends -%}
        l.*
        {%- for end in ends %},
        {{ driftline._over_range(ranges, 'sum(month_side)', frames[end]) }} as {{ end }}_sides,
        {{ driftline._over_range(ranges, 'count(month_side)', frames[end]) }} as {{ end }}_known,
        {{ driftline._over_range(ranges, 'max(case when month_side <> 0 then share end)', frames[end]) }}
            - {{ driftline._over_range(ranges, 'min(case when month_side <> 0 then share end)', frames[end]) }}
            as {{ end }}_spread
        {%- endfor %}
    {%- endset -%}
    {%- set with_shares = '(' ~ driftline._with_medians(driftline._by_month(windows), shares) ~ ')' -%}
    select
        c.*,
        case when is_of_month then month_median end as month_share,
        case when is_of_month then sqrt(
            {{ driftline._squared('greatest(abs(month_median), 1e0) * noise') }} * (1e0 + 1.57e0 / month_known)
            -- As far as these days themselves differed; a day that is as any other is never within it.
            + {{ driftline._squared('expected * least(month_spread, abs(month_median - 1e0) / 2e0)') }}
        ) end as month_noise
    from (
        select
            b.*,
            {%- for name in ['median', 'known', 'spread'] %}
            case when start_leads then start_{{ name }} else end_{{ name }} end as month_{{ name }},
            {%- endfor %}
            case when start_leads then start_is_of_month else end_is_of_month end as is_of_month
        from (
            select
                a.*, {% for end in ends %}{{ end }}_share as {{ end }}_median, {% endfor %}
                start_alike > end_alike or start_alike = end_alike and start_is_of_month
                    or end_alike is null as start_leads
            from (
                select
                    m.*
                    {%- for end in ends %},
                    abs({{ end }}_sides) >= {{ rule.least }} and 3 * abs({{ end }}_sides) >= 2 * {{ end }}_known
                        and {{ end }}_share is not null as {{ end }}_is_of_month,
                    case when {{ end }}_known >= {{ rule.least }}
                        then greatest({{ driftline._as_sum('abs(' ~ end ~ '_sides)') }},
                            {{ driftline._as_sum(end ~ '_known - ' ~ end ~ '_share_count') }}) * 1e0
                            / {{ end }}_known
                    end as {{ end }}_alike
                    {%- endfor %}
                from (
                    {{- driftline._select_over_ranges(ranges, of_ends, with_shares, 'l') | indent(16) }}
                ) as m
            ) as a
        ) as b
    ) as c
{% endmacro %}


{#
    Windows of one day by month (month_no, from_start, from_end), how many times the expected value each was (share),
    and on which side of the noise (month_side); NULL in other windows. SQL in brackets.
#}
{% macro _by_month(windows) %}
    {%- set month = driftline._period_index(driftline._period_at('period_index', 'day'), 'month') %}
    (
        select
            d.*,
            case when month_no is not null and expected <> 0 then side end as month_side,
            case when month_no is not null then usual_value / nullif(expected, 0e0) end as share,
            period_index - {{ driftline._period_index(driftline._period_at('month_no', 'month'), 'day') }}
                as from_start,
            {{ driftline._period_index(driftline._period_at('month_no + 1', 'month'), 'day') }} - period_index
                as from_end
        from (
            select w.*, case when period = 'day' and window_periods = 1 then {{ month }} end as month_no
            from {{ windows }} as w
        ) as d
    )
{% endmacro %}
