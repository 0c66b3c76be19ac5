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
    deviation    what of the measure chance is about where that is not itself: SQL, {0} stands for the measure
    columns      further column of driftline_drift → SQL over sums and parts; `measure` is the column <name>
    floor        the column for the largest value of the reference's own windows, or none
    metrics      metric of the long form → SQL over driftline_drift of its noise, or none where it says itself how much
                 is chance

    A further distance is an entry here and its columns in models/measures/_measures.yml.
#}
{% macro _distances() %}
    {%- set level = driftline._level() -%}
    {{- return(
        [driftline._distance_psi(), driftline._distance_psi_seen()]
        + [driftline._distance_js(level), driftline._distance_hellinger(level)]
        + [driftline._distance_total_variation(level), driftline._distance_l_infinity(level)]
        + [driftline._distance_ks(level), driftline._distance_wasserstein(level), driftline._distance_mean(level)]
        + [driftline._distance_chi_squared(level)]
        + [driftline._distance_mean_shift(level), driftline._distance_spread_ratio(level)]
        + [driftline._distance_class_change(level)]
    ) -}}
{% endmacro %}


{# The significance level that the entries are given: α and half of it as SQL, and the z that chance exceeds so. #}
{% macro _level() %}
    {%- set alpha = driftline._alpha() -%}
    {{- return({
        'alpha': driftline._as_double(alpha), 'half_alpha': driftline._as_double(alpha / 2),
        'z': driftline._normal_tail(alpha), 'z_two_sided': driftline._normal_tail(alpha / 2),
    }) -}}
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
