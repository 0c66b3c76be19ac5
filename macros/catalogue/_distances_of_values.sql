{# Distances of numeric values, from bins in their order. What an entry says: _distances.sql. #}


{% macro _distance_ks(level) %}
    {#- One term of Kolmogorov's series, solved for the distance: exact to 1e-9 at this level. -#}
    {%- set critical = 'sqrt(-ln(' ~ level.half_alpha ~ ') / 2e0 * ks_inverse_n)' -%}
    {{- return({
        'name': 'ks_lower', 'label': 'Kolmogorov–Smirnov distance', 'source': 'Kolmogorov (1933)',
        'description': 'max|F−G| at the shared edges; the exact one lies between ks_lower and ks_upper',
        'kinds': ['numeric'], 'bounds': [0, 1], 'rows': 'bins',
        'sums': {
            'ks_least': 'max(abs(cdf_q - cdf_p))',
            'ks_most': 'max(case when is_one_value then abs(cdf_q - cdf_p)
                else greatest(cdf_q - cdf_before_p, cdf_p - cdf_before_q) end)',
        },
        'parts': {
            'ks_inverse_n': '1e0 / ks_n_q + 1e0 / ks_n_p',
            'ks_lambda': 'ks_least * sqrt(ks_n_q * ks_n_p / (ks_n_q + ks_n_p))',
        },
        'measure': 'ks_least',
        'columns': {
            'ks_upper': 'case when ks_most < 1e0 then ks_most when ks_most is not null then 1e0 end',
            'ks_p_value': driftline._kolmogorov('ks_lambda'),
            'ks_critical': critical,
        },
        'expected': '0.868731160635e0 * sqrt(ks_inverse_n)', 'critical': critical,
        'noise': 'ks_noise', 'floor': 'ks_noise_floor',
        'metrics': {'ks_lower': 'ks_noise', 'ks_upper': 'ks_noise + ks_upper - ks_lower', 'ks_p_value': none},
    }) -}}
{% endmacro %}


{% macro _distance_wasserstein(level) %}
    {#- Mass moved within a bin, from the mean of one side to that of the other, and across to the next bin. -#}
    {%- set moved %}
        sum(case when is_finite then
            coalesce(abs(gap_before + case when mean_q < mean_p then finite_q / nullif(n_finite_q, 0)
                else - finite_p / nullif(n_finite_p, 0) end) * (last_mean - first_mean), 0e0)
            + coalesce(abs(gap_after) * (next_mean - last_mean), 0e0)
        end)
    {%- endset -%}
    {%- set reach = 'greatest(coalesce(reach_q, 0e0), coalesce(reach_p, 0e0))' -%}
    {%- set within %}
        sum(sqrt((finite_q / nullif(n_finite_q, 0) * n_effective_finite_q
            + finite_p / nullif(n_finite_p, 0) * n_effective_finite_p) / (n_effective_finite_q + n_effective_finite_p))
            * case when {{ reach }} > 1e-300 then {{ reach }} else 0e0 end)
    {%- endset -%}
    {{- return({
        'name': 'wasserstein', 'label': 'Wasserstein distance', 'source': 'del Barrio, Giné and Matrán (1999)',
        'description': "W1 with each bin's values at their mean, in the column's unit",
        'kinds': ['numeric'], 'bounds': [0, none], 'rows': 'bins',
        'sums': {
            'moved': moved,
            'reach': 'sum(coalesce(finite_q / nullif(n_finite_q, 0) * reach_q, 0e0)
                + coalesce(finite_p / nullif(n_finite_p, 0) * reach_p, 0e0))',
            'spread_within': within,
            'spread_between': 'sum(case when is_finite and next_mean - first_mean > 1e-300
                then sqrt(greatest(pooled_cdf * (1e0 - pooled_cdf), 0e0)) * (next_mean - first_mean) else 0e0 end)',
        },
        'parts': {
            'has_finite': 'case when n_finite_q > 0 and n_finite_p > 0 then 1 end',
            'wasserstein_unit': 'case when n_finite_q > 0 and n_finite_p > 0
                then sqrt(inverse_n_finite) * (spread_between + spread_within) end',
        },
        'measure': 'moved * has_finite',
        'columns': {
            'wasserstein_lower': 'case when has_finite = 1 then greatest(moved - reach, abs(mean_q - mean_p)) end',
            'wasserstein_upper': 'has_finite * (moved + reach)',
        },
        'expected': driftline._mean_of_absolute() ~ ' * wasserstein_unit',
        'critical': level.z_two_sided ~ ' * wasserstein_unit',
        'floor': 'wasserstein_noise_floor', 'metrics': {'wasserstein': 'wasserstein_noise'},
    }) -}}
{% endmacro %}


{# A mean cannot move by more than the Wasserstein distance: its noise is that one's. #}
{% macro _distance_mean(level) %}
    {{- return({
        'name': 'mean_change', 'label': 'change of the mean', 'source': 'del Barrio, Giné and Matrán (1999)',
        'description': '|mean−baseline_mean| of the finite values',
        'kinds': ['numeric'], 'bounds': [0, none], 'rows': 'bins', 'sums': {},
        'measure': 'abs(mean_q - mean_p)',
        'columns': {'mean': 'mean_q', 'baseline_mean': 'mean_p'},
        'expected': driftline._mean_of_absolute() ~ ' * wasserstein_unit',
        'critical': level.z_two_sided ~ ' * wasserstein_unit',
        'noise': 'mean_noise', 'floor': none, 'metrics': {'mean': 'mean_noise'}, 'held_against': 'baseline_mean',
    }) -}}
{% endmacro %}


{# The mean of |x| of a standard normal x. #}
{% macro _mean_of_absolute() %}
    {{- return('0.7978845608028654e0') -}}
{% endmacro %}
