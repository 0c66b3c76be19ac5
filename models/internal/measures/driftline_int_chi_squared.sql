{{ config(materialized=driftline._step_materialization('drift')) }}
{%- if driftline._is_needed(['drift']) -%}
{%- set enough = '4.999999999e0' %}

-- The two-sample chi-squared test over all bins, those with few rows pooled, and its effect (the entries with the rows
-- `cells` in macros/catalogue/_distances.sql).
with totals as (
    select
        pair_no, sum(q) as n_q, sum(p) as n_p, sum(q2) as n_q2, sum(p2) as n_p2,
        sum(q) * sum(q) / nullif(sum(q2), 0) as effective_n_q, sum(p) * sum(p) / nullif(sum(p2), 0) as effective_n_p
    from {{ ref('driftline_int_pairs') }}
    group by pair_no
    having sum(q) > 0 and sum(p) > 0
),

-- χ² counts effective rows: a weighted row counts for less certainty than its weight.
effective as (
    select
        r.pair_no, r.bin_no, r.q * t.n_q / t.n_q2 as effective_q, r.p * t.n_p / t.n_p2 as effective_p,
        t.effective_n_q, t.effective_n_p
    from {{ ref('driftline_int_pairs') }} as r
    join totals as t on t.pair_no = r.pair_no
),

expected as (
    select
        effective.*,
        (effective_q + effective_p) * effective_n_q / (effective_n_q + effective_n_p) as expected_q,
        (effective_q + effective_p) * effective_n_p / (effective_n_q + effective_n_p) as expected_p,
        (effective_q + effective_p) * least(effective_n_q, effective_n_p)
            / (effective_n_q + effective_n_p) as least_expected
    from effective
),

-- χ² takes no cell for itself whose expected count is under 5: those are one, and with the next smallest until it is
-- 5 itself. (The little less is for rounding. Bins of a column are numbered in their order.)
terms as (
    select
        expected.*,
        least_expected < {{ enough }} or coalesce(sum(least_expected) over (
            partition by pair_no order by floor(least_expected * 1e6 + 0.5e0),
                bin_no rows between unbounded preceding and 1 preceding
        ), {{ enough }}) < {{ enough }} as is_pooled
    from expected
),

summed as (
    select
        pair_no,
        max(effective_n_q) + max(effective_n_p) as effective_n,
        sum(case when is_pooled then effective_q - expected_q else 0e0 end) as pooled_difference_q,
        sum(case when is_pooled then effective_p - expected_p else 0e0 end) as pooled_difference_p,
        sum(case when is_pooled then expected_q else 0e0 end) as pooled_q,
        sum(case when is_pooled then expected_p else 0e0 end) as pooled_p
        {%- for name, sql in driftline._distance_sums('cells').items() %},
        {{ sql }} as {{ name }}
        {%- endfor %}
    from terms
    group by pair_no
),

tested as (
    select
        m.*,
        -- Where pooling leaves one cell there is nothing left to compare; one bin that was never more is no difference.
        case when cells > 0 then cells + is_any_pooled - 1 end as chi_squared_df,
        -- What rounding leaves of equal shares is no difference.
        case when cells > 0 then case when all_squares > 1e-24 * effective_n then all_squares else 0e0 end end
            as chi_squared,
        -- Whether a cell of about 5 is pooled hangs on the very rows it is tested by: where chance would have it, all
        -- those count.
        case when cells > 0 then greatest(cells + is_any_pooled - 1, near_cells - 1) * 1e0 end as chance_df
    from (
        select
            summed.*, case when pooled_q > 0 then 1 else 0 end as is_any_pooled,
            squares + case when pooled_q > 0
                then pooled_difference_q * pooled_difference_q / pooled_q
                    + pooled_difference_p * pooled_difference_p / pooled_p
                else 0e0 end as all_squares
        from summed
    ) as m
),

chi_squared_terms as (
    {{ driftline._needed_chi_squared_terms() }}
),

tails as (
    select x.pair_no, {{ driftline._chi_squared_tail('x', 'x.chi_squared') }} as tail
    from (
        select
            pair_no, chi_squared, sqrt(chi_squared / 2e0) as root,
            cast(mod(chi_squared_df, 2) as {{ dbt.type_int() }}) as parity,
            cast(floor(chi_squared_df / 2.0) as {{ dbt.type_int() }}) as half
        from tested
        where chi_squared > 0
    ) as x
    left join chi_squared_terms as t on t.parity = x.parity and t.term between x.parity and x.half - 1 + x.parity
    group by x.pair_no
)

select
    pair_no
    {%- for name, sql in driftline._distance_results('cells').items() %},
    {{ driftline._as_double(sql) }} as {{ name }}
    {%- endfor %}
from (
    select m.*, t.tail from tested as m left join tails as t on t.pair_no = m.pair_no
) as with_tails
{%- else -%}{{ driftline._empty() }}{%- endif %}
