{{ config(materialized=driftline._step_materialization('drift')) }}
{%- if driftline._is_needed(['drift']) -%}
{%- set sums = driftline._distance_sums('bins') -%}
{%- set parts = driftline._distance_parts('bins') -%}
{%- set results = driftline._distance_results('bins') -%}
{%- set of_pair = ['n_q', 'n_p', 'effective_n_q', 'effective_n_p', 'inverse_n', 'n_finite_q', 'n_finite_p', 'ks_n_q',
    'ks_n_p',
    'stddev_q', 'stddev_p', 'farthest', 'farthest_p', 'n_effective_finite_q', 'n_effective_finite_p',
    'mean_q', 'mean_p', 'inverse_n_finite'] %}

-- The distances whose terms are single bins (the entries with the rows `bins` in macros/catalogue/_distances.sql), what
-- chance makes of each, and the means of both sides.
with bins as (
    select
        r.*, c.bin, c.bin_lower, c.bin_upper, c.is_ordered, c.is_finite, c.is_one_value,
        case when c.is_ordered then r.q else 0 end as ordered_q, case when c.is_ordered then r.p else 0 end
            as ordered_p,
        case when c.is_finite then r.q else 0 end as finite_q, case when c.is_finite then r.p else 0 end as finite_p,
        -- A sum so small that a product with it could underflow, an error on Postgres, is 0.
        case when c.is_finite and abs(r.q_sum) > 1e-300 then r.q_sum else 0 end as finite_q_sum,
        case when c.is_finite and abs(r.p_sum) > 1e-300 then r.p_sum else 0 end as finite_p_sum
    from {{ ref('driftline_int_pairs') }} as r
    join (
        select
            bin_no, bin, bin_lower, bin_upper,
            bin_kind in ('negative_infinity', 'range', 'positive_infinity') as is_ordered,
            bin_kind = 'range' as is_finite,
            -- One value only: nothing to be unsure of.
            case when bin_kind = 'range' then coalesce(bin_lower >= {{ driftline._just_below('bin_upper') }}, false)
                else true end as is_one_value
        from {{ ref('driftline_int_bins') }}
    ) as c on c.bin_no = r.bin_no
),

-- Only where both sides have rows is there anything to measure.
totals as (
    select
        pair_no, sum(q) as n_q, sum(p) as n_p, sum(q2) as n_q2, sum(p2) as n_p2,
        sum(ordered_q) as n_ordered_q, sum(ordered_p) as n_ordered_p,
        sum(case when is_ordered then q2 else 0 end) as ordered_q2,
        sum(case when is_ordered then p2 else 0 end) as ordered_p2,
        sum(finite_q) as n_finite_q, sum(finite_p) as n_finite_p,
        sum(case when is_finite then q2 else 0 end) as finite_q2, sum(case when is_finite then p2 else 0 end)
            as finite_p2,
        sum(finite_q_sum) as finite_q_sum, sum(finite_p_sum) as finite_p_sum
    from bins
    group by pair_no
    having sum(q) > 0 and sum(p) > 0
),

-- The effective rows of either side: a weighted row counts for less certainty than its weight.
pairs as (
    select
        t.*, s.value_min, s.value_max, s.baseline_min, s.baseline_max,
        t.n_q * t.n_q / t.n_q2 as effective_n_q, t.n_p * t.n_p / t.n_p2 as effective_n_p,
        1e0 / (t.n_q * t.n_q / t.n_q2) + 1e0 / (t.n_p * t.n_p / t.n_p2) as inverse_n,
        t.n_ordered_q * t.n_ordered_q / nullif(t.ordered_q2, 0) as ks_n_q,
        t.n_ordered_p * t.n_ordered_p / nullif(t.ordered_p2, 0) as ks_n_p,
        t.n_finite_q * t.n_finite_q / nullif(t.finite_q2, 0) as n_effective_finite_q,
        t.n_finite_p * t.n_finite_p / nullif(t.finite_p2, 0) as n_effective_finite_p,
        {{ driftline._side_stddev('q') }} as stddev_q, {{ driftline._side_stddev('p') }} as stddev_p,
        -- How far the value that is farthest from the baseline's mean is from it: of the window, and of the baseline.
        {%- for name, ends in {'farthest': 'value', 'farthest_p': 'baseline'}.items() %}
        greatest(abs(s.{{ ends }}_max - t.finite_p_sum / nullif(t.n_finite_p, 0)),
            abs(s.{{ ends }}_min - t.finite_p_sum / nullif(t.n_finite_p, 0))) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from totals as t
    join {{ ref('driftline_int_sides') }} as s on s.pair_no = t.pair_no
),

-- Both sides' distribution functions, and the next bin that has finite values: what the Wasserstein distance moves mass
-- across. (Of bins that are not finite there are none between two that are.)
cumulated as (
    select
        b.*,
        sum(ordered_q) over running as cumulated_q, sum(ordered_p) over running as cumulated_p,
        sum(finite_q) over running as cumulated_finite_q, sum(finite_p) over running as cumulated_finite_p,
        lead(first_mean) over (partition by pair_no order by bin) as next_mean
    from (
        select
            m.*,
            case when is_finite then least(coalesce(mean_q, mean_p), coalesce(mean_p, mean_q)) end as first_mean,
            case when is_finite then greatest(coalesce(mean_q, mean_p), coalesce(mean_p, mean_q)) end as last_mean
        from (
            select
                bins.*, finite_q_sum / nullif(finite_q, 0) as mean_q, finite_p_sum / nullif(finite_p, 0) as mean_p
            from bins
        ) as m
    ) as b
    window running as (partition by pair_no order by bin rows unbounded preceding)
),

-- What the catalogue's sums stand on: for each bin q and p, shares, distribution functions (cdf), finite values; and of
-- the pair the rows of both sides (n), those that are finite or have an order, and 1/n + 1/m (inverse_n).
terms as {{ driftline._computed_once() }} (
    select
        b.pair_no, b.is_finite, b.is_one_value, b.finite_q, b.finite_p, b.mean_q, b.mean_p, b.first_mean, b.last_mean,
            b.next_mean,
        {%- for name in of_pair if name not in ['mean_q', 'mean_p', 'inverse_n_finite'] %}
        t.{{ name }},
        {%- endfor %}
        t.finite_q_sum as pair_q_sum, t.finite_p_sum as pair_p_sum,
        b.q / t.n_q as share_q, b.p / t.n_p as share_p,
        -- What is to be expected if both sides are alike: the share, and the rows on the smaller side.
        (b.q * t.n_q / t.n_q2 + b.p * t.n_p / t.n_p2) / (t.effective_n_q + t.effective_n_p) as pooled_share,
        (b.q * t.n_q / t.n_q2 + b.p * t.n_p / t.n_p2) * least(t.effective_n_q, t.effective_n_p)
            / (t.effective_n_q + t.effective_n_p) as least_expected,
        {%- for side in ['q', 'p'] %}
        case when b.is_ordered then b.cumulated_{{ side }} / nullif(t.n_ordered_{{ side }}, 0) end as cdf_{{ side }},
        case when b.is_ordered then (b.cumulated_{{ side }} - b.ordered_{{ side }}) / nullif(t.n_ordered_{{ side }}, 0)
            end as cdf_before_{{ side }},
        {%- endfor %}
        b.cumulated_finite_q / nullif(t.n_finite_q, 0) - b.cumulated_finite_p / nullif(t.n_finite_p, 0) as gap_after,
        (b.cumulated_finite_q - b.finite_q) / nullif(t.n_finite_q, 0)
            - (b.cumulated_finite_p - b.finite_p) / nullif(t.n_finite_p, 0) as gap_before,
        -- The share of the rows of both sides at or below this bin, if they are alike.
        (b.cumulated_finite_q / nullif(t.n_finite_q, 0) * t.n_effective_finite_q
            + b.cumulated_finite_p / nullif(t.n_finite_p, 0) * t.n_effective_finite_p)
            / nullif(t.n_effective_finite_q + t.n_effective_finite_p, 0) as pooled_cdf,
        -- How far the bin's values may be from the point mass that stands for them. Open ends reach as far as the
        -- values.
        {%- for side, ends in {'q': 'value', 'p': 'baseline'}.items() %}
        case when b.is_finite and t.n_finite_q > 0 and t.n_finite_p > 0 then
            {{ driftline._spread_bound('b.mean_' ~ side,
                'greatest(coalesce(b.bin_lower, t.' ~ ends ~ '_min), t.' ~ ends ~ '_min)',
                'least(coalesce(b.bin_upper, t.' ~ ends ~ '_max), t.' ~ ends ~ '_max)') }}
        end as reach_{{ side }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cumulated as b
    join pairs as t on t.pair_no = b.pair_no
),

summed as (
    select
        pair_no,
        {%- for name in of_pair if name not in ['mean_q', 'mean_p', 'inverse_n_finite'] %}
        max({{ name }}) as {{ name }},
        {%- endfor %}
        max(pair_q_sum) / nullif(max(n_finite_q), 0) as mean_q, max(pair_p_sum) / nullif(max(n_finite_p), 0) as mean_p,
        1e0 / max(n_effective_finite_q) + 1e0 / max(n_effective_finite_p) as inverse_n_finite
        {%- for name, sql in sums.items() %},
        {{ sql }} as {{ name }}
        {%- endfor %}
    from terms
    group by pair_no
),

prepared as (
    select summed.*{% for name, sql in parts.items() %}, {{ sql }} as {{ name }}{% endfor %} from summed
)

select
    pair_no
    {%- for name, sql in results.items() %},
    {{ driftline._as_double(sql) }} as {{ name }}
    {%- endfor %}
from prepared
{%- else -%}{{ driftline._empty() }}{%- endif %}
