{#
    The distances between a window (q) and a baseline (p): one entry each, from which the steps, driftline_drift, its
    noise and the long form are derived.

    name         of the distance; its noise is <name>_noise
    label        in words
    description  its definition in short (docs/measures.md has them in full)
    source       who has said so
    kinds        the kinds of columns it is defined for
    bounds       least and greatest value; none where there is none
    rows         what its terms stand on, which is also the step that adds them up:
                 bins    driftline_int_distances: one row per bin, see `terms` there
                 groups  driftline_int_psi: the groups of bins that PSI counts as one
                 cells   driftline_int_chi_squared: bins, those with few rows pooled
    sums         name → SQL aggregate over those rows
    parts        name → SQL over the sums, for what is used more than once
    measure      SQL over sums and parts: the distance itself
    expected     what chance makes of it on average, if nothing changed
    critical     what chance exceeds with probability α, if nothing changed
    columns      further column of driftline_drift → SQL over sums and parts; `measure` is the column <name>
    floor        the column for the largest value of the reference's own windows, or none
    metrics      metric of the long form → SQL over driftline_drift of its noise, or none where it says itself how much
                 is chance

    A further distance is an entry here and its columns in models/measures/_measures.yml.
#}
{% macro _distances() %}
    {{- return(
        [driftline._distance_psi(), driftline._distance_psi_seen()]
        + [driftline._distance_js(), driftline._distance_hellinger()]
        + [driftline._distance_total_variation(), driftline._distance_l_infinity()]
        + [driftline._distance_ks(), driftline._distance_wasserstein(), driftline._distance_mean()]
        + [driftline._distance_chi_squared()]
    ) -}}
{% endmacro %}


{# What is added up, what is made of it, and under which name: name → SQL, each. #}
{% macro _distance_sums(rows) %}
    {%- set sums = {} -%}
    {%- for distance in driftline._distances() if distance.rows == rows -%}
        {%- do sums.update(distance.sums) -%}
    {%- endfor -%}
    {{- return(sums) -}}
{% endmacro %}
{% macro _distance_parts(rows) %}
    {%- set parts = {} -%}
    {%- for distance in driftline._distances() if distance.rows == rows -%}
        {%- do parts.update(distance.parts or {}) -%}
    {%- endfor -%}
    {{- return(parts) -}}
{% endmacro %}
{% macro _distance_results(rows) %}
    {%- set results = {} -%}
    {%- for distance in driftline._distances() if distance.rows == rows -%}
        {%- do results.update({distance.name: distance.measure}) -%}
        {%- do results.update(distance.columns or {}) -%}
        {%- do results.update({distance.name ~ '_expected': distance.expected}) -%}
        {%- do results.update({distance.name ~ '_critical': distance.critical}) -%}
    {%- endfor -%}
    {{- return(results) -}}
{% endmacro %}


{# Two entries below: a sum of squares over shares is χ² times a factor, to the second order; see
    docs/measures.md, Noise.

    factor  of χ²
    few     what a bin of few expected rows adds, over those rows
#}
{% macro _chance_of_root_of_squares(name, factor, few) %}
    {%- set mean = name ~ '_mean' -%}
    {%- set variance = name ~ '_variance' -%}
    {%- set z = driftline._normal_tail(driftline._alpha()) -%}
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


{# The mean of |x| of a standard normal x. #}
{% macro _mean_of_absolute() %}
    {{- return('0.7978845608028654e0') -}}
{% endmacro %}


{% macro _distance_js() %}
    {%- set chance = driftline._chance_of_root_of_squares('js', '0.18033688011112042e0', '0.4e0') -%}
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


{% macro _distance_hellinger() %}
    {%- set chance = driftline._chance_of_root_of_squares('hellinger', '0.125e0', '0.8e0') -%}
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


{% macro _distance_total_variation() %}
    {%- set z = driftline._normal_tail(driftline._alpha()) -%}
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


{% macro _distance_l_infinity() %}
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
            'critical_tail': driftline._as_double(driftline._alpha()) ~ ' / (2e0 * bins)',
            'typical_tail': '0.34657359027997264e0 / bins',
        },
        'measure': 'most_difference',
        'expected': '(' ~ driftline._normal_tail('typical_tail') ~ ') * sqrt(most_share_variance * inverse_n)',
        'critical': driftline._chance_of_difference(z, 'most_share_variance', 'most_share_skew', '1e0 / effective_n_q',
            '1e0 / effective_n_p'),
        'floor': 'l_infinity_noise_floor', 'metrics': {'l_infinity': 'l_infinity_noise'},
    }) -}}
{% endmacro %}


{% macro _distance_ks() %}
    {#- One term of Kolmogorov's series, solved for the distance: exact to 1e-9 at this level. -#}
    {%- set critical = 'sqrt(-ln(' ~ driftline._as_double(driftline._alpha() / 2) ~ ') / 2e0 * ks_inverse_n)' -%}
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


{% macro _distance_wasserstein() %}
    {#- Mass moved within a bin, from the mean of one side to that of the other, and across to the next bin. -#}
    {%- set moved %}
        sum(case when is_finite then
            coalesce(abs(gap_before + case when mean_q < mean_p then finite_q / nullif(n_finite_q, 0)
                else - finite_p / nullif(n_finite_p, 0) end) * (last_mean - first_mean), 0e0)
            + coalesce(abs(gap_after) * (next_mean - last_mean), 0e0)
        end)
    {%- endset -%}
    {%- set within %}
        sum(sqrt((finite_q / nullif(n_finite_q, 0) * n_effective_finite_q
            + finite_p / nullif(n_finite_p, 0) * n_effective_finite_p) / (n_effective_finite_q + n_effective_finite_p))
            * case when greatest(reach_q, reach_p) > 1e-290 then greatest(reach_q, reach_p) else 0e0 end)
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
            'spread_between': 'sum(case when is_finite and next_mean - first_mean > 1e-290
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
        'critical': driftline._normal_tail(driftline._alpha() / 2) ~ ' * wasserstein_unit',
        'floor': 'wasserstein_noise_floor', 'metrics': {'wasserstein': 'wasserstein_noise'},
    }) -}}
{% endmacro %}


{# A mean cannot move by more than the Wasserstein distance: its noise is that one's. #}
{% macro _distance_mean() %}
    {{- return({
        'name': 'mean_change', 'label': 'change of the mean', 'source': 'del Barrio, Giné and Matrán (1999)',
        'description': '|mean−baseline_mean| of the finite values',
        'kinds': ['numeric'], 'bounds': [0, none], 'rows': 'bins', 'sums': {},
        'measure': 'abs(mean_q - mean_p)',
        'columns': {'mean': 'mean_q', 'baseline_mean': 'mean_p'},
        'expected': driftline._mean_of_absolute() ~ ' * wasserstein_unit',
        'critical': driftline._normal_tail(driftline._alpha() / 2) ~ ' * wasserstein_unit',
        'noise': 'mean_noise', 'floor': none, 'metrics': {'mean': 'mean_noise'}, 'held_against': 'baseline_mean',
    }) -}}
{% endmacro %}


{#
    chi_squared_quantile and seen_chi_squared_quantile are those at 1−α with one degree of freedom less than there are
    groups (driftline_int_critical_values).
#}
{% macro _distance_psi() %}
    {{- return({
        'name': 'psi', 'label': 'population stability index', 'source': 'Siddiqi (2006); Yurdakul and Naranjo (2020)',
        'description':
            'Σ(q−p)·ln(q/p) over ten groups of the quantile bins; a share of zero is half a row of its side',
        'kinds': ['numeric', 'categorical'], 'bounds': [0, none], 'rows': 'groups',
        'sums': {
            'psi_sum': 'sum(' ~ driftline._psi_term('share_q', 'share_p', 'effective_n_q', 'effective_n_p') ~ ')',
            'group_count': 'cast(count(*) as ' ~ dbt.type_int() ~ ')',
        },
        'measure': 'psi_sum',
        'expected': 'inverse_n * (group_count - 1)',
        'critical': 'case when group_count = 1 then 0e0 else inverse_n * chi_squared_quantile end',
        'noise': 'psi_noise', 'floor': 'noise_floor', 'metrics': {},
    }) -}}
{% endmacro %}


{# What the quality rates tell (NULL, NaN, infinite and unseen values) is left out of the PSI that is judged
    (decision 17). #}
{% macro _distance_psi_seen() %}
    {%- set seen = 'case when seen_q > 0 and seen_p > 0 then ' -%}
    {{- return({
        'name': 'psi_seen', 'label': 'population stability index of seen values',
            'source': 'Yurdakul and Naranjo (2020)',
        'description': 'what is judged under the name psi: the same among seen values, a share at least 0.001',
        'kinds': ['numeric', 'categorical'], 'bounds': [0, none], 'rows': 'groups',
        'sums': {
            'psi_seen_sum': 'sum(case when is_seen = 1 and seen_q > 0 and seen_p > 0 then '
                ~ driftline._floored_psi_term('q', 'p', 'seen_q', 'seen_p', 'seen_q2', 'seen_p2') ~ ' end)',
            'seen_group_count': 'cast(sum(is_seen) as ' ~ dbt.type_int() ~ ')',
            'inverse_n_seen': 'max(' ~ seen ~ 'seen_q2 / seen_q / seen_q + seen_p2 / seen_p / seen_p end)',
        },
        'measure': 'psi_seen_sum',
        'expected': 'case when psi_seen_sum is not null then inverse_n_seen * (seen_group_count - 1) end',
        'critical': 'case when psi_seen_sum is not null
            then inverse_n_seen * coalesce(seen_chi_squared_quantile, 0e0) end',
        'floor': none, 'metrics': {'psi': 'psi_seen_noise'},
    }) -}}
{% endmacro %}


{% macro _distance_chi_squared() %}
    {%- set z = driftline._normal_tail(driftline._alpha()) -%}
    {%- set spread = '(2e0 * chance_df + near_cells_few)' -%}
    {%- set cell = '(effective_q - expected_q) * (effective_q - expected_q) / expected_q
        + (effective_p - expected_p) * (effective_p - expected_p) / expected_p' -%}
    {{- return({
        'name': 'cramers_v', 'label': "Cramér's V", 'source': 'Cochran (1954); Cramér (1946)',
        'description': '√(χ²/(n+m)), χ² over all bins, those with under 5 expected rows pooled',
        'kinds': ['numeric', 'categorical'], 'bounds': [0, 1], 'rows': 'cells',
        'sums': {
            'squares': 'sum(case when is_pooled then 0e0 else ' ~ cell ~ ' end)',
            'cells': 'sum(case when is_pooled then 0 else 1 end)',
            'near_cells': 'sum(case when least_expected >= 4.5e0 then 1 else 0 end)',
            'near_cells_few': 'sum(case when least_expected >= 4.5e0 then 1e0 / least_expected else 0e0 end)',
        },
        'measure': 'sqrt(chi_squared / effective_n)',
        'columns': {
            'chi_squared': 'chi_squared', 'chi_squared_df': 'chi_squared_df',
            'chi_squared_p_value':
                'case when chi_squared = 0 or chi_squared_df = 0 or tail > 1e0 then 1e0 else tail end',
            'effective_rows': 'effective_n',
        },
        'expected': '(' ~ driftline._mean_of_root('chance_df', spread) ~ ') / sqrt(effective_n)',
        'critical': 'sqrt(' ~ driftline._chance_of_squares('chance_df', spread, z) ~ ' / effective_n)',
        'floor': 'cramers_v_noise_floor',
        'metrics': {'chi_squared': 'cramers_v_noise * cramers_v_noise * effective_rows', 'chi_squared_p_value': none,
            'cramers_v': 'cramers_v_noise'},
    }) -}}
{% endmacro %}
