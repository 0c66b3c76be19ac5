{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['comparisons']) -%}
{%- set metrics = driftline._compared_metrics() -%}
{%- set measures = ['known'] -%}
{%- set bases = [] -%}
{%- for metric in metrics -%}
    {%- if metric.base not in bases -%}{%- do bases.append(metric.base) -%}{%- endif -%}
    {%- for measure in metric.measures -%}
        {%- if measure not in measures -%}{%- do measures.append(measure) -%}{%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{%- set moments = ['n', 'd', 'nn', 'dd', 'nd'] -%}
{%- set null_double = driftline._as_double('null') %}

-- Every metric of two versions as a ratio of two sums over rows, by period: rows, sums of numerator (n) and
-- denominator (d), of their squares and product. _1 is the challenger, _0 the champion.
with sides as (
    select pair_no, group_1 as slice_no, 1 as side from {{ ref('driftline_int_version_pairs') }}
    union all
    select pair_no, group_0, 0 from {{ ref('driftline_int_version_pairs') }}
),

counted as (
    select s.slice_no, s.period_index, c.column_role, c.column_name, c.bin_kind, s.n, s.w, s.w2, s.v, s.d2
    from {{ ref('driftline_int_measure_series') }} as s
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no
    where c.column_kind = 'measure' and s.slice_no in (select slice_no from sides)
),

measured as (
    select
        slice_no, period_index,
        sum(case when column_role = 'row' then n end) as total_n
        {%- for measure in measures %}{% for sum in ['n', 'w', 'w2', 'v', 'd2'] %},
        sum(case when column_role = 'performance' and bin_kind = '{{ measure }}'
            then {{ sum }} end) as {{ measure }}_{{ sum }}
        {%- endfor %}{% endfor %}
        {%- for base in bases %},
        max(max(case when column_role = 'performance' and bin_kind = '{{ base }}'
            then n end)) over (partition by slice_no) as most_{{ base }}
        {%- endfor %}
    from counted
    where column_role in ('row', 'performance')
    group by slice_no, period_index
),

business as (
    select
        b.*,
        max(case when column_role = 'row' then row_count end) over (partition by slice_no, period_index) as all_rows,
        max(case when column_role = 'row' then w end) over (partition by slice_no, period_index) as all_w,
        max(case when column_role = 'row' then w2 end) over (partition by slice_no, period_index) as all_w2
    from (
        select
            slice_no, period_index, column_role, column_name as metric,
            sum(case when bin_kind = 'rows' then n end) as row_count, sum(case when bin_kind = 'rows' then w end) as w,
            sum(case when bin_kind = 'rows' then w2 end) as w2,
            sum(case when bin_kind = 'numerator' then n end) as valued,
            sum(case when bin_kind = 'numerator' then v end) as n,
            sum(case when bin_kind = 'numerator' then d2 end) as nn,
            sum(case when bin_kind = 'denominator' then v end) as d,
            sum(case when bin_kind = 'denominator' then d2 end) as dd,
            sum(case when bin_kind = 'product' then v end) as nd,
            max(case when bin_kind = 'denominator' then 1 else 0 end) as is_ratio
        from counted
        where column_role in ('row', 'business')
        group by slice_no, period_index, column_role, column_name
    ) as b
),

-- A business metric that is a sum is a mean per row here. each_weight is what one row weighs. uneven is 0 where every
-- row is 0 or 1 of its denominator: then squares and products add up to the sums themselves.
observed as (
    {%- for metric in metrics %}
    select
        slice_no, period_index, {{ driftline._text('performance') }} as family,
            {{ driftline._text(metric.name) }} as metric,
        coalesce({{ metric.base }}_n, 0) as row_count, {{ metric.base }}_w2 / nullif({{ metric.base }}_w,
            0) as each_weight,
        {{ metric.n }} as n, {{ metric.d }} as d, {{ metric.n2 }} as nn, {{ metric.d2 }} as dd, {{ metric.nd }} as nd,
        {{ 1 - metric.share }} as uneven, coalesce(known_n, 0) as known, total_n as total
    from measured
    where most_{{ metric.base }} > 0
    union all
    {%- endfor %}
    select
        slice_no, period_index, {{ driftline._text('business') }}, metric, all_rows, all_w2 / nullif(all_w, 0), n, d,
            nn, dd, nd,
        case when abs(d) between 1e-30 and 1e30 then
            case when abs(nn - n) <= 1e-9 * abs(d) and abs(dd - d) <= 1e-9 * abs(d) and abs(nd - n) <= 1e-9 * abs(d)
                then 0 else 1 end
        else 1 end,
        valued, all_rows
    from (
        select
            slice_no, period_index, metric, all_rows, coalesce(valued, 0) as valued, all_w, all_w2,
            coalesce(n, 0) as n, coalesce(nn, 0) as nn,
            case when is_ratio = 1 then coalesce(d, 0) else all_w end as d,
            case when is_ratio = 1 then coalesce(dd, 0) else all_w end as dd,
            case when is_ratio = 1 then coalesce(nd, 0) else coalesce(n, 0) end as nd
        from business
        where column_role = 'business'
    ) as b
    union all
    select
        slice_no, period_index, {{ driftline._text('traffic') }}, {{ driftline._text('sample_ratio') }}, row_count,
        {% for moment in ['each_weight'] + moments %}{{ null_double }}, {% endfor %}0, {{ null_double }},
            {{ null_double }}
    from business
    where column_role = 'row'
),

-- Only periods in which both have rows.
paired as (
    select
        s.pair_no, o.family, o.metric, o.period_index, max(o.uneven) as uneven
        {%- for side in [1, 0] %}{% for name in ['row_count', 'known', 'total', 'each_weight'] + moments %},
        sum(case when s.side = {{ side }} then o.{{ name }} end) as {{ name }}_{{ side }}
        {%- endfor %}{% endfor %}
    from observed as o
    join sides as s on s.slice_no = o.slice_no
    group by s.pair_no, o.family, o.metric, o.period_index
    having count(*) = 2
),

-- Sums that cannot be squared and divided without leaving the range of a double, and what is left of those that can.
shared as (
    select
        paired.*,
        case when {% for side in [1, 0] %}{% for name in moments + ['each_weight'] -%}
            {%- set limit = '1e30' if name in ['n', 'd', 'each_weight'] else '1e60' -%}
            coalesce(abs({{ name }}_{{ side }}) > {{ limit }}, false){{ ' or ' if not (loop.last and side == 0) }}
        {%- endfor %}{% endfor %} then 1 else 0 end as too_large,
        -- Of each version counts as much as there is of both: a row for the other version's share of the period's
        -- rows. So a split that changes, as a canary's does, cannot pass off what changed meanwhile as a difference
        -- between versions.
        coalesce(row_count_0 / nullif(row_count_1 + row_count_0, 0), 0) as share_1,
        coalesce(row_count_1 / nullif(row_count_1 + row_count_0, 0), 0) as share_0
    from paired
)

select
    s.pair_no, p.couple_no, p.period, p.first_index, s.period_index, s.family, s.metric, s.uneven,
    s.row_count_1 as rows_1, s.row_count_0 as rows_0, s.row_count_1 * s.share_1 as information,
    case when s.row_count_1 > 0 and s.row_count_0 > 0 then 1 else 0 end as counts, s.too_large
    {%- for side in [1, 0] %},
    coalesce(s.known_{{ side }}, 0) as known_{{ side }}, coalesce(s.total_{{ side }}, 0) as total_{{ side }}
    {%- for moment in ['n', 'd'] %},
    case when s.too_large = 0 and abs(s.{{ moment }}_{{ side }}) > 1e-30
        then s.{{ moment }}_{{ side }} * s.share_{{ side }} else 0e0 end as {{ moment }}_{{ side }}
    {%- endfor %}
    {%- for moment in ['nn', 'dd', 'nd'] %},
    case when s.too_large = 0 and abs(s.{{ moment }}_{{ side }}) > 1e-60 and s.each_weight_{{ side }} > 1e-30 then
        s.{{ moment }}_{{ side }} * s.each_weight_{{ side }} * s.share_{{ side }} * s.share_{{ side }}
    else 0e0 end as {{ moment }}_{{ side }}
    {%- endfor %}
    {%- endfor %}
from shared as s
join {{ ref('driftline_int_version_pairs') }} as p on p.pair_no = s.pair_no
{%- else -%}{{ driftline._empty() }}{%- endif %}
