{# Distances of groups of bins. What an entry says: _distances.sql. #}


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


{% macro _distance_chi_squared(level) %}
    {%- set z = level.z -%}
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
