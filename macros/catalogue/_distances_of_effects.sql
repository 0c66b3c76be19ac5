{# Measures of small and certain effects, in units that mean something. What an entry says: _distances.sql. #}


{#
    One row alone is no shift: what the value that is farthest off does to the mean counts as noise, which is also what
    keeps heavy tails quiet.
#}
{% macro _distance_mean_shift(level) %}
    {%- set z = level.z_two_sided -%}
    {%- set varies = 'case when stddev_p > 0 then ' -%}
    {{- return({
        'name': 'mean_shift', 'label': 'shift of the mean', 'source': 'Cohen (1988)',
        'description': "(mean−baseline_mean) / standard deviation of the baseline",
        'kinds': ['numeric'], 'bounds': [none, none], 'rows': 'bins', 'sums': {},
        'parts': {'farthest_share': driftline._bounded_ratio('farthest', 'stddev_p') ~ ' / n_effective_finite_q'},
        'measure': 'case when farthest <= 1e145 then ' ~ driftline._bounded_ratio('(mean_q - mean_p)', 'stddev_p')
            ~ ' end',
        'deviation': 'abs({0})',
        'expected': varies ~ driftline._mean_of_absolute() ~ ' * sqrt(inverse_n_finite) end',
        'critical': varies ~ z ~ ' * sqrt(inverse_n_finite) + farthest_share end',
        'floor': none, 'metrics': {'mean_shift': 'mean_shift_noise'},
    }) -}}
{% endmacro %}


{#
    The fourth moment is not in the state. The bins' means have a part of it; of heavy tails the value farthest off has
    about a quarter of what is left; the normal distribution's is the least.
#}
{% macro _distance_spread_ratio(level) %}
    {%- set z = level.z_two_sided -%}
    {%- set away = driftline._bounded_ratio('(mean_p - pair_p_sum / n_finite_p)', 'stddev_p') -%}
    {%- set fourth = driftline._squared(driftline._squared('(' ~ away ~ ')')) -%}
    {%- set tail = driftline._squared(driftline._squared('least(' ~ driftline._bounded_ratio('farthest_p', 'stddev_p')
        ~ ', 1e30)')) -%}
    {%- set kurtosis = 'greatest(coalesce(fourth_moment, 0e0) + 4e0 * coalesce(' ~ tail
        ~ ', 0e0) / n_effective_finite_p, 3e0)' -%}
    {%- set unit = 'sqrt((' ~ kurtosis ~ ' - 1e0) / 4e0 * inverse_n_finite)' -%}
    {%- set varies = 'case when stddev_p > 0 then ' -%}
    {%- set one_row = driftline._squared('(' ~ driftline._bounded_ratio('farthest', 'stddev_p') ~ ')')
        ~ ' / n_effective_finite_q / 2e0' -%}
    {{- return({
        'name': 'spread_ratio', 'label': 'ratio of the spreads', 'source': 'the variance of a variance',
        'description': 'standard deviation / that of the baseline',
        'kinds': ['numeric'], 'bounds': [0, none], 'rows': 'bins',
        'sums': {'fourth_moment': 'sum(case when is_finite and finite_p > 0 then finite_p / n_finite_p * ' ~ fourth
            ~ ' end)'},
        'parts': {'spread_unit': unit, 'one_row': one_row},
        'measure': driftline._bounded_ratio('stddev_q', 'stddev_p'),
        'deviation': 'abs({0} - 1e0)',
        'expected': varies ~ driftline._mean_of_absolute() ~ ' * spread_unit end',
        'critical': varies ~ z ~ ' * spread_unit + one_row end',
        'floor': none, 'metrics': {'spread_ratio': 'spread_ratio_noise'}, 'held_against': driftline._as_double('1'),
    }) -}}
{% endmacro %}


{#
    In this unit every class has the same variance, be it rare or not: 1/n + 1/m (Anscombe). Few rows that do not come
    are likelier than the normal distribution has it: a share that falls counts as two rows more.
#}
{% macro _distance_class_change(level) %}
    {%- set q = 'least(q / seen_q, 1e0)' -%}
    {%- set p = 'least(p / seen_p, 1e0)' -%}
    {%- set counted = '(case when ' ~ q ~ ' >= ' ~ p ~ ' then ' ~ q ~ ' else least(' ~ q
        ~ ' + 2e0 * seen_q2 / seen_q / seen_q, ' ~ p ~ ') end)' -%}
    {{- return({
        'name': 'class_change', 'label': 'largest change of a class', 'source': 'Cohen (1988); Anscombe (1948)',
        'description': 'max 2·|asin √q − asin √p| over the classes',
        'kinds': ['categorical'], 'bounds': [0, none], 'rows': 'groups',
        'sums': {
            'class_distance': 'max(case when is_class = 1 and seen_q > 0 and seen_p > 0 then 2e0 * abs(asin(sqrt('
                ~ counted ~ ')) - asin(sqrt(' ~ p ~ '))) end)',
            'class_count': 'cast(sum(is_class) as ' ~ driftline._type_double() ~ ')',
        },
        'parts': {
            'class_tail': level.alpha ~ ' / nullif(2e0 * class_count, 0e0)',
            'typical_class_tail': '0.34657359027997264e0 / nullif(class_count, 0e0)',
        },
        'measure': 'class_distance',
        'expected': 'case when class_distance is not null then (' ~ driftline._normal_tail('typical_class_tail')
            ~ ') * sqrt(inverse_n_seen) end',
        'critical': 'case when class_distance is not null then (' ~ driftline._normal_tail('class_tail')
            ~ ') * sqrt(inverse_n_seen) end',
        'floor': none, 'metrics': {'class_change': 'class_change_noise'},
    }) -}}
{% endmacro %}


{#
    A number over a standard deviation, which is 0 or over 1e-100: neither too small nor too large for a double. NULL
    where nothing varies.
#}
{% macro _bounded_ratio(x, unit) %}
    {{- return('case when ' ~ x ~ ' is null or coalesce(' ~ unit ~ ', 0e0) <= 0 then null when abs(' ~ x ~ ') <= '
        ~ unit ~ ' * 1e-100 then 0e0 when abs(' ~ x ~ ') < ' ~ unit ~ ' * 1e100 then ' ~ x ~ ' / ' ~ unit ~ ' when ' ~ x
        ~ ' > 0 then 1e100 else -1e100 end') -}}
{% endmacro %}


{#
    Standard deviation of the finite values of a side of a pair (driftline_int_sides, alias s): the window (q) or its
    baseline (p). NULL of a single value, and where a square would be too large to sum; 0 where it is no more than what
    rounding makes of values of this size.
#}
{% macro _side_stddev(side) %}
    {%- set of = 's.' if side == 'q' else 's.baseline_' -%}
    {%- set ends = 's.value_' if side == 'q' else 's.baseline_' -%}
    {%- set rows = 's.n' if side == 'q' else 's.baseline_n' -%}
    {%- set variance = ('case when ' ~ of ~ 'finites > 1 and abs(' ~ ends ~ 'min - s.centre) <= 1e145 and abs(' ~ ends
        ~ 'max - s.centre) <= 1e145 then ' ~ driftline._variance(of ~ 'deviation_sq_sum / ' ~ of ~ 'finites',
            driftline._squared('(' ~ of ~ 'value_sum / ' ~ of ~ 'finites - s.centre)'), rows) ~ ' * (' ~ of
        ~ 'finites / (' ~ of ~ 'finites - 1)) end') -%}
    {{- return('case when ' ~ variance ~ ' is null then null when sqrt(' ~ variance ~ ') > 1e-13 * greatest(abs(' ~ ends
        ~ 'min), abs(' ~ ends ~ 'max), 1e-200) then sqrt(' ~ variance ~ ') else 0e0 end') -}}
{% endmacro %}
