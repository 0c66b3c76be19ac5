{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['comparisons']) -%}
{%- set settings = driftline._comparison_settings() -%}
{%- set alpha = driftline._as_double(driftline._alpha()) -%}
{%- set least_periods = driftline._least_periods() -%}
{%- set null_text = driftline._as_text('null') -%}
{%- set units -%}
    case c.monitor{% for monitor in settings.rows_per_unit %} when {{ driftline._literal(monitor) }}
        then {{ settings.rows_per_unit[monitor] }}{% endfor %} when '' then 1e0 else 1e0 end
{%- endset %}

-- Whether the rows of two versions are split as they should be: by the share declared in driftline_traffic, else
-- alike in every value of every segment.
with traffic as (
    {%- set ns = namespace(rows=0) -%}
    {%- for monitor in settings.traffic -%}
    {%- for version in settings.traffic[monitor] %}
    {{ 'union all' if ns.rows }}
    {%- set ns.rows = ns.rows + 1 %}
    select {{ driftline._text(monitor) }} as monitor, {{ driftline._text(version) }} as model_version,
        {{ driftline._as_double(settings.traffic[monitor][version]) }} as share
    {%- endfor -%}
    {%- endfor %}
    {%- if not ns.rows %}
    select {{ null_text }} as monitor, {{ null_text }} as model_version,
        {{ driftline._as_double('null') }} as share where 1 = 0
    {%- endif %}
),

couples as (
    select c.couple_no, c.monitor as monitor, c.challenger, c.champion, c.period, c.first_index,
        t1.share / (t1.share + t0.share) as share,
        {{ driftline._as_double(units) }} as rows_per_unit
    from {{ ref('driftline_int_version_pairs') }} as c
    left join traffic as t1 on t1.monitor = c.monitor and t1.model_version = c.challenger
    left join traffic as t0 on t0.monitor = c.monitor and t0.model_version = c.champion
    where c.segment = 'all'
),

sides as (
    select couple_no, monitor, challenger as model_version, 1 as side from couples
    union all
    select couple_no, monitor, champion, 0 from couples
),

by_value as (
    select
        s.couple_no, r.period_index, r.segment, r.segment_value,
        sum(case when s.side = 1 then r.row_count else 0 end) as rows_1,
        sum(case when s.side = 0 then r.row_count else 0 end) as rows_0
    from {{ ref('driftline_int_version_rows') }} as r
    join sides as s on s.monitor = r.monitor and s.model_version = r.model_version
    group by s.couple_no, r.period_index, r.segment, r.segment_value
),

-- A value without rows in a period is looked at there all the same, for what came before.
dense as (
    select couple_no, period_index, segment, segment_value, sum(rows_1) as rows_1, sum(rows_0) as rows_0
    from (
        select couple_no, period_index, segment, segment_value, rows_1, rows_0 from by_value
        union all
        select t.couple_no, t.period_index, k.segment as segment, k.segment_value as segment_value, 0, 0
        from by_value as t
        join (select distinct couple_no, segment, segment_value from by_value where segment <> 'all') as k
            on k.couple_no = t.couple_no
        where t.segment = 'all'
    ) as both_kinds
    group by couple_no, period_index, segment, segment_value
),

totalled as (
    select
        d.*,
        max(case when segment = 'all' then rows_1 end) over (partition by couple_no, period_index) as all_1,
        max(case when segment = 'all' then rows_0 end) over (partition by couple_no, period_index) as all_0
    from dense as d
),

excesses as (
    select
        t.couple_no, c.period, c.first_index, t.period_index, t.segment, t.segment_value, c.share, c.rows_per_unit,
        t.all_1 * (t.all_0 / (t.all_1 + t.all_0)) as information,
        case when t.segment = 'all' then t.all_1 - c.share * (t.all_1 + t.all_0)
            else t.rows_1 - (t.rows_1 + t.rows_0) * (t.all_1 / (t.all_1 + t.all_0)) end as excess,
        case when t.segment = 'all' then c.share * (1e0 - c.share) * (t.all_1 + t.all_0)
            else t.all_1 * (t.all_0 / (t.all_1 + t.all_0)) * ((t.rows_1 + t.rows_0) / (t.all_1 + t.all_0))
                * ((t.all_1 + t.all_0 - t.rows_1 - t.rows_0) / nullif(t.all_1 + t.all_0 - 1, 0)) end as excess_variance
    from totalled as t
    join couples as c on c.couple_no = t.couple_no
    where t.all_1 > 0 and t.all_0 > 0
        and ((t.segment = 'all' and c.share is not null) or (t.segment <> 'all' and c.share is null))
),

-- Rows that come together, as those of a request do, make the split vary more from period to period than chance does.
-- Seen by how periods that follow each other differ: a split that breaks, or never was as declared, is no clustering.
beside as (
    select
        e.*, {{ driftline._as_double('excess / nullif(excess_variance, 0)') }} as ratio,
        lag(excess / nullif(excess_variance, 0)) over (
            partition by couple_no, segment, segment_value order by period_index
        ) as ratio_before,
        lag(excess_variance) over (
            partition by couple_no, segment, segment_value order by period_index
        ) as variance_before
    from excesses as e
),

weighed as (
    select
        b.*,
        case when ratio_before is not null and ratio is not null
            then excess_variance * (variance_before / (excess_variance + variance_before)) else 0e0 end as pair_weight
    from beside as b
),

summed as (
    select
        couple_no, period, first_index, period_index, segment, segment_value, coalesce(share, -1) as share,
        rows_per_unit, information, 1 as counts, excess, coalesce(excess_variance, 0) as excess_variance, pair_weight,
        case when pair_weight > 0 then
            pair_weight * pair_weight * (ratio - ratio_before) * (ratio - ratio_before) else 0e0 end as pair_square
    from weighed
),

rolled as (
    {{ driftline._roll_spans('summed', ['couple_no', 'segment', 'segment_value', 'share', 'rows_per_unit'],
        ['information', 'excess', 'excess_variance', 'pair_weight', 'pair_square']) }}
),

varied as {{ driftline._computed_once() }} (
    select
        r.*,
        case when span = 'cumulative' and periods >= {{ least_periods }} and pair_weight > 0
            then pair_square / pair_weight end as own_dispersion
    from rolled as r
),

tested as {{ driftline._computed_once() }} (
    select
        v.*,
        excess * (excess / nullif(excess_variance, 0)) / greatest(
            coalesce(max(own_dispersion) over (partition by couple_no, segment, segment_value, period_index), 1e0),
            coalesce(rows_per_unit, 1e0), 1e0
        ) as z_squared,
        -- Of two values one says as much as both.
        case when count(case when excess_variance > 0 then 1 end) over (
            partition by couple_no, segment, span, size, period_index
        ) = 2 then 0.5e0 else 1e0 end as statement
    from varied as v
),

scored as {{ driftline._computed_once() }} (
    select
        t.*, sqrt(z_squared / 2e0) as root,
        row_number() over (
            partition by couple_no, segment, span, size, period_index order by coalesce(z_squared, -1) desc,
            {{ driftline._byte_order('segment_value') }}
        ) as place,
        sum(case when z_squared is not null then statement else 0e0 end) over (
            partition by couple_no, span, size, period_index
        ) as statements
    from tested as t
),

levels as {{ driftline._computed_once() }} (
    select {{ driftline._information_per_row('l.alpha', '(' ~ settings.planned_rows ~ 'e0 / 2e0)') }} as per_row
    from (select {{ alpha }} as alpha) as l
),

valued as {{ driftline._computed_once() }} (
    select
        s.couple_no, s.span, s.size, s.period_index, case when s.share >= 0 then s.share end as share, s.segment,
        s.segment_value,
        least(coalesce(s.statements * ({{ driftline._erfc('s.root') }}), 1e0), 1e0) as p_value,
        case when s.span = 'cumulative' then least(
            s.statements * ({{ driftline._anytime_p('s.z_squared', '(s.information * l.per_row)') }}), 1e0
        ) end as anytime_p_value,
        s.z_squared
    from scored as s
    cross join levels as l
    where s.place = 1 and s.z_squared is not null
),

judged as (
    select v.*, case when coalesce(anytime_p_value, p_value) < {{ alpha }} then 1 else 0 end as is_mismatch
    from valued as v
)

select
    couple_no, span, size, period_index, share, segment, segment_value, p_value, anytime_p_value, is_mismatch,
    sum(is_mismatch) over (partition by couple_no, span, size, period_index) as mismatches,
    row_number() over (partition by couple_no, span, size, period_index order by z_squared desc,
        {{ driftline._byte_order('segment') }}) as place
from judged
{%- else -%}{{ driftline._empty() }}{%- endif %}
