{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['comparisons']) -%}
{%- set settings = driftline._comparison_settings() %}

-- Versions that had rows in the same periods, in total and by segment. The challenger is the one that was seen later;
-- it is held against those it shares most with.
with versions as (
    select monitor, model_version, min(period_index) as first_seen
    from {{ ref('driftline_int_version_rows') }}
    where segment = 'all'
    group by monitor, model_version
),

rows_of_versions as (
    select r.monitor, r.model_version, r.period_index, r.row_count, v.first_seen
    from {{ ref('driftline_int_version_rows') }} as r
    join versions as v on v.monitor = r.monitor and v.model_version = r.model_version
    where r.segment = 'all'
),

met as (
    select
        a.monitor, a.model_version as challenger, b.model_version as champion, max(b.first_seen) as champion_first_seen,
        sum(a.row_count * b.row_count / (a.row_count + b.row_count)) as shared
    from rows_of_versions as a
    join rows_of_versions as b on b.monitor = a.monitor and b.period_index = a.period_index
    where a.first_seen > b.first_seen
        or (a.first_seen = b.first_seen
            and {{ driftline._byte_order('a.model_version') }} > {{ driftline._byte_order('b.model_version') }})
    group by a.monitor, a.model_version, b.model_version
),

couples as (
    select
        m.monitor, m.challenger, m.champion,
        row_number() over (order by m.monitor, {{ driftline._byte_order('m.challenger') }},
            {{ driftline._byte_order('m.champion') }}) as couple_no,
        row_number() over (partition by m.monitor, m.challenger order by m.shared desc, m.champion_first_seen desc,
            {{ driftline._byte_order('m.champion') }} desc) as place
    from met as m
)

select
    cast(row_number() over (order by c.couple_no, g1.slice_no) as {{ dbt.type_int() }}) as pair_no,
    cast(c.couple_no as {{ dbt.type_int() }}) as couple_no,
    c.monitor as monitor, c.challenger, c.champion, g1.segment as segment, g1.segment_value as segment_value,
    g1.slice_no as group_1, g0.slice_no as group_0,
    g1.period as period, g1.monitor_first_index as first_index
from couples as c
join {{ ref('driftline_int_slices') }} as g1 on g1.monitor = c.monitor and g1.model_version = c.challenger
    and g1.source = 'relation'
join {{ ref('driftline_int_slices') }} as g0
    on g0.monitor = c.monitor and g0.model_version = c.champion and g0.source = 'relation'
    and g0.segment = g1.segment and g0.segment_value = g1.segment_value
where c.place <= {{ settings.champions }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
