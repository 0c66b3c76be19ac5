{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- set alpha = driftline._alpha() -%}
{%- set baselines = ['reference', 'previous', 'trailing', 'seasonal'] -%}
{#- The measures that have a noise floor, and what it is called. -#}
{%- set floors = {'psi': 'noise_floor', 'ks_lower': 'ks_noise_floor'} -%}
{%- for measure in ['js_distance', 'hellinger', 'total_variation', 'l_infinity', 'wasserstein', 'cramers_v'] -%}
    {%- do floors.update({measure: measure ~ '_noise_floor'}) -%}
{%- endfor -%}
{%- set pair = 'group_no, window_periods, period_index, column_no, baseline' -%}
{#- The normal values at the level of significance, for one side and two. -#}
{%- set mean_of_absolute = '0.7978845608028654e0' -%}
{%- set squares = {'js_distance': {'factor': '0.18033688011112042e0', 'few': '0.4e0'},
    'hellinger': {'factor': '0.125e0', 'few': '0.8e0'}} -%}
{%- set enough = '4.999999999e0' -%}
{%- set z_one_sided = driftline._normal_tail(alpha) -%}
{%- set z_two_sided = driftline._normal_tail(alpha / 2) -%}
{#- What n, m and the bins make of each measure if nothing changed (docs/measures.md, Noise): measure → the prefix of
    <prefix>_expected and <prefix>_critical in `results`. -#}
{%- set chances = {
    'psi': 'psi', 'ks_lower': 'ks', 'js_distance': 'js_distance', 'hellinger': 'hellinger',
    'total_variation': 'total_variation', 'l_infinity': 'l_infinity', 'wasserstein': 'wasserstein',
    'cramers_v': 'cramers_v',
    'mean_change': 'mean', 'psi_seen': 'psi_seen',
} %}

{%- set sums = ['w', 'w2', 'v'] -%}
{%- set recent_measures = [] -%}{%- set noise_measures = [] -%}
{%- for name in sums -%}
    {%- do recent_measures.append({'name': name, 'aggregate': 'sum', 'baselines': true}) -%}
    {%- do noise_measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor -%}
{%- for name in sums -%}
    {%- do recent_measures.append({'name': 'reference_' ~ name, 'aggregate': 'sum', 'baselines': false}) -%}
    {%- do noise_measures.append({'name': 'reference_' ~ name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor -%}
{%- set rules = driftline._rules_hash() -%}
{%- set keep = driftline._can_keep_rows() %}
-- A run computes only the windows that hold a period which was read since this table was last built; the others are
-- kept as they are (decision 5). The reference's own windows are computed every time: the noise floors come from them.
with changes as (
    {{ driftline._changed_from(keep, rules) }}
),

scopes as (
    select
        g.group_no, g.monitor, g.source, g.period,
        case
            {%- for window in driftline._windows() %}
            when g.period = '{{ window.period }}' then {{ driftline._period_index('c.changed_from', window.period) }}
            {%- endfor %}
        end as changed_from_index,
        case
            {%- for window in driftline._windows() %}
            when g.period = '{{ window.period }}' then {{ driftline._reach(window) }}
            {%- endfor %}
        end as reach,
        f.first_index as reference_first_index, f.last_index as reference_last_index
    from {{ ref('driftline_groups') }} as g
    join changes as c on c.monitor = g.monitor
    left join (
        select group_no, min(period_index) as first_index, max(period_index) as last_index
        from {{ ref('driftline_series') }}
        where reference_n > 0
        group by group_no
    ) as f on f.group_no = g.group_no
),

{% for scope in ['recent', 'noise'] -%}
{%- set measures = recent_measures if scope == 'recent' else noise_measures -%}
{{ scope }}_dense as (
    select
        k.group_no, c.cell_no, k.block, k.period, k.period_index, {{ 'k.first_index' if scope == 'recent' else 'o.reference_first_index as first_index' }}, o.changed_from_index
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_calendar') }} as k
    join scopes as o on o.group_no = k.group_no
        {%- if scope == 'recent' %}
        and o.source = 'relation' and k.period_index >= o.changed_from_index - o.reach
        {%- else %}
        and k.period_index between o.reference_first_index and o.reference_last_index
        {%- endif %}
    join {{ ref('driftline_cells') }} as c on c.monitor = k.monitor
    left join {{ ref('driftline_series') }} as s
        on s.group_no = k.group_no and s.cell_no = c.cell_no and s.period_index = k.period_index
    where c.column_role in ('feature', 'prediction', 'label') and c.bin_kind <> 'moments'
),

{{ scope }}_rolled as (
    select r.*, '{{ scope }}' as scope
    from ({{ driftline._roll(scope ~ '_dense', ['group_no', 'cell_no', 'block'], measures, baseline='reference') }}) as r
    {%- if scope == 'recent' %}
    join scopes as o on o.group_no = r.group_no and r.period_index >= o.changed_from_index
    {%- endif %}
    where r.period_index - r.window_periods + 1 >= r.first_index
),

{% endfor -%}
-- What each group's windows are held against. noise stands for the rest of the reference, held against the reference's
-- own windows.
baselines as (
    select
        g.group_no, f.window_periods,
        case when f.baseline = 'window' then {{ driftline._text('noise') }} else f.baseline end as baseline
    from {{ ref('driftline_groups') }} as g
    join {{ ref('driftline_int_frames') }} as f on f.monitor = g.monitor and f.is_detailed = g.is_detailed
),

columns as (
    select distinct monitor, column_no, column_name, column_role, column_kind
    from {{ ref('driftline_cells') }}
    where column_role in ('feature', 'prediction', 'label')
),

reference_columns as (
    select
        r.group_no, c.column_no, max(r.reference_model_version) as reference_model_version,
        sum(case when c.bin_kind <> 'moments' then r.n end) as n,
        sum(case when c.bin_kind <> 'moments' then r.w end) as total,
        sum(case when c.bin_kind <> 'moments' then r.w2 end) as total2,
        min(r.value_min) as value_min,
        max(r.value_max) as value_max
    from {{ ref('driftline_reference') }} as r
    join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no
    where c.column_role in ('feature', 'prediction', 'label')
    group by r.group_no, c.column_no
),

-- Every window of every column next to each of its baselines: how many rows, how far the values reach. What is in the
-- window is taken out of the reference, so that no window is part of its own baseline.
sides as (
    select
        r.group_no, r.window_periods, r.period_index, r.column_no, b.baseline,
        r.n, r.total, r.total2, r.value_min, r.value_max,
        case b.baseline
            {%- for baseline in baselines[1:] %} when '{{ baseline }}' then coalesce(r.{{ baseline }}_n, 0){% endfor %}
            else coalesce(f.n, 0) - r.reference_n
        end as baseline_n,
        case b.baseline
            {%- for baseline in baselines[1:] %} when '{{ baseline }}' then r.{{ baseline }}_value_min{% endfor %}
            else f.value_min
        end as baseline_min,
        case b.baseline
            {%- for baseline in baselines[1:] %} when '{{ baseline }}' then r.{{ baseline }}_value_max{% endfor %}
            else f.value_max
        end as baseline_max,
        f.reference_model_version
    from {{ ref('driftline_rolling_columns') }} as r
    join scopes as o on o.group_no = r.group_no
    join baselines as b on b.group_no = r.group_no and b.window_periods = r.window_periods
    left join reference_columns as f on f.group_no = r.group_no and f.column_no = r.column_no
    where case
        when b.baseline = 'noise' then r.n > 0 and r.n = r.reference_n and r.period_index - r.window_periods + 1 >= o.reference_first_index
        else o.source = 'relation' and r.period_index >= o.changed_from_index
    end
),

pairs as (
    select * from (
        {%- for scope in ['recent', 'noise'] %}
        select
            r.group_no, r.window_periods, r.period_index, c.column_no, b.baseline,
            c.bin, c.bin_kind, c.bin_group, c.bin_lower, c.bin_upper,
            r.w as q, r.w2 as q2, r.v as q_sum,
            {%- for measure in sums %}
            case
                {%- for baseline in (baselines[1:] if scope == 'recent' else []) %}
                when b.baseline = '{{ baseline }}' then coalesce(r.{{ baseline }}_{{ measure }}, 0)
                {%- endfor %}
                -- What rounding leaves of a row is no row.
                when f.w - r.reference_w > 1e-12 * f.w then f.{{ measure }} - r.reference_{{ measure }}
                else 0
            end as {{ {'w': 'p', 'w2': 'p2', 'v': 'p_sum'}[measure] }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ scope }}_rolled as r
        join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no
        join baselines as b on b.group_no = r.group_no and b.window_periods = r.window_periods
            and b.baseline {{ '<>' if scope == 'recent' else '=' }} 'noise'
        left join {{ ref('driftline_reference') }} as f on f.group_no = r.group_no and f.cell_no = r.cell_no
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as sums
    where q > 0 or p > 0
),

totals as (
    select
        pairs.*,
        sum(q) over (partition by {{ pair }}) as n_q,
        sum(p) over (partition by {{ pair }}) as n_p,
        sum(q2) over (partition by {{ pair }}) as n_q2,
        sum(p2) over (partition by {{ pair }}) as n_p2,
        bin_kind in ('negative_infinity', 'range', 'positive_infinity') as is_ordered,
        bin_kind = 'range' as is_finite
    from pairs
),

-- Only where both sides have rows is there anything to measure.
shares as (
    select
        {{ pair }}, bin, bin_lower, bin_upper, q, p, n_q, n_p, is_ordered, is_finite,
        q / n_q as share_q, p / n_p as share_p,
        case when is_ordered then q else 0 end as ordered_q, case when is_ordered then p else 0 end as ordered_p,
        case when is_ordered then q2 else 0 end as ordered_q2, case when is_ordered then p2 else 0 end as ordered_p2,
        case when is_finite then q2 else 0 end as finite_q2, case when is_finite then p2 else 0 end as finite_p2,
        -- One value only: nothing to be unsure of.
        case when is_finite then coalesce(bin_lower >= {{ driftline._just_below('bin_upper') }}, false)
            else true end as is_one_value,
        case when is_finite then q else 0 end as finite_q, case when is_finite then p else 0 end as finite_p,
        -- A sum so small that a product with it could underflow, an error on Postgres, is 0.
        case when is_finite and abs(q_sum) > 1e-300 then q_sum else 0 end as finite_q_sum, case when is_finite and abs(p_sum) > 1e-300 then p_sum else 0 end as finite_p_sum,
        -- χ² counts effective rows: a weighted row counts for less certainty than its weight.
        q * n_q / n_q2 as effective_q, p * n_p / n_p2 as effective_p,
        n_q * n_q / n_q2 as effective_n_q, n_p * n_p / n_p2 as effective_n_p
    from totals
    where n_q > 0 and n_p > 0
),

cumulated as (
    select
        shares.*,
        sum(ordered_q) over (partition by {{ pair }}) as n_ordered_q,
        sum(ordered_p) over (partition by {{ pair }}) as n_ordered_p,
        sum(finite_q) over (partition by {{ pair }}) as n_finite_q,
        sum(finite_p) over (partition by {{ pair }}) as n_finite_p,
        sum(ordered_q) over (partition by {{ pair }} order by bin rows unbounded preceding) as cumulated_q,
        sum(ordered_p) over (partition by {{ pair }} order by bin rows unbounded preceding) as cumulated_p,
        sum(finite_q) over (partition by {{ pair }} order by bin rows unbounded preceding) as cumulated_finite_q,
        sum(finite_p) over (partition by {{ pair }} order by bin rows unbounded preceding) as cumulated_finite_p,
        (effective_q + effective_p) * effective_n_q / (effective_n_q + effective_n_p) as expected_q,
        (effective_q + effective_p) * effective_n_p / (effective_n_q + effective_n_p) as expected_p,
        (effective_q + effective_p) / (effective_n_q + effective_n_p) as pooled_share,
        (effective_q + effective_p) * least(effective_n_q, effective_n_p)
            / (effective_n_q + effective_n_p) as least_expected,
        1e0 / effective_n_q + 1e0 / effective_n_p as inverse_n,
        finite_q_sum / nullif(finite_q, 0) as mean_q,
        finite_p_sum / nullif(finite_p, 0) as mean_p
    from shares
),

-- χ² takes no cell for itself whose expected count is under 5: those are one, and with the next smallest until it is
-- 5 itself. (The little less is for rounding.)
ranked as (
    select
        cumulated.*,
        least_expected < {{ enough }} or coalesce(sum(least_expected) over (
            partition by {{ pair }} order by floor(least_expected * 1e6 + 0.5e0),
                bin rows between unbounded preceding and 1 preceding
        ), {{ enough }}) < {{ enough }} as is_pooled,
        -- The share of the rows of both sides at or below this bin, if they are alike.
        (cumulated_finite_q / nullif(n_finite_q, 0) * n_effective_finite_q
            + cumulated_finite_p / nullif(n_finite_p, 0) * n_effective_finite_p)
            / nullif(n_effective_finite_q + n_effective_finite_p, 0) as pooled_cdf
    from (
        select
            cumulated.*,
            n_finite_q * n_finite_q / nullif(sum(finite_q2) over (partition by {{ pair }}), 0) as n_effective_finite_q,
            n_finite_p * n_finite_p / nullif(sum(finite_p2) over (partition by {{ pair }}), 0) as n_effective_finite_p
        from cumulated
    ) as cumulated
),

terms as (
    select
        cumulated.*,
        case when is_ordered then cumulated_q / nullif(n_ordered_q, 0) end as cdf_q,
        case when is_ordered then cumulated_p / nullif(n_ordered_p, 0) end as cdf_p,
        case when is_ordered then (cumulated_q - ordered_q) / nullif(n_ordered_q, 0) end as cdf_before_q,
        case when is_ordered then (cumulated_p - ordered_p) / nullif(n_ordered_p, 0) end as cdf_before_p,
        case when is_finite then least(coalesce(mean_q, mean_p), coalesce(mean_p, mean_q)) end as first_mean,
        case when is_finite then greatest(coalesce(mean_q, mean_p), coalesce(mean_p, mean_q)) end as last_mean,
        cumulated_finite_q / nullif(n_finite_q, 0) - cumulated_finite_p / nullif(n_finite_p, 0) as gap_after,
        (cumulated_finite_q - finite_q) / nullif(n_finite_q, 0) - (cumulated_finite_p - finite_p) / nullif(n_finite_p, 0) as gap_before
    from ranked as cumulated
),

-- The next bin that has finite values: what the Wasserstein distance moves mass across.
spaced as (
    select terms.*, lead(first_mean) over (partition by {{ pair }}, is_finite order by bin) as next_mean
    from terms
),

measured as (
    select
        {{ pair }},
        max(effective_n_q) as effective_n_q,
        max(effective_n_p) as effective_n_p,
        sum({{ driftline._js_term('share_q', 'share_p') }}) as js_divergence,
        sum((sqrt(share_q) - sqrt(share_p)) * (sqrt(share_q) - sqrt(share_p))) / 2e0 as hellinger_sq,
        sum(abs(share_q - share_p)) / 2e0 as total_variation,
        max(abs(share_q - share_p)) as l_infinity,
        max(abs(cdf_q - cdf_p)) as ks_lower,
        max(case when is_one_value then abs(cdf_q - cdf_p)
            else greatest(cdf_q - cdf_before_p, cdf_p - cdf_before_q) end) as ks_upper,
        sum(ordered_q) * sum(ordered_q) / nullif(sum(ordered_q2), 0) as ks_n_q,
        sum(ordered_p) * sum(ordered_p) / nullif(sum(ordered_p2), 0) as ks_n_p,
        sum(finite_q) as n_finite_q,
        sum(finite_p) as n_finite_p,
        sum(finite_q_sum) / nullif(sum(finite_q), 0) as mean_q,
        sum(finite_p_sum) / nullif(sum(finite_p), 0) as mean_p,
        sum(case when is_pooled then 0e0 else (effective_q - expected_q) * (effective_q - expected_q) / expected_q + (effective_p - expected_p) * (effective_p - expected_p) / expected_p end) as chi_squared_cells,
        sum(case when is_pooled then 0 else 1 end) as cells,
        -- Whether a cell of about 5 is pooled hangs on the very rows it is tested by: where chance would have it,
        -- all those count.
        sum(case when least_expected >= 4.5e0 then 1 else 0 end) as near_cells,
        sum(case when least_expected >= 4.5e0 then 1e0 / least_expected else 0e0 end) as near_cells_few,
        sum(case when is_pooled then effective_q - expected_q else 0e0 end) as pooled_difference_q,
        sum(case when is_pooled then effective_p - expected_p else 0e0 end) as pooled_difference_p,
        sum(case when is_pooled then expected_q else 0e0 end) as pooled_q,
        sum(case when is_pooled then expected_p else 0e0 end) as pooled_p,
        sum(
            case when is_finite then
                coalesce(abs(gap_before + case when mean_q < mean_p then finite_q / nullif(n_finite_q, 0) else - finite_p / nullif(n_finite_p, 0) end) * (last_mean - first_mean), 0e0)
                + coalesce(abs(gap_after) * (next_mean - last_mean), 0e0)
            end
        ) as wasserstein,
        max(inverse_n) as inverse_n,
        -- If nothing changed, a difference of shares has the variance inverse_n · share · (1 − share). In sums of
        -- squares over shares a bin of few expected rows weighs more:
        -- what it may be without any row stands beside χ²'s moments.
        {%- for measure, of in squares.items() %}
        sum((1e0 - pooled_share) * least({{ of.factor }} * inverse_n * (1e0 + {{ of.few }} / least_expected),
            pooled_share / 2e0)) as {{ measure }}_mean,
        sum((1e0 - pooled_share) * least(
            {{ driftline._squared('(' ~ of.factor ~ ' * inverse_n)') }} * (2e0 + 1e0 / least_expected)
                + {{ driftline._exp('(-least_expected)') }} * pooled_share * pooled_share / 4e0,
            pooled_share * pooled_share / 4e0
        )) as {{ measure }}_variance,
        {%- endfor %}
        sum(sqrt(pooled_share * (1e0 - pooled_share))) as share_deviations,
        sum(pooled_share * (1e0 - pooled_share)) as share_variances,
        sum(case when pooled_share < 1e0 then pooled_share * sqrt(pooled_share / (1e0 - pooled_share))
            else 0e0 end) as share_weights,
        sum(case when pooled_share < 1e0 then pooled_share * pooled_share * (pooled_share / (1e0 - pooled_share))
            else 0e0 end) as share_squared_weights,
        max(pooled_share * (1e0 - pooled_share)) as most_share_variance,
        cast(count(*) as {{ driftline._type_double() }}) as bins,
        1e0 / max(n_effective_finite_q) + 1e0 / max(n_effective_finite_p) as inverse_n_finite,
        sum(case when is_finite and next_mean - first_mean > 1e-290
            then sqrt(greatest(pooled_cdf * (1e0 - pooled_cdf), 0e0)) * (next_mean - first_mean)
            else 0e0 end) as spread_between
    from spaced
    group by {{ pair }}
),

-- How far each bin's values may be from the point mass that stands for them. Open ends reach as far as the values do.
reaches as (
    select
        group_no, window_periods, period_index, column_no, baseline,
        sum(coalesce(finite_q / n_finite_q * reach_q, 0e0) + coalesce(finite_p / n_finite_p * reach_p, 0e0)) as reach,
        sum(sqrt((finite_q / n_finite_q * n_effective_finite_q + finite_p / n_finite_p * n_effective_finite_p)
            / (n_effective_finite_q + n_effective_finite_p))
            * case when greatest(reach_q, reach_p) > 1e-290 then greatest(reach_q, reach_p)
                else 0e0 end) as spread_within
    from (select
        t.group_no, t.window_periods, t.period_index, t.column_no, t.baseline,
        t.finite_q, t.finite_p, t.n_finite_q, t.n_finite_p, t.n_effective_finite_q, t.n_effective_finite_p,
        {{ driftline._spread_bound('t.mean_q', 'greatest(coalesce(t.bin_lower, s.value_min), s.value_min)',
            'least(coalesce(t.bin_upper, s.value_max), s.value_max)') }} as reach_q,
        {{ driftline._spread_bound('t.mean_p', 'greatest(coalesce(t.bin_lower, s.baseline_min), s.baseline_min)',
            'least(coalesce(t.bin_upper, s.baseline_max), s.baseline_max)') }} as reach_p
    from terms as t
    join sides as s
        on s.group_no = t.group_no and s.window_periods = t.window_periods and s.period_index = t.period_index
        and s.column_no = t.column_no and s.baseline = t.baseline
    where t.is_finite and t.n_finite_q > 0 and t.n_finite_p > 0) as bounds
    group by group_no, window_periods, period_index, column_no, baseline
),

psi_groups as (
    select
        {{ pair }}, bin_group, case when bin_kind in ('range', 'category', 'beyond_top') then 1 else 0 end as is_seen,
        sum(q) / n_q as share_q, sum(p) / n_p as share_p, sum(q) as q, sum(p) as p, sum(q2) as q2, sum(p2) as p2,
        n_q * n_q / n_q2 as effective_n_q, n_p * n_p / n_p2 as effective_n_p
    from totals
    where n_q > 0 and n_p > 0
    group by {{ pair }}, bin_group,
        case when bin_kind in ('range', 'category', 'beyond_top') then 1 else 0 end, n_q, n_p, n_q2, n_p2
),

-- What the quality rates tell (NULL, NaN, infinite and unseen values)
-- is left out of the PSI that is judged (decision 17).
seen_groups as (
    select
        psi_groups.*,
        sum(is_seen * q) over (partition by {{ pair }}) as seen_q,
        sum(is_seen * p) over (partition by {{ pair }}) as seen_p,
        sum(is_seen * q2) over (partition by {{ pair }}) as seen_q2,
        sum(is_seen * p2) over (partition by {{ pair }}) as seen_p2
    from psi_groups
),

psi as (
    select
        {{ pair }}, sum({{ driftline._psi_term('share_q', 'share_p', 'effective_n_q', 'effective_n_p') }}) as psi,
        cast(count(*) as {{ dbt.type_int() }}) as group_count,
        sum(case when is_seen = 1 and seen_q > 0 and seen_p > 0
            then {{ driftline._floored_psi_term('q', 'p', 'seen_q', 'seen_p', 'seen_q2', 'seen_p2') }} end) as psi_seen,
        cast(sum(is_seen) as {{ dbt.type_int() }}) as seen_group_count,
        max(case when seen_q > 0 and seen_p > 0
            then seen_q2 / seen_q / seen_q + seen_p2 / seen_p / seen_p end) as inverse_n_seen
    from seen_groups
    group by {{ pair }}
),

chi_squared as (
    select
        m.*,
        -- Where pooling leaves one cell there is nothing left to compare; one bin that was never more is no difference.
        case when cells > 0 then cells + case when pooled_q > 0 then 1 else 0 end - 1 end as chi_squared_df,
        -- What rounding leaves of equal shares is no difference.
        case when cells > 0
            then case when raw_chi_squared > 1e-24 * (effective_n_q + effective_n_p) then raw_chi_squared else 0e0 end
        end as chi_squared,
        case when cells > 0
            then greatest(cells + case when pooled_q > 0 then 1 else 0 end - 1, near_cells - 1) * 1e0 end as chance_df,
        {{ mean_of_absolute }} / 2e0 * sqrt(inverse_n) * share_deviations as total_variation_expected,
        -- The absolute values of two bins' differences go together where the bins are large: |a| and |b| of two normal
        -- values correlated by ρ have a covariance of at most (1 − 2/π)·ρ².
        0.3633802276324187e0 / 4e0 * inverse_n
            * (share_variances + share_weights * share_weights - share_squared_weights) as total_variation_variance,
        sqrt(greatest(1e0 - 4e0 * most_share_variance, 0e0)) as most_share_skew,
        -- The largest of B: each has its part of the level;
        -- half of the time it is over what one alone is with ln 2 / B.
        {{ driftline._as_double(alpha) }} / (2e0 * bins) as critical_tail,
        0.34657359027997264e0 / bins as typical_tail
    from (
        select
            measured.*,
            chi_squared_cells + case when pooled_q > 0
                then pooled_difference_q * pooled_difference_q / pooled_q
                    + pooled_difference_p * pooled_difference_p / pooled_p
                else 0e0 end as raw_chi_squared
        from measured
    ) as m
),

chi_squared_terms as (
    {{ driftline._needed_chi_squared_terms() }}
),

chi_squared_tails as (
    select
        x.group_no, x.window_periods, x.period_index, x.column_no, x.baseline,
        {{ driftline._chi_squared_tail('x', 'x.chi_squared') }} as tail
    from (
        select
            {{ pair }}, chi_squared, sqrt(chi_squared / 2e0) as root,
            cast(mod(chi_squared_df, 2) as {{ dbt.type_int() }}) as parity,
            cast(floor(chi_squared_df / 2.0) as {{ dbt.type_int() }}) as half
        from chi_squared
        where chi_squared > 0
    ) as x
    left join chi_squared_terms as t on t.parity = x.parity and t.term between x.parity and x.half - 1 + x.parity
    group by x.group_no, x.window_periods, x.period_index, x.column_no, x.baseline
),

results as (
    select
        s.group_no, s.window_periods, s.period_index, s.column_no, s.baseline, s.n, s.baseline_n, s.reference_model_version,
        p.psi,
        case when p.group_count = 1 then 0e0 else (1e0 / m.effective_n_q + 1e0 / m.effective_n_p) * k.chi_squared end as psi_critical,
        -- What chance reaches on average at these row counts: the mean of χ², and of Kolmogorov's distribution.
        (1e0 / m.effective_n_q + 1e0 / m.effective_n_p) * (p.group_count - 1) as psi_expected,
        p.psi_seen,
        case when p.psi_seen is not null then p.inverse_n_seen * coalesce(j.chi_squared, 0e0) end as psi_seen_critical,
        case when p.psi_seen is not null then p.inverse_n_seen * (p.seen_group_count - 1) end as psi_seen_expected,
        0.868731160635e0 * sqrt(1e0 / m.ks_n_q + 1e0 / m.ks_n_p) as ks_expected,
        {%- for measure in squares %}
        {{ driftline._mean_of_root('m.' ~ measure ~ '_mean', 'm.' ~ measure ~ '_variance') }} as {{ measure }}_expected,
        sqrt({{ driftline._chance_of_squares('m.' ~ measure ~ '_mean', 'm.' ~ measure ~ '_variance', z_one_sided) }})
            as {{ measure }}_critical,
        {%- endfor %}
        m.total_variation_expected,
        {{ driftline._chance_of_absolutes('m.total_variation_expected', 'm.total_variation_variance', z_one_sided) }}
            + {{ driftline._chance_of_difference(z_one_sided, '0e0', 'm.most_share_skew', '1e0 / m.effective_n_q',
                '1e0 / m.effective_n_p') }} as total_variation_critical,
        {{ driftline._normal_tail('m.typical_tail') }}
            * sqrt(m.most_share_variance * m.inverse_n) as l_infinity_expected,
        {{ driftline._chance_of_difference('(' ~ driftline._normal_tail('m.critical_tail') ~ ')',
            'm.most_share_variance', 'm.most_share_skew', '1e0 / m.effective_n_q',
            '1e0 / m.effective_n_p') }} as l_infinity_critical,
        {%- set wasserstein_unit = 'case when m.n_finite_q > 0 and m.n_finite_p > 0'
            ~ ' then sqrt(m.inverse_n_finite) * (m.spread_between + r.spread_within) end' %}
        {{ mean_of_absolute }} * {{ wasserstein_unit }} as wasserstein_expected,
        {{ z_two_sided }} * {{ wasserstein_unit }} as wasserstein_critical,
        abs(m.mean_q - m.mean_p) as mean_change,
        {{ mean_of_absolute }} * {{ wasserstein_unit }} as mean_expected,
        {{ z_two_sided }} * {{ wasserstein_unit }} as mean_critical,
        {{ driftline._mean_of_root('m.chance_df', '(2e0 * m.chance_df + m.near_cells_few)') }}
            / sqrt(m.effective_n_q + m.effective_n_p) as cramers_v_expected,
        sqrt({{ driftline._chance_of_squares('m.chance_df', '(2e0 * m.chance_df + m.near_cells_few)', z_one_sided) }}
            / (m.effective_n_q + m.effective_n_p)) as cramers_v_critical,
        m.effective_n_q + m.effective_n_p as effective_n,
        sqrt(case when m.js_divergence < 1e-15 then 0e0 when m.js_divergence < 1e0 then m.js_divergence
            when m.js_divergence is not null then 1e0 end) as js_distance,
        sqrt(case when m.hellinger_sq < 1e0 then m.hellinger_sq when m.hellinger_sq is not null then 1e0 end) as hellinger,
        case when m.total_variation < 1e0 then m.total_variation when m.total_variation is not null then 1e0 end as total_variation,
        m.l_infinity,
        m.ks_lower,
        case when m.ks_upper < 1e0 then m.ks_upper when m.ks_upper is not null then 1e0 end as ks_upper,
        m.ks_lower * sqrt(m.ks_n_q * m.ks_n_p / (m.ks_n_q + m.ks_n_p)) as ks_lambda,
        -- One term of Kolmogorov's series, solved for the distance: exact to 1e-9 at this level.
        sqrt(-ln({{ driftline._as_double(alpha / 2) }}) / 2e0 * (1e0 / m.ks_n_q + 1e0 / m.ks_n_p)) as ks_critical,
        case when m.n_finite_q > 0 and m.n_finite_p > 0 then m.wasserstein end as wasserstein,
        r.reach,
        m.chi_squared, m.chi_squared_df,
        case when m.chi_squared = 0 or m.chi_squared_df = 0 or c.tail > 1e0 then 1e0 else c.tail end as chi_squared_p_value,
        sqrt(m.chi_squared / (m.effective_n_q + m.effective_n_p)) as cramers_v,
        m.mean_q, m.mean_p
    from sides as s
    left join chi_squared as m
        on m.group_no = s.group_no and m.window_periods = s.window_periods and m.period_index = s.period_index
        and m.column_no = s.column_no and m.baseline = s.baseline
    left join psi as p
        on p.group_no = s.group_no and p.window_periods = s.window_periods and p.period_index = s.period_index
        and p.column_no = s.column_no and p.baseline = s.baseline
    left join {{ ref('driftline_critical_values') }} as k on k.df = p.group_count - 1
    left join {{ ref('driftline_critical_values') }} as j on j.df = p.seen_group_count - 1
    left join reaches as r
        on r.group_no = s.group_no and r.window_periods = s.window_periods and r.period_index = s.period_index
        and r.column_no = s.column_no and r.baseline = s.baseline
    left join chi_squared_tails as c
        on c.group_no = s.group_no and c.window_periods = s.window_periods and c.period_index = s.period_index
        and c.column_no = s.column_no and c.baseline = s.baseline
),

-- What the reference's own windows reach, each held against the rest of the reference. One window says nothing.
noise_floors as (
    select
        g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.column_no,
        {%- for measure, prefix in chances.items() %}
        max(case when r.{{ measure }} > r.{{ prefix }}_expected then r.{{ measure }} - r.{{ prefix }}_expected
            else 0e0 end) as {{ prefix }}_excess,
        {%- endfor %}
        {% for measure in floors %}max(r.{{ measure }}) as {{ measure }}{{ ', ' if not loop.last }}{% endfor %}
    from results as r
    join {{ ref('driftline_groups') }} as g on g.group_no = r.group_no
    where r.baseline = 'noise' and r.psi is not null
    group by g.monitor, g.model_version, g.segment, g.segment_value, r.window_periods, r.column_no
    having count(*) > 1
),

computed as (
    select
        w.monitor, w.model_version, w.segment, w.segment_value,
        cast(r.window_periods as {{ dbt.type_int() }}) as window_periods, w.window_start, w.window_end,
        {{ driftline._is_total('w') }} as is_total,
        c.column_name, c.column_role, c.column_kind, r.baseline,
        case when r.baseline = 'reference' then r.reference_model_version else w.model_version end as baseline_model_version,
        w.is_complete,
        cast(coalesce(r.n, 0) as {{ dbt.type_bigint() }}) as row_count,
        cast(coalesce(r.baseline_n, 0) as {{ dbt.type_bigint() }}) as baseline_row_count,
        {%- for measure in ['psi', 'psi_critical', 'js_distance', 'hellinger', 'total_variation', 'l_infinity', 'ks_lower', 'ks_upper'] %}
        {{ driftline._as_double('r.' ~ measure) }} as {{ measure }},
        {%- endfor %}
        {{ driftline._as_double(driftline._kolmogorov('r.ks_lambda')) }} as ks_p_value,
        {{ driftline._as_double('r.ks_critical') }} as ks_critical,
        {{ driftline._as_double('r.wasserstein') }} as wasserstein,
        {{ driftline._as_double('case when r.wasserstein is not null then greatest(r.wasserstein - r.reach, abs(r.mean_q - r.mean_p)) end') }} as wasserstein_lower,
        {{ driftline._as_double('r.wasserstein + r.reach') }} as wasserstein_upper,
        {{ driftline._as_double('r.chi_squared') }} as chi_squared,
        cast(r.chi_squared_df as {{ dbt.type_int() }}) as chi_squared_df,
        {{ driftline._as_double('r.chi_squared_p_value') }} as chi_squared_p_value,
        {{ driftline._as_double('r.cramers_v') }} as cramers_v,
        {{ driftline._as_double('r.mean_q') }} as mean,
        {{ driftline._as_double('r.mean_p') }} as baseline_mean,
        {%- for measure in floors %}
        {{ driftline._as_double('f.' ~ measure) }} as {{ floors[measure] }},
        {%- endfor %}
        {#- The reference's windows may be smaller than this one and noisier for that alone: what they reach beyond chance is
            added to what chance reaches here (decision 4). -#}
        {%- for prefix in chances.values() %}
        {{ driftline._as_double('case when f.' ~ prefix ~ '_excess + r.' ~ prefix ~ '_expected > r.' ~ prefix ~ '_critical then f.' ~ prefix ~ '_excess + r.' ~ prefix ~ '_expected else r.' ~ prefix ~ '_critical end') }} as {{ prefix }}_noise,
        {%- endfor %}
        {{ driftline._as_double('r.psi_seen') }} as psi_seen,
        {{ driftline._as_double('r.effective_n') }} as effective_rows,
        {{ driftline._as_text("""case
            when coalesce(r.n, 0) = 0 then 'no rows in the window'
            when coalesce(r.baseline_n, 0) = 0 then 'no rows in the baseline'
            when c.column_kind = 'numeric' and r.ks_lower is null then 'no values but NULL or NaN on one side'
            when c.column_kind = 'numeric' and r.wasserstein is null then 'no finite values on one side'
            when r.chi_squared is null then 'too few rows or values for chi-squared'
        end""") }} as reason,
        g.spec_hash,
        h.rules_hash,
        {{ driftline._as_timestamp('g.computed_at') }} as computed_at
    from results as r
    join {{ ref('driftline_windows') }} as w
        on w.group_no = r.group_no and w.window_periods = r.window_periods and w.period_index = r.period_index and w.source = 'relation'
    join {{ ref('driftline_groups') }} as g on g.group_no = r.group_no
    join columns as c on c.column_no = r.column_no
    join changes as h on h.monitor = w.monitor
    left join noise_floors as f
        on f.monitor = w.monitor and f.segment = w.segment and f.segment_value = w.segment_value
        and f.model_version = r.reference_model_version
        and f.window_periods = r.window_periods and f.column_no = r.column_no
    where r.baseline <> 'noise'
)

select * from computed
{%- if keep %}
union all
select {% for name in model.columns %}t.{{ name }}{{ ', ' if not loop.last }}{% endfor %}
from {{ this }} as t
join {{ ref('driftline_int_monitors') }} as m on m.monitor = t.monitor and m.spec_hash = t.spec_hash
join changes as c on c.monitor = t.monitor and t.window_end <= c.changed_from
{%- endif %}
