{#
    The measures between a window (shares q) and a baseline (shares p), as SQL fragments over the rows of one pair.
    Definitions: the public contract, docs/measures.md. Each argument is SQL; `sum`s are over the bins of one pair.
#}

{#
    One group's term of the population stability index, (q−p)·ln(q/p). A share of zero is half a row of its side.

    q, p      shares of the group, at least one of them > 0
    n_q, n_p  effective rows of each side, > 0
#}
{% macro _psi_term(q, p, n_q, n_p) %}
    {%- set share_q = '(case when ' ~ q ~ ' > 0 then ' ~ q ~ ' else 0.5e0 / ' ~ n_q ~ ' end)' -%}
    {%- set share_p = '(case when ' ~ p ~ ' > 0 then ' ~ p ~ ' else 0.5e0 / ' ~ n_p ~ ' end)' -%}
    {{- return('(' ~ share_q ~ ' - ' ~ share_p ~ ') * ln(' ~ share_q ~ ' / ' ~ share_p ~ ')') -}}
{% endmacro %}


{#
    The same among the groups of seen values, for the PSI that is judged: a share under one in a thousand, or under half
    a row of its side, counts as that, so that what stands in a group that was empty does not depend on how many rows
    there are of the others.

    q, p                  weights of the group
    n_q, n_p, n_q2, n_p2  Σw and Σw² of each side, > 0
#}
{% macro _floored_psi_term(q, p, n_q, n_p, n_q2, n_p2) %}
    {%- set share_q = 'greatest(' ~ q ~ ' / ' ~ n_q ~ ', 0.5e0 * ' ~ n_q2 ~ ' / ' ~ n_q ~ ' / ' ~ n_q ~ ', 1e-3)' -%}
    {%- set share_p = 'greatest(' ~ p ~ ' / ' ~ n_p ~ ', 0.5e0 * ' ~ n_p2 ~ ' / ' ~ n_p ~ ' / ' ~ n_p ~ ', 1e-3)' -%}
    {{- return('(' ~ share_q ~ ' - ' ~ share_p ~ ') * ln(' ~ share_q ~ ' / ' ~ share_p ~ ')') -}}
{% endmacro %}


{# One bin's term of the Jensen–Shannon divergence in base 2; q and p are shares, at least one of them > 0. #}
{% macro _js_term(q, p) %}
    {%- set ln2 = '0.6931471805599453e0' -%}
    {{- return(
        '(case when ' ~ q ~ ' > 0 then ' ~ q ~ ' * ln(2e0 * ' ~ q ~ ' / (' ~ q ~ ' + ' ~ p ~ ')) else 0e0 end'
        ~ ' + case when ' ~ p ~ ' > 0 then ' ~ p ~ ' * ln(2e0 * ' ~ p ~ ' / (' ~ q ~ ' + ' ~ p ~ ')) else 0e0 end)'
        ~ ' / (2e0 * ' ~ ln2 ~ ')'
    ) -}}
{% endmacro %}


{#
    The largest mean distance from the mean that values in [lower, upper] can have, given their mean: how far a bin may
    be from the point mass the Wasserstein distance takes it for. A width that products could underflow with, an error
    on Postgres, is none.
#}
{% macro _spread_bound(mean, lower, upper) %}
    {{- return(
        'case when ' ~ upper ~ ' - ' ~ lower ~ ' > 1e-300 then 2e0 * greatest(' ~ upper ~ ' - ' ~ mean ~ ', 0e0)'
        ~ ' * (greatest(' ~ mean ~ ' - ' ~ lower ~ ', 0e0) / (' ~ upper ~ ' - ' ~ lower ~ ')) else 0e0 end'
    ) -}}
{% endmacro %}
