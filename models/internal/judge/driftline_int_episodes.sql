{{ config(materialized=driftline._private_table(reads_itself=true)) }}
{%- if driftline._is_needed() -%}
{%- set keys = ['model_version', 'segment', 'segment_value', 'window_periods', 'family', 'metric', 'column_name',
    'baseline'] %}
{%- set kept = driftline._columns_of_last_build() %}
{%- set has_names = 'earlier_ids' in kept %}
{%- set has_peaks = 'opened_far_out' in kept %}
{%- set id_parts = ['p.known_as'] %}
{%- for key in keys %}{% do id_parts.append(driftline._as_text('p.' ~ key)) %}{% endfor %}
{%- do id_parts.append(driftline._as_text('p.first_window_start')) %}
{%- set limits = driftline._retention_limits() | trim %}
{%- set lets_go = has_names and limits %}
{%- set id_text = [] %}
{%- for part in id_parts %}{% do id_text.append("'|'") if not loop.first %}{% do id_text.append(part) %}{% endfor %}

-- Alerts: the spans with their names and words. An alert is found again by its series and by overlapping windows in
-- what this table held before, so that late rows which move its first window leave it the same.
with names as (
    {{ driftline._names_of_monitors() }}
),

-- Where the rows of a group end before the windows do.
stopped as (
    select r.monitor, r.model_version, r.segment, r.segment_value, r.ended_at
    from ({{ driftline._last_rows() }}) as r
    join (
        select monitor, max(window_end) as window_end
        from {{ ref('driftline_int_windows') }}
        where is_complete
        group by monitor
    ) as w on w.monitor = r.monitor
    where r.ended_at < w.window_end
),

{%- if lets_go %}

-- Alerts that began in windows which are let go (driftline_retention): what is left cannot tell them again. So one that
-- is over stays as it is, and so does a trend, which took a long history to be told; an open one keeps its beginning.
let_go as (
    select e.*, n.monitor as monitor_now
    from {{ this }} as e
    join names as n on n.known_as = e.known_as
    join {{ limits }} as l on l.monitor = n.monitor and l.window_periods = e.window_periods
    where e.first_window_start < l.kept_from or e.family = 'trend' and e.resolved_at is not null
),

told as (
    select
        s.monitor as monitor, {{ driftline._named('s', keys) }}, s.last_window_start, s.last_window_end,
        coalesce(b.first_window_start, s.first_window_start) as first_window_start,
        coalesce(b.opened_at, s.opened_at) as opened_at,
        case when b.windows_breached > s.windows_breached then b.windows_breached else s.windows_breached end
            as windows_breached,
        -- Its worst window may be one of those that are gone.
        case when b.severity = 'critical' then 1 else s.is_critical end as is_critical,
        {%- for name in ['peak_value', 'peak_effect'] %}
        {{ 'case when b.peak_effect > s.peak_effect then b.' ~ name ~ ' else s.' ~ name ~ ' end' if has_peaks
            else 's.' ~ name }} as {{ name }},
        {%- endfor %}
        s.value, s.mean_value, s.mean_expected,
        {{ 'coalesce(b.opened_far_out, s.opened_far_out)' if has_peaks else 's.opened_far_out' }} as opened_far_out,
        s.expected, s.noise,
        case when b.severity = 'critical' then b.threshold else s.threshold end as threshold, s.compare, s.direction,
        s.quiet_at, s.judged_until, s.resolved_at, s.is_retired, s.no_rows_since
    from {{ ref('driftline_int_spans') }} as s
    {%- for alias in ['a', 'b'] %}
    left join let_go as {{ alias }}
        on {{ alias }}.monitor_now = s.monitor and {{ driftline._same(keys, alias, 's') }}
        and {{ alias }}.first_window_start < s.last_window_end and s.first_window_start < {{ alias }}.last_window_end
        and {{ alias }}.resolved_at is {{ 'not ' if alias == 'a' }}null
    {%- endfor %}
    where a.alert_id is null and (not s.is_evidence or b.alert_id is not null)
),
{%- endif %}

spans as (
    select
        {{ driftline._all_of('s') }}, n.known_as, n.owner, n.period,
        case when s.resolved_at is null then d.ended_at end as no_data_since,
        row_number() over (order by s.monitor, {{ 's.' ~ keys | join(', s.') }}, s.first_window_start) as span_no
    from {{ 'told' if lets_go else ref('driftline_int_spans') }} as s
    join names as n on n.monitor = s.monitor
    left join stopped as d on {{ driftline._same(['monitor'] + keys[:3], 'd', 's') }}
    {%- if not lets_go %}
    where not s.is_evidence
    {%- endif %}
),

earlier as (
    {%- if kept %}
    select
        alert_id, {{ 'known_as' if has_names else 'monitor as known_as' }}, {{ keys | join(', ') }},
        first_window_start, last_window_end,
        {{ 'earlier_ids, found_late' if has_names
            else driftline._as_text('null') ~ ' as earlier_ids, false as found_late' }}
    from {{ this }}
    {%- else %}
    select
        {{ driftline._as_text('null') }} as alert_id, known_as, {{ keys | join(', ') }},
        first_window_start, last_window_end,
        {{ driftline._as_text('null') }} as earlier_ids, false as found_late
    from spans
    where 1 = 0
    {%- endif %}
),

-- Each earlier alert goes on in the first span it overlaps; a span in which several go on has the oldest one's id.
found as (
    select
        p.span_no, e.alert_id, e.earlier_ids, e.found_late,
        row_number() over (partition by e.alert_id order by p.first_window_start, p.span_no) as span_choice,
        e.first_window_start as first_window_start
    from spans as p
    join earlier as e
        on e.known_as = p.known_as and {{ driftline._same(keys, 'e', 'p') }}
        and e.first_window_start < p.last_window_end and p.first_window_start < e.last_window_end
),

kept_ids as (
    select found.*, row_number() over (partition by span_no order by first_window_start, alert_id) as age
    from found
    where span_choice = 1
),

-- Engines do not agree on how to join texts of several rows in order.
merged_ids as (
    select
        span_no,
        {%- for place in range(1, 9) %}
        max(case when place = {{ place }} then {{ "',' || " if place > 1 }}ids else '' end) {{ '||' if not loop.last }}
        {%- endfor %} as ids
    from (
        select m.*, row_number() over (partition by span_no order by ids) as place
        from (
            select span_no, alert_id as ids from kept_ids where age > 1
            {{ driftline._union() }}
            select span_no, earlier_ids from kept_ids where earlier_ids is not null
        ) as m
    ) as placed
    group by span_no
),

named as (
    select
        {{ driftline._all_of('p') }},
        {%- for field in ['value', 'peak_value', 'expected', 'noise', 'threshold'] %}
        {{ driftline._readable('p.' ~ field) }} as {{ field }}_text,
        {%- endfor %}
        {{ dbt.hash(dbt.concat(id_text)) }} as new_id, k.alert_id as kept_id, g.ids as earlier_ids,
        -- What was over before this version could have told it is no news.
        p.resolved_at is not null
            and coalesce(k.found_late, {{ 'true' if kept and not has_names else 'false' }}) as found_late
    from spans as p
    left join kept_ids as k on k.span_no = p.span_no and k.age = 1
    left join merged_ids as g on g.span_no = p.span_no
)

select
    p.monitor as monitor, {{ driftline._named('p', keys[:4]) }}, {{ driftline._is_total('p') }} as is_total,
    -- An id that is taken, by an alert that began elsewhere, is not given a second time.
    case when p.kept_id is not null then p.kept_id when t.kept_id is not null then {{ dbt.hash("p.new_id || '|2'") }}
        else p.new_id end as alert_id,
    {{ driftline._named('p', keys[4:]) }},
    {{ driftline._as_text("case when p.is_critical = 1 then 'critical' else 'warn' end") }} as severity,
    {{ driftline._as_text("case when p.resolved_at is null then 'open' else 'resolved' end") }} as status,
    p.first_window_start, p.last_window_start, p.last_window_end,
    cast(p.windows_breached as {{ dbt.type_int() }}) as windows_breached,
    p.value as value, p.peak_value, p.expected as expected, p.threshold, p.noise as noise,
    {{ driftline._alert_message('p', 'p', 'c') }} as message,
    p.owner, p.opened_at, p.resolved_at, p.known_as, p.earlier_ids, p.found_late, p.no_data_since,
    p.peak_effect, p.opened_far_out, p.mean_value, p.mean_expected
from named as p
left join (select distinct kept_id from named where kept_id is not null) as t on t.kept_id = p.new_id
left join {{ ref('driftline_changes') }} as c
    on p.family = 'trend' and p.metric = {{ driftline._change_metric('c') }} and c.window_start = p.first_window_start
    and c.monitor = p.monitor and {{ driftline._same(keys[:4] + ['column_name'], 'c', 'p') }}
{%- if lets_go %}
union all
select
    b.monitor_now, {{ 'b.' ~ keys[:4] | join(', b.') }}, b.is_total, b.alert_id, {{ 'b.' ~ keys[4:] | join(', b.') }},
    b.severity, {{ driftline._text('resolved') }}, b.first_window_start, b.last_window_start, b.last_window_end,
    b.windows_breached, b.value, b.peak_value, b.expected, b.threshold, b.noise, b.message, b.owner, b.opened_at,
    coalesce(b.resolved_at, b.last_window_end), b.known_as, b.earlier_ids, b.found_late, b.no_data_since,
    {{ 'b.peak_effect, b.opened_far_out' if has_peaks else driftline._as_double('null') ~ ', false' }},
    {{ 'b.mean_value, b.mean_expected' if 'mean_value' in kept else 'b.value, b.expected' }}
from let_go as b
left join found as f on f.alert_id = b.alert_id
where f.alert_id is null
{%- endif %}
{%- else -%}{{ driftline._empty() }}{%- endif %}
