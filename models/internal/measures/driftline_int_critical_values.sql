{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['drift', 'concept']) -%}
{%- set alpha = driftline._alpha() -%}
{%- set iterations = 6 %}

-- The χ² quantile at 1−α for every number of degrees of freedom that can occur: what psi_critical needs. Newton's
-- method on ln P(χ² > x), from the approximation of Wilson and Hilferty (Abramowitz & Stegun 26.4.17).
with all_terms as (
    {{ driftline._chi_squared_terms() }}
),

most as (
    select max(bins) as bins from (select count(*) + 10 as bins from {{ ref('driftline_int_bins') }} group by column_no)
        as per_column
),

terms as (
    select t.parity, t.term, t.log_gamma from all_terms as t cross join most as m where t.term <= m.bins / 2 + 1
),

degrees as (
    select
        {{ driftline._as_double('n.number') }} as df,
        cast(mod(n.number, 2) as {{ dbt.type_int() }}) as parity,
        cast(floor((n.number - mod(n.number, 2)) / 2.0) as {{ dbt.type_int() }}) as half
    from ({{ driftline._numbers(10100) }}) as n
    cross join most as m
    where n.number >= 1 and n.number <= m.bins
),

normal as (
    select {{ driftline._normal_tail(alpha) }} as z
),

step_0 as (
    select
        d.df, d.parity, d.half,
        d.df * power(greatest(1e0 - 2e0 / (9e0 * d.df) + n.z * sqrt(2e0 / (9e0 * d.df)), 0.01e0), 3) as x
    from degrees as d
    cross join normal as n
)
{%- for step in range(1, iterations + 1) %},

step_{{ step }}_tail as (
    select
        s.df, s.parity, s.half, s.x,
        {{ driftline._chi_squared_tail('s', 's.x') }} as tail
    from (select df, parity, half, x, sqrt(x / 2e0) as root from step_{{ step - 1 }}) as s
    left join terms as t on t.parity = s.parity and t.term between s.parity and s.half - 1 + s.parity
    group by s.df, s.parity, s.half, s.x
),

step_{{ step }} as (
    select
        s.df, s.parity, s.half,
        s.x + (ln(s.tail) - ln({{ driftline._as_double(alpha) }})) * s.tail
            / (0.5e0 * exp(-s.x / 2e0 + (s.df / 2e0 - 1e0) * ln(s.x / 2e0) - g.log_gamma)) as x
    from step_{{ step }}_tail as s
    -- lnΓ(df/2) is that of the sums' last term.
    join terms as g on g.parity = s.parity and g.term = s.half - 1 + s.parity
)
{%- endfor %}

select cast(df as {{ dbt.type_int() }}) as df, {{ driftline._as_double(alpha) }} as alpha, x as chi_squared
from step_{{ iterations }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
