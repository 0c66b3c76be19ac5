{# Distances of the shares of bins. What an entry says: _distances.sql. #}


{% macro _distance_js(level) %}
    {%- set chance = driftline._chance_of_root_of_squares(level, 'js', '0.18033688011112042e0', '0.4e0') -%}
    {%- do chance.sums.update({'js_divergence': 'sum(' ~ driftline._js_term('share_q', 'share_p') ~ ')'}) -%}
    {{- return({
        'name': 'js_distance', 'label': 'Jensen–Shannon distance',
        'source': 'Lin (1991); Endres and Schindelin (2003)',
        'description': '√(Jensen–Shannon divergence in base 2)',
        'kinds': ['numeric', 'categorical'], 'bounds': [0, 1], 'rows': 'bins',
        'sums': chance.sums,
        'measure': 'sqrt(case when js_divergence < 1e-15 then 0e0 when js_divergence < 1e0 then js_divergence
            when js_divergence is not null then 1e0 end)',
        'expected': chance.expected, 'critical': chance.critical,
        'floor': 'js_distance_noise_floor', 'metrics': {'js_distance': 'js_distance_noise'},
    }) -}}
{% endmacro %}


{% macro _distance_hellinger(level) %}
    {%- set chance = driftline._chance_of_root_of_squares(level, 'hellinger', '0.125e0', '0.8e0') -%}
    {%- set square = 'sum((sqrt(share_q) - sqrt(share_p)) * (sqrt(share_q) - sqrt(share_p))) / 2e0' -%}
    {%- do chance.sums.update({'hellinger_sq': square}) -%}
    {{- return({
        'name': 'hellinger', 'label': 'Hellinger distance', 'source': 'Hellinger (1909)',
        'description': '√(½Σ(√q−√p)²) = √(1−Σ√(pq))',
        'kinds': ['numeric', 'categorical'], 'bounds': [0, 1], 'rows': 'bins',
        'sums': chance.sums,
        'measure': 'sqrt(case when hellinger_sq < 1e0 then hellinger_sq when hellinger_sq is not null then 1e0 end)',
        'expected': chance.expected, 'critical': chance.critical,
        'floor': 'hellinger_noise_floor', 'metrics': {'hellinger': 'hellinger_noise'},
    }) -}}
{% endmacro %}


{# Two entries below: a sum of squares over shares is χ² times a factor, to the second order; see
    docs/measures.md, Noise.

    factor  of χ²
    few     what a bin of few expected rows adds, over those rows
#}
{% macro _chance_of_root_of_squares(level, name, factor, few) %}
    {%- set mean = name ~ '_mean' -%}
    {%- set variance = name ~ '_variance' -%}
    {%- set z = level.z -%}
    {#- If nothing changed, a difference of shares has the variance inverse_n · share · (1 − share). In sums of
        squares over shares a bin of few expected rows weighs more: what it may be without any row stands beside χ²'s
        moments. -#}
    {%- set mean_sql %}
        sum((1e0 - pooled_share) * least({{ factor }} * inverse_n * (1e0 + {{ few }} / least_expected),
            pooled_share / 2e0))
    {%- endset -%}
    {%- set variance_sql %}
        sum((1e0 - pooled_share) * least(
            {{ driftline._squared('(' ~ factor ~ ' * inverse_n)') }} * (2e0 + 1e0 / least_expected)
                + {{ driftline._exp('(-least_expected)') }} * pooled_share * pooled_share / 4e0,
            pooled_share * pooled_share / 4e0
        ))
    {%- endset -%}
    {{- return({
        'sums': {mean: mean_sql, variance: variance_sql},
        'expected': driftline._mean_of_root(mean, variance),
        'critical': 'sqrt(' ~ driftline._chance_of_squares(mean, variance, z) ~ ')',
    }) -}}
{% endmacro %}


{% macro _distance_total_variation(level) %}
    {%- set z = level.z -%}
    {%- set mean = driftline._mean_of_absolute() ~ ' / 2e0 * sqrt(inverse_n) * share_deviations' -%}
    {#- The absolute values of two bins' differences go together where the bins are large: |a| and |b| of two normal
        values correlated by ρ have a covariance of at most (1 − 2/π)·ρ². -#}
    {%- set variance = '0.3633802276324187e0 / 4e0 * inverse_n
        * (share_variances + share_weights * share_weights - share_squared_weights)' -%}
    {{- return({
        'name': 'total_variation', 'label': 'total variation', 'source': 'the covariances of the multinomial',
        'description': '½Σ|q−p|',
        'kinds': ['numeric', 'categorical'], 'bounds': [0, 1], 'rows': 'bins',
        'sums': {
            'half_of_differences': 'sum(abs(share_q - share_p)) / 2e0',
            'share_deviations': 'sum(sqrt(pooled_share * (1e0 - pooled_share)))',
            'share_variances': 'sum(pooled_share * (1e0 - pooled_share))',
            'share_weights': 'sum(case when pooled_share < 1e0
                then pooled_share * sqrt(pooled_share / (1e0 - pooled_share)) else 0e0 end)',
            'share_squared_weights': 'sum(case when pooled_share < 1e0
                then pooled_share * pooled_share * (pooled_share / (1e0 - pooled_share)) else 0e0 end)',
        },
        'parts': {'total_variation_mean': mean, 'total_variation_variance': variance},
        'measure': 'case when half_of_differences < 1e0 then half_of_differences
            when half_of_differences is not null then 1e0 end',
        'expected': 'total_variation_mean',
        'critical': driftline._chance_of_absolutes('total_variation_mean', 'total_variation_variance', z) ~ ' + '
            ~ driftline._chance_of_difference(z, '0e0', 'most_share_skew', '1e0 / effective_n_q',
                '1e0 / effective_n_p'),
        'floor': 'total_variation_noise_floor', 'metrics': {'total_variation': 'total_variation_noise'},
    }) -}}
{% endmacro %}


{% macro _distance_l_infinity(level) %}
    {%- set z = '(' ~ driftline._normal_tail('critical_tail') ~ ')' -%}
    {{- return({
        'name': 'l_infinity', 'label': 'largest difference of a share',
            'source': 'Bonferroni; Cornish and Fisher (1938)',
        'description': 'max|q−p|',
        'kinds': ['numeric', 'categorical'], 'bounds': [0, 1], 'rows': 'bins',
        'sums': {
            'most_difference': 'max(abs(share_q - share_p))',
            'most_share_variance': 'max(pooled_share * (1e0 - pooled_share))',
            'bins': 'cast(count(*) as ' ~ driftline._type_double() ~ ')',
        },
        'parts': {
            'most_share_skew': 'sqrt(greatest(1e0 - 4e0 * most_share_variance, 0e0))',
            'critical_tail': level.alpha ~ ' / (2e0 * bins)',
            'typical_tail': '0.34657359027997264e0 / bins',
        },
        'measure': 'most_difference',
        'expected': '(' ~ driftline._normal_tail('typical_tail') ~ ') * sqrt(most_share_variance * inverse_n)',
        'critical': driftline._chance_of_difference(z, 'most_share_variance', 'most_share_skew', '1e0 / effective_n_q',
            '1e0 / effective_n_p'),
        'floor': 'l_infinity_noise_floor', 'metrics': {'l_infinity': 'l_infinity_noise'},
    }) -}}
{% endmacro %}
