{#
    What intervals are made of: quantiles and tails of the normal distribution, Wilson's interval, and bounds that hold
    however often one looks.
#}

{# A polynomial by Horner's scheme; coefficients from the constant up, x a number, or SQL of one, which is repeated. #}
{% macro _polynomial(coefficients, x) %}
    {%- set ns = namespace(sum=coefficients[-1] | float if x is number else coefficients[-1]) -%}
    {%- for c in (coefficients | reverse | list)[1:] -%}
        {%- set ns.sum = ns.sum * x + (c | float) if x is number else '(' ~ ns.sum ~ ' * ' ~ x ~ ' + ' ~ c ~ ')' -%}
    {%- endfor -%}
    {{- return(ns.sum) -}}
{% endmacro %}


{# The natural logarithm of a number between 1e-30 and 1, by Halley's iteration. #}
{% macro _ln_of_number(number) %}
    {#- Begun from the middle of the number's decade, at most 1.2 away, the digits triple with each step. -#}
    {%- set ns = namespace(ln=1.151292546497023) -%}
    {%- for decade in range(1, 32) if number < 10 * 10.0 ** -decade -%}
        {%- set ns.ln = ns.ln - 2.302585092994046 -%}
    {%- endfor -%}
    {%- for _ in range(6) -%}
        {%- set power = 2.718281828459045 ** ns.ln -%}
        {%- set ns.ln = ns.ln + 2 * (number - power) / (number + power) -%}
    {%- endfor -%}
    {{- return(ns.ln) -}}
{% endmacro %}


{#
    The z that a standard normal value exceeds with probability `tail`, to about 1e-15 relative: M. J. Wichura,
    Algorithm AS 241, Applied Statistics 37 (1988), PPND16. NULL where there is no such z.

    tail  a number in (0, 0.5], whose z is a number in the text, or SQL of a double; it is repeated, so pass a column
#}
{% macro _normal_tail(tail) %}
    {%- set a = ['3.3871328727963666080e0', '1.3314166789178437745e2', '1.9715909503065514427e3',
        '1.3731693765509461125e4', '4.5921953931549871457e4', '6.7265770927008700853e4', '3.3430575583588128105e4',
        '2.5090809287301226727e3'] -%}
    {%- set b = ['1e0', '4.2313330701600911252e1', '6.8718700749205790830e2', '5.3941960214247511077e3',
        '2.1213794301586595867e4', '3.9307895800092710610e4', '2.8729085735721942674e4', '5.2264952788528545610e3'] -%}
    {%- set c = ['1.42343711074968357734e0', '4.63033784615654529590e0', '5.76949722146069140550e0',
        '3.64784832476320460504e0', '1.27045825245236838258e0', '2.41780725177450611770e-1',
        '2.27238449892691845833e-2', '7.74545014278341407640e-4'] -%}
    {%- set d = ['1e0', '2.05319162663775882187e0', '1.67638483018380384940e0', '6.89767334985100004550e-1',
        '1.48103976427480074590e-1', '1.51986665636164571966e-2', '5.47593808499534494600e-4',
        '1.05075007164441684324e-9'] -%}
    {%- set e = ['6.65790464350110377720e0', '5.46378491116411436990e0', '1.78482653991729133580e0',
        '2.96560571828504891230e-1', '2.65321895265761230930e-2', '1.24266094738807843860e-3',
        '2.71155556874348757815e-5', '2.01033439929228813265e-7'] -%}
    {%- set f = ['1e0', '5.99832206555887937690e-1', '1.36929880922735805310e-1', '1.48753612908506148525e-2',
        '7.86869131145613259100e-4', '1.84631831751005468180e-5', '1.42151175831644588870e-7',
        '2.04426310338993978564e-15'] -%}
    {%- if tail is number and tail > 1e-30 -%}
        {%- set root = (-driftline._ln_of_number(tail)) ** 0.5 -%}
        {%- if tail >= 0.075 -%}
            {%- set r = 0.180625 - (0.5 - tail) ** 2 -%}
            {%- set z = (0.5 - tail) * driftline._polynomial(a, r) / driftline._polynomial(b, r) -%}
        {%- elif tail > 1.3887943864964021e-11 -%}
            {%- set z = driftline._polynomial(c, root - 1.6) / driftline._polynomial(d, root - 1.6) -%}
        {%- else -%}
            {%- set z = driftline._polynomial(e, root - 5) / driftline._polynomial(f, root - 5) -%}
        {%- endif -%}
        {{- return(driftline._as_double(z)) -}}
    {%- endif -%}
    {%- set tail = driftline._as_double(tail) if tail is number else tail -%}
    {%- set q = '(0.5e0 - ' ~ tail ~ ')' -%}
    {%- set r = '(0.180625e0 - ' ~ q ~ ' * ' ~ q ~ ')' -%}
    {%- set near = '(sqrt(-ln(' ~ tail ~ ')) - 1.6e0)' -%}
    {%- set far = '(sqrt(-ln(' ~ tail ~ ')) - 5e0)' -%}
    {{- return('case when ' ~ tail ~ ' >= 0.075e0 then ' ~ q ~ ' * ' ~ driftline._polynomial(a, r) ~ ' / '
        ~ driftline._polynomial(b, r) ~ ' when ' ~ tail ~ ' > 1.3887943864964021e-11 then '
        ~ driftline._polynomial(c, near) ~ ' / ' ~ driftline._polynomial(d, near) ~ ' when ' ~ tail ~ ' > 0e0 then '
        ~ driftline._polynomial(e, far) ~ ' / ' ~ driftline._polynomial(f, far) ~ ' end') -}}
{%- endmacro %}


{#
    An end of Wilson's interval for a share.

    end       lower or upper
    share, n  SQL of the share and of the (effective) number of rows, > 0
    z         SQL of the normal quantile
#}
{% macro _wilson(end, share, n, z) %}
    {%- set square = z ~ ' * ' ~ z ~ ' / ' ~ n -%}
    {%- set root = z ~ ' * sqrt(greatest(' ~ share ~ ' * (1e0 - ' ~ share ~ '), 0e0) / ' ~ n ~ ' + ' ~ square
        ~ ' / (4e0 * ' ~ n ~ '))' -%}
    {#- Rounding must not leave 0 at no and 1 at all. -#}
    {%- if end == 'lower' -%}
        {{- return('case when ' ~ share ~ ' <= 0e0 then 0e0 else greatest(coalesce((' ~ share ~ ' + ' ~ square
            ~ ' / 2e0 - ' ~ root ~ ') / (1e0 + ' ~ square ~ '), 0e0), 0e0) end') -}}
    {%- endif -%}
    {{- return('case when ' ~ share ~ ' >= 1e0 then 1e0 else least(coalesce((' ~ share ~ ' + ' ~ square ~ ' / 2e0 + '
        ~ root ~ ') / (1e0 + ' ~ square ~ '), 1e0), 1e0) end') -}}
{% endmacro %}


{#
    How many standard errors a sum of independent steps may be from its expectation, at all looks at once: the boundary
    of the normal mixture (Robbins, Ann. Math. Statist. 41 (1970)), which makes an asymptotic confidence sequence
    (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Ann. Statist. 52 (2024)).

    information  SQL of κ > 0: the variance so far over that of the mixture; repeated
    alpha        SQL of the level
#}
{% macro _anytime_bound(information, alpha) %}
    {{- return('sqrt((1e0 + 1e0 / ' ~ information ~ ') * (ln(1e0 + ' ~ information ~ ') - 2e0 * ln(' ~ alpha
        ~ ')))') -}}
{% endmacro %}


{# The p-value that belongs to it: what a statistic of `z_squared` makes of no effect, however often one has looked. #}
{% macro _anytime_p(z_squared, information) %}
    {%- set exponent = '((ln(1e0 + ' ~ information ~ ') - ' ~ z_squared ~ ' * (' ~ information ~ ' / (1e0 + '
        ~ information ~ '))) / 2e0)' -%}
    {{- return('case when ' ~ exponent ~ ' >= 0e0 then 1e0 else ' ~ driftline._exp(exponent) ~ ' end') -}}
{% endmacro %}


{# κ of one row for a bound that is narrowest at `rows` rows. #}
{% macro _information_per_row(alpha, rows) %}
    {{- return('((ln(1e0 - 2e0 * ln(' ~ alpha ~ ')) - 2e0 * ln(' ~ alpha ~ ')) / ' ~ rows ~ ')') -}}
{% endmacro %}


{#
    An end of the interval for the difference or the ratio of two rates, from the interval of each (MOVER: Newcombe,
    Statistics in Medicine 17 (1998), and Donner and Zou, ibid. 31 (2012); the ratio on the scale of logarithms).

    end     lower or upper
    a, b    aliases of the two sides
    value, prefix   name of the column of the rate, and what <prefix>lower and <prefix>upper begin with
#}
{% macro _difference_bound(end, a, b, value, prefix) %}
    {%- set va = a ~ '.' ~ value -%}{%- set vb = b ~ '.' ~ value -%}
    {%- if end == 'lower' -%}
        {%- set of = [va ~ ' - ' ~ a ~ '.' ~ prefix ~ 'lower', b ~ '.' ~ prefix ~ 'upper - ' ~ vb] -%}
    {%- else -%}
        {%- set of = [a ~ '.' ~ prefix ~ 'upper - ' ~ va, vb ~ ' - ' ~ b ~ '.' ~ prefix ~ 'lower'] -%}
    {%- endif -%}
    {{- return(
        va ~ ' - ' ~ vb ~ (' - ' if end == 'lower' else ' + ')
        ~ 'sqrt(' ~ driftline._squared('(' ~ of[0] ~ ')') ~ ' + ' ~ driftline._squared('(' ~ of[1] ~ ')') ~ ')'
    ) -}}
{% endmacro %}
{% macro _ratio_bound(end, a, b, value, prefix) %}
    {%- set va = a ~ '.' ~ value -%}{%- set vb = b ~ '.' ~ value -%}
    {%- set la = a ~ '.' ~ prefix ~ 'lower' -%}{%- set ua = a ~ '.' ~ prefix ~ 'upper' -%}
    {%- set lb = b ~ '.' ~ prefix ~ 'lower' -%}{%- set ub = b ~ '.' ~ prefix ~ 'upper' -%}
    {%- if end == 'lower' -%}
        {{- return(
            'case when ' ~ va ~ ' <= 0e0 then 0e0 when ' ~ vb ~ ' <= 0e0 then ' ~ la ~ ' / ' ~ ub
            ~ ' else ' ~ va ~ ' / ' ~ vb ~ ' * exp(-sqrt(' ~ driftline._squared('ln(' ~ va ~ ' / ' ~ la ~ ')')
            ~ ' + ' ~ driftline._squared('ln(' ~ ub ~ ' / ' ~ vb ~ ')') ~ ')) end'
        ) -}}
    {%- endif -%}
    {{- return(
        'case when ' ~ vb ~ ' <= 0e0 then null when ' ~ va ~ ' <= 0e0 then ' ~ ua ~ ' / ' ~ lb
        ~ ' else ' ~ va ~ ' / ' ~ vb ~ ' * exp(sqrt(' ~ driftline._squared('ln(' ~ ua ~ ' / ' ~ va ~ ')')
        ~ ' + ' ~ driftline._squared('ln(' ~ vb ~ ' / ' ~ lb ~ ')') ~ ')) end'
    ) -}}
{% endmacro %}


{# How many rows of a rate's denominator a group needs to take part in the comparison of groups. #}
{% macro _fairness_min_rows() %}
    {%- set rows = driftline._var('driftline_fairness_min_rows', 100) -%}
    {%- if not driftline._is_finite(rows) or rows < 1 or rows | int != rows -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_fairness_min_rows': given "
            ~ tojson(rows | string) ~ '; allowed: a whole number of rows') -}}
    {%- endif -%}
    {{- return(rows) -}}
{% endmacro %}


{#
    What a sum of squares exceeds by chance: the quantile of χ² with as many degrees of freedom as give it this mean and
    variance (Satterthwaite), after Wilson and Hilferty (Abramowitz & Stegun 26.4.17). 0 where the mean is 0.

    mean, variance  SQL, repeated
    z               SQL of the normal quantile
#}
{% macro _chance_of_squares(mean, variance, z) %}
    {%- set v = '(' ~ variance ~ ' / (9e0 * ' ~ mean ~ ' * ' ~ mean ~ '))' -%}
    {{- return(
        'case when ' ~ mean ~ ' > 0e0 then ' ~ mean ~ ' * power(greatest(1e0 - ' ~ v ~ ' + ' ~ z
        ~ ' * sqrt(' ~ v ~ '), 0e0), 3) '
        ~ 'when ' ~ mean ~ ' is not null then 0e0 end'
    ) -}}
{% endmacro %}


{#
    The mean of the root of a sum of squares, to the second order.

    mean, variance  SQL of the sum's, repeated
#}
{% macro _mean_of_root(mean, variance) %}
    {{- return(
        'case when ' ~ mean ~ ' > 0e0 then sqrt(' ~ mean ~ ') * greatest(1e0 - ' ~ variance ~ ' / (8e0 * ' ~ mean
        ~ ' * ' ~ mean ~ '), 0.5e0) '
        ~ 'when ' ~ mean ~ ' is not null then 0e0 end'
    ) -}}
{% endmacro %}


{#
    What a sum of absolute values of normal ones exceeds by chance: it is taken for the root of χ² with as many degrees
    of freedom as give it this mean and variance (a single absolute value has mean²/variance 1.75, and each further
    degree adds about 2).

    mean, variance  SQL, repeated
    z               SQL of the normal quantile
#}
{% macro _chance_of_absolutes(mean, variance, z) %}
    {%- set v = '(4e0 / (9e0 * (' ~ mean ~ ' * ' ~ mean ~ ' / ' ~ variance ~ ' + 0.3e0)))' -%}
    {{- return(
        'case when ' ~ variance ~ ' > 0e0 then sqrt((' ~ mean ~ ' * ' ~ mean ~ ' + ' ~ variance
        ~ ') * power(greatest(1e0 - ' ~ v ~ ' + '
        ~ z ~ ' * sqrt(' ~ v ~ '), 0e0), 3)) when ' ~ variance ~ ' is not null then ' ~ mean ~ ' end'
    ) -}}
{% endmacro %}


{#
    What the difference of two means exceeds by chance, the rows being alike on both sides: the normal quantile, and
    what the skewness of few rows adds (Cornish and Fisher, to the first order).

    z            SQL of the normal quantile
    variance     SQL of the variance of one row; of a rate, rate·(1 − rate)
    skew         SQL of a row's third moment over its variance; of a rate, |1 − 2·rate|
    one, other   SQL of 1 over the effective rows of either side
#}
{% macro _chance_of_difference(z, variance, skew, one, other) %}
    {{- return(
        z ~ ' * sqrt(' ~ variance ~ ' * (' ~ one ~ ' + ' ~ other ~ ')) + (' ~ z ~ ' * ' ~ z ~ ' - 1e0) / 6e0 * ' ~ skew
            ~ ' * abs(' ~ one ~ ' - ' ~ other ~ ')'
    ) -}}
{% endmacro %}
