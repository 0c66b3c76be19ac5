{{ driftline._keep_windows() }}
{%- if driftline._is_needed(['comparisons']) -%}
{%- set settings = driftline._comparison_settings() -%}
{%- set lower_metrics = driftline._metrics() | selectattr('compared', 'defined')
    | selectattr('better', 'equalto', 'lower') | map(attribute='name') | unique | list -%}
{%- set alpha = '(1e0 - ' ~ driftline._as_double(driftline._confidence()) ~ ')' -%}
{{- driftline._need_whole_steps() }}

-- Versions against each other: how far apart they are, whether that can be chance, and what it takes to know.
with levels as {{ driftline._computed_once() }} (
    select
        {{ driftline._normal_tail('l.tail') }} as z, {{ driftline._normal_tail('l.power_tail') }} as power_z,
        {{ driftline._information_per_row('l.alpha', '(' ~ settings.planned_rows ~ 'e0 / 2e0)') }} as per_row,
        l.alpha
    from (select {{ alpha }} / 2e0 as tail, 0.2e0 as power_tail, {{ alpha }} as alpha) as l
),

measured as {{ driftline._computed_once() }} (
    select
        {{ driftline._all_of('d') }}, l.z, l.power_z, l.alpha, d.information * l.per_row as tuned_information,
        sqrt(case when d.variance > 0 then d.variance * coalesce(d.design_effect, 1e0) end) as standard_error,
        case when d.span = 'cumulative' and d.information > 0 then
            {{ driftline._anytime_bound('(d.information * l.per_row)', 'l.alpha') }}
        end as anytime_bound
    from {{ ref('driftline_int_differences') }} as d
    cross join levels as l
    join {{ ref('driftline_int_version_pairs') }} as p on p.pair_no = d.pair_no
    join {{ ref('driftline_int_scopes') }} as o on o.slice_no = p.group_1 and d.period_index >= o.changed_from_index
),

scored as {{ driftline._computed_once() }} (
    select
        m.*,
        case when span = 'cumulative' then anytime_bound else z end as bound,
        abs(centre) / standard_error as z_score, abs(centre) / standard_error / sqrt(2e0) as root,
        standard_error / nullif(
            {%- if settings.minimal_effect %}
            coalesce(case metric
                {%- for metric, effect in settings.minimal_effect.items() %}
                when {{ driftline._literal(metric) }} then {{ driftline._as_double(effect) }}
                {%- endfor %}
            end, abs(difference))
            {%- else %}
            abs(difference)
            {%- endif %}, 0
        ) as relative_error
    from measured as m
),

-- How many times the rows it would take: the bound itself grows a little with them, so it is looked up twice.
powered_1 as {{ driftline._computed_once() }} (
    select
        s.*,
        case when relative_error < 1e8
            then {{ driftline._squared('((bound + power_z) * relative_error)') }} end as times_1
    from scored as s
),

{% for step in [2, 3] -%}
{%- set before = 'times_' ~ (step - 1) -%}
{%- set bound = driftline._anytime_bound('(tuned_information * greatest(' ~ before ~ ', 1e0))', 'alpha') -%}
powered_{{ step }} as {{ driftline._computed_once() }} (
    select
        p.*,
        case
            when span = 'cumulative' and {{ before }} is not null then
                {{ driftline._squared('((' ~ bound ~ ' + power_z) * relative_error)') }}
            else {{ before }}
        end as times_{{ step }}
    from powered_{{ step - 1 }} as p
),

{% endfor -%}
named as (
    select
        p.monitor as monitor, p.challenger, p.champion, p.segment as segment, p.segment_value as segment_value, m.as_of,
        {{ driftline._all_of('r') }}, s.share as share, s.segment as split_by, s.segment_value as split_value,
        s.p_value as split_p_value, s.anytime_p_value as split_anytime_p_value,
        -- That a segment is split unevenly says nothing against its own values.
        case when s.mismatches > coalesce(own.is_mismatch, 0) then 1 else 0 end as is_mismatch,
        (r.family <> 'performance' and l.metric is null)
            or (r.known_1 >= m.min_labelled_share * r.total_1
            and r.known_0 >= m.min_labelled_share * r.total_0) as is_labelled
        {%- for name, index in {
            'window_start': 'r.period_index - r.window_periods + 1', 'window_end': 'r.period_index + 1',
                'final_at': "r.period_index + 1 + case when r.family = 'performance' or l.metric is not null"
                    ~ " then coalesce(m.label_delay, 0) else 0 end"}.items() %},
        case
            {%- for kind in ['hour', 'day', 'week', 'month'] %}
            when r.period = '{{ kind }}' then {{ driftline._period_at(index, kind) }}
            {%- endfor %}
        end as {{ name }}
        {%- endfor %}
    from powered_3 as r
    join {{ ref('driftline_int_version_pairs') }} as p on p.pair_no = r.pair_no
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = p.monitor
    left join ({{ driftline._metrics_of_the_label() }}) as l
        on l.monitor = p.monitor and r.family = 'business' and l.metric = r.metric
    left join {{ ref('driftline_int_version_splits') }} as s
        on s.couple_no = r.couple_no and s.span = r.span and s.size = r.size and s.period_index = r.period_index
        and s.place = 1
    left join {{ ref('driftline_int_version_splits') }} as own
        on own.couple_no = r.couple_no and own.span = r.span and own.size = r.size
        and own.period_index = r.period_index and own.segment = p.segment and own.share is null
    where r.family <> 'traffic' or p.segment = 'all'
),

timed as {{ driftline._computed_once() }} (
    select
        n.*, window_end <= as_of as is_complete, is_labelled and final_at <= as_of as is_mature,
        case
            when family = 'traffic' then cast(null as boolean)
            when family = 'performance' and metric in ('{{ lower_metrics | join("', '") }}') then false
            {%- for metric in settings.lower_is_better %}
            when family = 'business' and metric = {{ driftline._literal(metric) }} then false
            {%- endfor %}
            else true
        end as higher_is_better,
        -- More of the same rows: those of the champion grow alike.
        greatest(rows_1 * (times_3 - 1e0), {{ settings.min_rows }} - least(enough_1, enough_0), 0e0) as more_rows
    from named as n
),

judged as (
    select
        t.*,
        case
            when family = 'traffic' then case when split_p_value is null
                then 'there is neither a declared share nor a segment to hold the split against' end
            when too_large > 0 then 'values too large to compare'
            when difference is null then 'the denominator is zero'
            when standard_error is null then 'the values do not vary'
            when not is_complete then 'the window has not ended'
            when not is_mature then 'labels are still missing'
            when is_mismatch = 1 then 'the split of the rows is not what it should be (sample_ratio)'
            when least(enough_1, enough_0) < {{ settings.min_rows }}
                then 'fewer than {{ settings.min_rows }} rows of a version'
        end as obstacle
    from timed as t
)

select
    j.monitor, j.challenger as model_version, j.segment, j.segment_value,
    cast(j.window_periods as {{ dbt.type_int() }}) as window_periods, j.window_start, j.window_end,
    j.segment_value = 'all' as is_total,
    j.champion as champion_version, {{ driftline._as_text('j.span') }} as span,
    {{ driftline._as_text('j.family') }} as family,
    {{ driftline._as_text('j.metric') }} as metric, j.is_complete, j.is_mature, j.higher_is_better,
    {%- for name, traffic, other in [
        ['value', 'j.rows_1 / (j.rows_1 + j.rows_0)', 'j.value_1'], ['champion_value', 'j.share', 'j.value_0'],
        ['difference', 'j.rows_1 / (j.rows_1 + j.rows_0) - j.share', 'j.difference'],
    ] %}
    {{ driftline._as_double("case when j.family = 'traffic' then " ~ traffic ~ ' else ' ~ other ~ ' end') }}
        as {{ name }},
    {%- endfor %}
    {%- for name, bound in {'difference': 'j.z', 'anytime': 'j.anytime_bound'}.items() %}
    {%- set off = bound ~ ' * j.standard_error' %}
    {{ driftline._as_double('case when ' ~ off ~ ' is not null then greatest(j.centre - ' ~ off
        ~ ', case when j.uneven = 0 then -1e0 else j.centre - ' ~ off ~ ' end) end') }} as {{ name }}_lower,
    {{ driftline._as_double('case when ' ~ off ~ ' is not null then least(j.centre + ' ~ off
        ~ ', case when j.uneven = 0 then 1e0 else j.centre + ' ~ off ~ ' end) end') }} as {{ name }}_upper,
    {%- if name == 'difference' %}
    {{ driftline._as_double("case when j.family = 'traffic' then j.split_p_value when j.root is not null then "
        ~ driftline._erfc('j.root') ~ ' end') }} as p_value,
    {%- endif %}
    {%- endfor %}
    {{ driftline._as_double("case when j.family = 'traffic' then j.split_anytime_p_value"
        ~ " when j.span = 'cumulative' then "
        ~ driftline._anytime_p('(' ~ driftline._squared('j.z_score') ~ ')', 'j.tuned_information') ~ ' end') }}
        as anytime_p_value,
    {{ driftline._as_double('j.design_effect') }} as design_effect,
    cast(j.rows_1 as {{ dbt.type_bigint() }}) as row_count,
    cast(j.rows_0 as {{ dbt.type_bigint() }}) as champion_row_count,
    cast(j.periods as {{ dbt.type_int() }}) as common_periods,
    cast(case
        when j.obstacle is null and j.z_score > j.bound then 0
        when j.times_3 is not null and j.more_rows < 1e15 then ceil(j.more_rows)
    end as {{ dbt.type_bigint() }}) as rows_needed,
    {{ driftline._as_text("case
        when j.family = 'traffic' then case when j.split_p_value is null then 'not yet known'
            when j.is_mismatch = 1 then 'mismatch' else 'as expected' end
        when j.obstacle is null and j.z_score > j.bound
            then case when (j.centre > 0) = j.higher_is_better then 'better' else 'worse' end
        else 'not yet known'
    end") }} as verdict,
    {{ driftline._as_text("case
        when j.obstacle is not null then j.obstacle
        when j.family <> 'traffic'
            then case when j.z_score <= j.bound then 'the difference may be chance' end
        when j.is_mismatch = 1 and j.share is not null
            then 'the split is not the one declared in driftline_traffic'
        when j.is_mismatch = 1 then 'the split is another where ' || j.split_by || ' = ' || j.split_value
    end") }} as reason
from judged as j
where {{ driftline._is_retained('j') }}
{{- driftline._and_kept_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
