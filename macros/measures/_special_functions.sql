{#
    The special functions SQL lacks, in plain arithmetic.
#}

{# exp() that gives 0 where it would underflow: some engines raise an error there. #}
{% macro _exp(expression) %}
    {{- return('case when ' ~ expression ~ ' < -700 then 0.0 else exp(' ~ expression ~ ') end') -}}
{% endmacro %}


{#
    erfc(x) for x ≥ 0, to about 1e-15 relative: W. J. Cody, Rational Chebyshev approximations for the error function,
    Math. Comp. 23 (1969), tables II, III and V (the coefficients of his program CALERF).

    x  SQL of a double ≥ 0; it is repeated, so pass a column
#}
{% macro _erfc(x) %}
    {%- set a = ['3.16112374387056560e0', '1.13864154151050156e2', '3.77485237685302021e2', '3.20937758913846947e3',
        '1.85777706184603153e-1'] -%}
    {%- set b = ['2.36012909523441209e1', '2.44024637934444173e2', '1.28261652607737228e3', '2.84423683343917062e3'] -%}
    {%- set c = ['5.64188496988670089e-1', '8.88314979438837594e0', '6.61191906371416295e1', '2.98635138197400131e2',
        '8.81952221241769090e2', '1.71204761263407058e3', '2.05107837782607147e3', '1.23033935479799725e3',
        '2.15311535474403846e-8'] -%}
    {%- set d = ['1.57449261107098347e1', '1.17693950891312499e2', '5.37181101862009858e2', '1.62138957456669019e3',
        '3.29079923573345963e3', '4.36261909014324716e3', '3.43936767414372164e3', '1.23033935480374942e3'] -%}
    {%- set p = ['3.05326634961232344e-1', '3.60344899949804439e-1', '1.25781726111229246e-1',
        '1.60837851487422766e-2', '6.58749161529837803e-4', '1.63153871373020978e-2'] -%}
    {%- set q = ['2.56852019228982242e0', '1.87295284992346047e0', '5.27905102951428412e-1', '6.05183413124413191e-2',
        '2.33520497626869185e-3'] -%}
    {%- set y = '(' ~ x ~ ' * ' ~ x ~ ')' -%}
    {%- set z = '(1.0 / ' ~ y ~ ')' -%}
    {#- Horner schemes, from the leading coefficient (kept last in the tables above) down. -#}
    {%- set small_top = namespace(sql=a[4]) -%}{%- set small_bottom = namespace(sql='1e0') -%}
    {%- for k in range(4) -%}
        {%- set small_top.sql = '(' ~ small_top.sql ~ ' * ' ~ y ~ ' + ' ~ a[k] ~ ')' -%}
        {%- set small_bottom.sql = '(' ~ small_bottom.sql ~ ' * ' ~ y ~ ' + ' ~ b[k] ~ ')' -%}
    {%- endfor -%}
    {%- set middle_top = namespace(sql=c[8]) -%}{%- set middle_bottom = namespace(sql='1e0') -%}
    {%- for k in range(8) -%}
        {%- set middle_top.sql = '(' ~ middle_top.sql ~ ' * ' ~ x ~ ' + ' ~ c[k] ~ ')' -%}
        {%- set middle_bottom.sql = '(' ~ middle_bottom.sql ~ ' * ' ~ x ~ ' + ' ~ d[k] ~ ')' -%}
    {%- endfor -%}
    {%- set large_top = namespace(sql=p[5]) -%}{%- set large_bottom = namespace(sql='1e0') -%}
    {%- for k in range(5) -%}
        {%- set large_top.sql = '(' ~ large_top.sql ~ ' * ' ~ z ~ ' + ' ~ p[k] ~ ')' -%}
        {%- set large_bottom.sql = '(' ~ large_bottom.sql ~ ' * ' ~ z ~ ' + ' ~ q[k] ~ ')' -%}
    {%- endfor -%}
    case
        when {{ x }} <= 0.46875 then 1e0 - {{ x }} * {{ small_top.sql }} / {{ small_bottom.sql }}
        when {{ x }} <= 4e0 then exp(-{{ y }}) * {{ middle_top.sql }} / {{ middle_bottom.sql }}
        when {{ x }} <= 26e0 then exp(-{{ y }}) / {{ x }} * (5.6418958354775628695e-1 - {{ z }}
            * {{ large_top.sql }} / {{ large_bottom.sql }})
        else 0e0
    end
{% endmacro %}


{#
    Kolmogorov's Q(λ) = 2 Σ (−1)^(j−1) exp(−2 j² λ²), for small λ by its other series (Jacobi's theta function), which
    converges where the first does not. Clamped to 0…1.

    x  SQL of λ ≥ 0; repeated
#}
{% macro _kolmogorov(x) %}
    case
        when {{ x }} is null then null
        when {{ x }} < 0.04 then 1e0
        when {{ x }} < 1.18 then least(1e0, greatest(0e0, 1e0 - 2.5066282746310002e0 / {{ x }} * (
            {%- for j in [1, 3, 5, 7] %}
            {{- driftline._exp('(-' ~ (j * j) ~ ' * 1.2337005501361697e0 / (' ~ x ~ ' * ' ~ x ~ '))') }}
            {{- ' + ' if not loop.last }}
            {%- endfor %})))
        else least(1e0, greatest(0e0, 2e0 * (
            {%- for j in range(1, 6) %}
            {{- ' - ' if loop.index is even else (' + ' if not loop.first) }}
            {{- driftline._exp('(-2e0 * ' ~ (j * j) ~ ' * ' ~ x ~ ' * ' ~ x ~ ')') }}
            {%- endfor %})))
    end
{% endmacro %}


{#
    The logarithms of the terms of the χ² tail, as a relation (parity, term, log_gamma):

    degrees of freedom 2h:    P(χ² > x) = Σ term 0…h−1 exp(−x/2 + term·ln(x/2) − lnΓ(term+1))
    degrees of freedom 2h+1:  P(χ² > x) = erfc(√(x/2)) + Σ term 1…h exp(−x/2 + (term−½)·ln(x/2) − lnΓ(term+½))

    (Abramowitz & Stegun 26.4.4, 26.4.5.) parity is 0 for even and 1 for odd degrees of freedom.
#}
{% macro _chi_squared_terms() %}
    {#- More than the 10,000 categories a column may have need. -#}
    {%- set terms = 5100 %}
    select
        0 as parity, number as term,
        coalesce(
            sum(case
                when number > 0 then ln({{ driftline._as_double('case when number > 0 then number else 1 end') }})
            end) over (order by number rows unbounded preceding),
            0
        ) as log_gamma
    from ({{ driftline._numbers(terms) }}) as n
    union all
    select
        1 as parity, number as term,
        0.57236494292470008707e0 + coalesce(
            sum(case when number > 0 then ln(case when number > 0 then number - 0.5e0 else 1e0 end) end)
                over (order by number rows unbounded preceding),
            0e0
        ) as log_gamma
    from ({{ driftline._numbers(terms) }}) as n
{% endmacro %}


{# As many of them as the largest column can need. #}
{% macro _needed_chi_squared_terms() %}
    select t.parity, t.term, t.log_gamma
    from ({{ driftline._chi_squared_terms() }}) as t
    cross join (select max(df) as df from {{ ref('driftline_int_critical_values') }}) as most
    where t.term <= most.df / 2 + 1
{% endmacro %}


{#
    The tail by the sums above, to be grouped by the rows that ask: they have parity, root (√(χ²/2)) and h, and t is the
    alias of the terms parity … h−1+parity joined to them.

    rows  their alias
    x     SQL of χ² (> 0; repeated)
#}
{% macro _chi_squared_tail(rows, x) %}
    {%- set term = driftline._exp('(-' ~ x ~ ' / 2e0 + (t.term - 0.5e0 * t.parity) * ln(' ~ x
        ~ ' / 2e0) - t.log_gamma)') -%}
    {{- return('max(case when ' ~ rows ~ '.parity = 1 then ' ~ driftline._erfc(rows ~ '.root')
        ~ ' else 0e0 end) + coalesce(sum(' ~ term ~ '), 0e0)') -}}
{% endmacro %}
