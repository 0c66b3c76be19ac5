{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- What is added up to explain an alert: which sums of which cells, for the alert's own rows and for each part of them.
with subjects as (
    select distinct
        subject_no, monitor, explained_family as family, explained_metric as metric, column_name, column_role, task,
        has_prediction
    from {{ ref('driftline_int_explained_windows') }}
),

ratio_metrics as (
    {{ driftline._ratio_metrics() }}
),

business as (
    {{ driftline._business_metrics() }}
),

-- Whose sums are compared: the alert's own rows, and where they are a total the parts of it.
members as (
    select case_no, subject_no, baseline, 'total' as kind, '' as name, '' as value, slice_no
    from {{ ref('driftline_int_explained_windows') }}
    union all
    select k.case_no, k.subject_no, k.baseline, 'segment', g.segment as segment, g.segment_value as segment_value,
        g.slice_no as slice_no
    from {{ ref('driftline_int_explained_windows') }} as k
    join {{ ref('driftline_int_slices') }} as g
        on g.monitor = k.monitor and g.source = 'relation' and g.model_version = k.model_version and g.segment <> 'all'
    where k.segment = 'all'
    union all
    select k.case_no, k.subject_no, k.baseline, 'version', 'model_version', g.model_version as model_version,
        g.slice_no as slice_no
    from {{ ref('driftline_int_explained_windows') }} as k
    join {{ ref('driftline_int_slices') }} as g
        on g.monitor = k.monitor and g.source = 'relation' and g.segment = k.segment
            and g.segment_value = k.segment_value and g.model_version <> 'all'
    where k.model_version = 'all'
),

-- What is added up for each kind of alert: which cells, which of their sums, above or below the line.
parts as (
    select s.subject_no, 'ratio' as block, 0 as part, c.bin_no, 'v' as field,
        case when c.bin_kind = 'numerator' then 1e0 else 0e0 end as top,
        case when c.bin_kind = 'denominator' then 1e0 else 0e0 end as bottom
    from subjects as s
    join {{ ref('driftline_int_bins') }} as c on c.monitor = s.monitor and c.column_role = 'business'
        and c.column_name = s.metric and c.bin_kind in ('numerator', 'denominator')
    where s.family = 'business'
    union all
    select s.subject_no, 'ratio', 0, c.bin_no, 'w', 0e0, 1e0
    from subjects as s
    join business as b on b.monitor = s.monitor and b.metric = s.metric and b.is_sum = 1
    join {{ ref('driftline_int_bins') }} as c on c.monitor = s.monitor and c.column_role = 'row'
    where s.family = 'business'
    union all
    select s.subject_no, 'ratio', 0, c.bin_no, r.field, r.top, r.bottom
    from subjects as s
    join ratio_metrics as r on r.metric = s.metric
    join {{ ref('driftline_int_bins') }} as c on c.monitor = s.monitor and c.column_role = 'performance'
        and c.column_kind = 'measure' and c.bin_kind = r.measure
    where s.family = 'performance' and s.column_name = 'all'
    union all
    -- One class of several: how many were of it, were taken for it, and both.
    select s.subject_no, 'ratio', 0, c.bin_no, 'w', p.top, p.bottom
    from subjects as s
    join ({{ driftline._class_parts() }}) as p on p.metric = s.metric
    join {{ ref('driftline_int_bins') }} as c
        on c.monitor = s.monitor and c.column_role = p.column_role and c.bin_label = s.column_name
    where s.family = 'performance' and s.column_name <> 'all'
    union all
    select s.subject_no, 'ratio', 0, c.bin_no, f.field,
        case when f.field = 'o' then 1e0
            when s.metric = 'out_of_range_rate' then 0e0
            when (s.metric = 'null_rate' and c.bin_kind = 'null') or (s.metric = 'nan_rate' and c.bin_kind = 'nan')
                or (s.metric = 'unseen_rate' and c.bin_kind = 'unseen')
                or (s.metric = 'infinite_rate' and c.bin_kind in ('negative_infinity', 'positive_infinity')) then 1e0
            else 0e0 end,
        case when f.field = 'w' then 1e0 else 0e0 end
    from subjects as s
    join {{ ref('driftline_int_bins') }} as c on c.monitor = s.monitor and c.column_name = s.column_name
        and c.column_role = s.column_role
    join (select 'w' as field union all select 'o') as f on f.field = 'w' or s.metric = 'out_of_range_rate'
    where s.family = 'quality' and s.metric in ('null_rate', 'nan_rate', 'infinite_rate', 'unseen_rate',
        'out_of_range_rate')
        and case when s.metric = 'out_of_range_rate' then c.bin_kind = 'moments' else c.bin_kind <> 'moments' end
    union all
    select s.subject_no, 'ratio', c.bin, c.bin_no, f.field,
        case when f.field = 'l' then 0e0 else 1e0 end,
        case when f.field = 'l' then 1e0 else 0e0 end
    from subjects as s
    join {{ ref('driftline_int_bins') }} as c on c.monitor = s.monitor and c.column_name = s.column_name
        and c.column_role = s.column_role and c.bin_kind <> 'moments'
    join (select 'l' as field union all select 'y' union all select 'r' union all select 'e') as f
        on f.field in ('l', case when s.metric like 'calibration%' then 'r' when s.metric like 'loss%' then 'e'
            else 'y' end)
    where s.family = 'concept'
    union all
    -- Shares of the column's bins: the rows above the line, for the effective number of rows their squares below.
    select s.subject_no, 'psi', c.bin_group, c.bin_no, f.field,
        case when f.field = 'w' then 1e0 else 0e0 end,
        case when f.field = 'w' then 0e0 else 1e0 end
    from subjects as s
    join {{ ref('driftline_int_bins') }} as c on c.monitor = s.monitor and c.column_name = s.column_name
        and c.column_role = s.column_role and c.bin_kind <> 'moments'
    cross join (select 'w' as field union all select 'w2') as f
    where s.family in ('drift', 'quality')
    union all
    -- The mean prediction by the bins of every feature.
    select s.subject_no, 'effect', c.bin_no, c.bin_no, f.field,
        case when f.field = 'p' then 1e0 else 0e0 end,
        case when f.field = 'p' then 0e0 else 1e0 end
    from subjects as s
    join {{ ref('driftline_int_bins') }} as c on c.monitor = s.monitor and c.column_role = 'feature'
        and c.bin_kind <> 'moments'
    cross join (select 'p' as field union all select 'w') as f
    where s.has_prediction = 1 and s.task in ('binary', 'regression')
        and not (s.family in ('quality', 'performance', 'concept', 'freshness', 'volume')
            or (s.family = 'drift' and s.column_role = 'feature'))
)

select
    m.case_no, m.baseline, {{ driftline._as_text('m.kind') }} as kind, {{ driftline._as_text('m.name') }} as name,
    {{ driftline._as_text('m.value') }} as value, m.slice_no,
    {{ driftline._as_text('p.block') }} as block, p.part, p.bin_no, {{ driftline._as_text('p.field') }} as field,
    p.top, p.bottom
from members as m
join parts as p on p.subject_no = m.subject_no
where p.block <> 'effect' or m.kind = 'total'
{%- else -%}{{ driftline._empty() }}{%- endif %}
