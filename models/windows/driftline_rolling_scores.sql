{{ config(materialized='table') }}
{%- set measures = [] -%}
{%- for name in ['w', 'w2', 'l', 'y', 'lp', 'reference_w', 'reference_l', 'reference_y', 'reference_lp'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

-- The rolling sums of the bins that performance and its estimates come from: the score in fine bins, the classes, and for a
-- number the bins of the column that tells most about the loss.
with losses as (
    select
        c.monitor, c.column_no, r.l, r.e, r.e2,
        sum(r.l) over (partition by c.column_no) as total_l,
        sum(r.e) over (partition by c.column_no) as total_e,
        sum(r.e2) over (partition by c.column_no) as total_e2,
        count(*) over (partition by c.column_no) as bins
    from {{ ref('driftline_reference') }} as r
    join {{ ref('driftline_groups') }} as g on g.group_no = r.group_no and g.model_version = 'all' and g.segment = 'all' and g.source = 'relation'
    join {{ ref('driftline_monitors') }} as m on m.monitor = g.monitor and m.task = 'regression' and m.has_prediction = 1
    join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no and c.column_role in ('feature', 'prediction') and c.bin_kind <> 'moments'
    where r.l > 0
),

-- The share of the loss's variance that lies between the bins, less what as many bins would explain of noise.
explained as (
    select
        monitor, column_no,
        1e0 - (1e0 - sum(l * (e / l - total_e / total_l) * (e / l - total_e / total_l)) / nullif(max(total_e2 - total_e * total_e / total_l), 0e0))
            * (max(total_l) - 1e0) / nullif(greatest(max(total_l) - max(bins), 0e0), 0e0) as explained
    from losses
    group by monitor, column_no
),

chosen as (
    select column_no from (
        select column_no, row_number() over (partition by monitor order by coalesce(explained, -1e0) desc, column_no) as place from explained
    ) as ranked
    where place = 1
),

cells as (
    select c.cell_no, c.monitor, case when c.column_role in ('feature', 'prediction') then 'loss' else c.column_role end as purpose
    from {{ ref('driftline_cells') }} as c
    left join chosen as l on l.column_no = c.column_no
    where c.bin_kind <> 'moments'
        and (c.column_role in ('performance', 'confidence') and c.column_kind = 'numeric' or c.column_role in ('class_support', 'class_predicted', 'class_hit') or l.column_no is not null)
),

dense as (
    select
        k.group_no, c.cell_no, k.block, k.period, k.period_index, k.first_index
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_calendar') }} as k
    join cells as c on c.monitor = k.monitor
    left join {{ ref('driftline_series') }} as s
        on s.group_no = k.group_no and s.cell_no = c.cell_no and s.period_index = k.period_index
)

select
    r.group_no, r.window_periods, r.period_index, r.cell_no, c.purpose,
    {%- for measure in measures %}
    r.{{ measure.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    {{ driftline._roll('dense', ['group_no', 'cell_no', 'block'], measures) }}
) as r
join cells as c on c.cell_no = r.cell_no
where r.period_index - r.window_periods + 1 >= r.first_index
