{{ config(materialized=driftline._step_materialization('drift')) }}
{%- if driftline._is_needed(['drift']) -%}
{%- set seen = "case when c.bin_kind in ('range', 'category', 'beyond_top') then 1 else 0 end" -%}
{%- set both = ['q', 'p', 'q2', 'p2'] %}

-- The distances between groups of bins (the entries with the rows `groups` in macros/catalogue/_distances.sql): ten
-- groups of quantile bins, own edges and categories as they are.
with groups_of_bins as (
    select
        r.pair_no, c.bin_group, {{ seen }} as is_seen,
        max(case when c.bin_kind in ('category', 'beyond_top') then 1 else 0 end) as is_class
        {%- for name in both %}, sum(r.{{ name }}) as {{ name }}{% endfor %}
    from {{ ref('driftline_int_pairs') }} as r
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no
    group by r.pair_no, c.bin_group, {{ seen }}
),

totals as (
    select
        pair_no
        {%- for name in both %}, sum({{ name }}) as n_{{ name }}, sum(is_seen * {{ name }})
            as seen_{{ name }}{% endfor %}
    from groups_of_bins
    group by pair_no
    having sum(q) > 0 and sum(p) > 0
),

terms as (
    select
        g.pair_no, g.is_seen, g.is_class, g.q, g.p, g.q / t.n_q as share_q, g.p / t.n_p as share_p,
        t.n_q * t.n_q / t.n_q2 as effective_n_q, t.n_p * t.n_p / t.n_p2 as effective_n_p
        {%- for name in both %}, t.seen_{{ name }}{% endfor %}
    from groups_of_bins as g
    join totals as t on t.pair_no = g.pair_no
),

summed as (
    select
        pair_no, 1e0 / max(effective_n_q) + 1e0 / max(effective_n_p) as inverse_n
        {%- for name, sql in driftline._distance_sums('groups').items() %},
        {{ sql }} as {{ name }}
        {%- endfor %}
    from terms
    group by pair_no
),

with_quantiles as (
    select
        s.*, k.chi_squared as chi_squared_quantile, j.chi_squared as seen_chi_squared_quantile
        {%- for name, sql in driftline._distance_parts('groups').items() %}, {{ sql }} as {{ name }}{% endfor %}
    from summed as s
    left join {{ ref('driftline_int_critical_values') }} as k on k.df = s.group_count - 1
    left join {{ ref('driftline_int_critical_values') }} as j on j.df = s.seen_group_count - 1
)

select
    pair_no
    {%- for name, sql in driftline._distance_results('groups').items() %},
    {{ driftline._as_double(sql) }} as {{ name }}
    {%- endfor %}
from with_quantiles
{%- else -%}{{ driftline._empty() }}{%- endif %}
