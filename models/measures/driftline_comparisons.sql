{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- set settings = driftline._comparison_settings() -%}
{%- set lower_metrics = driftline._compared_metrics() | rejectattr('higher') | map(attribute='name') | unique | list -%}
{%- set sums = ['rows_1', 'rows_0', 'information'] -%}
{%- for side in [1, 0] -%}
    {%- for name in ['n', 'd', 'nn', 'dd', 'nd', 'known', 'total'] -%}{%- do sums.append(name ~ '_' ~ side) -%}{%- endfor -%}
{%- endfor -%}
{#- Products of the sums of whole periods: what varies from period to period beyond chance is seen in them. -#}
{%- set parts = ['n_1', 'd_1', 'n_0', 'd_0'] -%}
{%- set products = [] -%}
{%- for a in parts -%}{%- for b in parts[loop.index0:] -%}{%- do products.append([a, b]) -%}{%- endfor -%}{%- endfor -%}
{%- set product_names = [] -%}
{%- for pair in products -%}{%- do product_names.append(pair | join('_')) -%}{%- endfor -%}
{#- What a period adds to the difference beyond its expectation is the sum of these factors times its parts. -#}
{%- set factors = {'n_1': '(1e0 / d_1)', 'd_1': '(-value_1 / d_1)', 'n_0': '(-1e0 / d_0)', 'd_0': '(value_0 / d_0)'} -%}
{%- set alpha = '(1e0 - ' ~ driftline._as_double(driftline._confidence()) ~ ')' -%}
{%- set least_periods = driftline._least_periods() -%}
{%- set kept = [
    'pair_no', 'couple_no', 'period', 'period_index', 'span', 'size', 'window_periods', 'periods', 'family', 'metric', 'uneven', 'rows_1', 'rows_0',
    'information', 'known_1', 'total_1', 'known_0', 'total_0', 'value_1', 'value_0', 'centre', 'difference', 'variance', 'enough_1', 'enough_0', 'too_large',
] -%}
{%- set null_double = driftline._as_double('null') %}

with multiplied as (
    select
        s.*
        {%- for pair in products %},
        {{ pair | join(' * ') }} as {{ pair | join('_') }}
        {%- endfor %}
    from {{ ref('driftline_version_sums') }} as s
),

rolled as (
    {{ driftline._roll_spans('multiplied', ['pair_no', 'couple_no', 'family', 'metric'], ['uneven', 'too_large'] + sums + product_names) }}
),

ratios as {{ driftline._computed_once() }} (
    select
        r.*
        {%- for side in [1, 0] %},
        case when too_large = 0 then n_{{ side }} / nullif(d_{{ side }}, 0) end as value_{{ side }},
        d_{{ side }} * (d_{{ side }} / nullif(dd_{{ side }}, 0)) as effective_{{ side }}
        {%- endfor %}
    from rolled as r
    where family = 'traffic' or periods > 0
),

-- Shares get one success and one failure more (Agresti and Caffo), so that none of few is not taken for never; the others
-- are linearised (delta method).
centred as {{ driftline._computed_once() }} (
    select
        r.*
        {%- for side in [1, 0] %},
        case when uneven = 0 then (value_{{ side }} * effective_{{ side }} + 1e0) / (effective_{{ side }} + 2e0) else value_{{ side }} end as centre_{{ side }},
        {{ driftline._variance('nn_' ~ side ~ ' + ' ~ driftline._squared('value_' ~ side) ~ ' * dd_' ~ side,
            '2e0 * value_' ~ side ~ ' * nd_' ~ side, 'rows_' ~ side) }}
            / nullif(d_{{ side }}, 0) / nullif(d_{{ side }}, 0) * (rows_{{ side }} / nullif(rows_{{ side }} - 1, 0)) as spread_{{ side }},
        case when uneven = 0 then effective_{{ side }} else rows_{{ side }} end as enough_{{ side }}
        {%- endfor %}
    from ratios as r
),

estimated as {{ driftline._computed_once() }} (
    select
        c.*,
        value_1 - value_0 as difference, centre_1 - centre_0 as centre,
        case when uneven = 0 then centre_1 * (1e0 - centre_1) / (effective_1 + 2e0) + centre_0 * (1e0 - centre_0) / (effective_0 + 2e0)
            else spread_1 + spread_0 end as variance,
        case when span = 'cumulative' and periods >= {{ least_periods }} and value_1 is not null and value_0 is not null and spread_1 + spread_0 > 0 then
            greatest((
            {%- for pair in products %}
            {{ '+ ' if not loop.first }}{{ '2e0 * ' if pair[0] != pair[1] }}{{ factors[pair[0]] }} * {{ factors[pair[1]] }} * {{ pair | join('_') }}
            {%- endfor %}
            ) * (periods / (periods - 1e0)) / (spread_1 + spread_0), 1e0)
        end as own_design_effect
    from centred as c
),

-- How much more the difference varies from period to period than independent rows would make it: rows of one customer or
-- request come together. What is seen over all periods so far holds for the windows as well.
dispersed as (
    select
        {{ kept | join(', ') }},
        max(own_design_effect) over (partition by pair_no, family, metric, period_index) as design_effect
    from estimated
),

-- What is not a ratio of sums comes from driftline_realized, for windows whose rows are all of common periods: that is
-- told by the counts of rows, which stand beside.
sides as (
    select pair_no, group_1 as group_no, 1 as side from {{ ref('driftline_version_pairs') }}
    union all
    select pair_no, group_0, 0 from {{ ref('driftline_version_pairs') }}
),

whole_windows as (
    select
        s.pair_no, r.window_periods as size, r.period_index, r.metric
        {%- for side in [1, 0] %}{% for name in ['value', 'standard_error', 'metric_n', 'known_n', 'rows_n'] %},
        max(case when s.side = {{ side }} then r.{{ name }} end) as {{ name }}_{{ side }}
        {%- endfor %}{% endfor %}
    from {{ ref('driftline_realized') }} as r
    join sides as s on s.group_no = r.group_no
    where r.side = 'window' and r.class_name = 'all' and r.metric in ('roc_auc', 'average_precision')
    group by s.pair_no, r.window_periods, r.period_index, r.metric
),

beside as (
    select
        w.*,
        max(couple_no) over (partition by pair_no, size, period_index) as couple_of,
        max(period) over (partition by pair_no, size, period_index) as period_of,
        max(periods) over (partition by pair_no, size, period_index) as periods_of,
        max(rows_1) over (partition by pair_no, size, period_index) as all_1,
        max(rows_0) over (partition by pair_no, size, period_index) as all_0
    from (
        select
            pair_no, size, period_index, metric, value_1, standard_error_1, metric_n_1, known_n_1, rows_n_1, value_0, standard_error_0, metric_n_0, known_n_0, rows_n_0,
            cast(null as {{ dbt.type_int() }}) as couple_no, {{ driftline._as_text('null') }} as period,
            {%- for name in ['periods', 'rows_1', 'rows_0'] %} {{ null_double }} as {{ name }}{{ ',' if not loop.last }}{% endfor %}
        from whole_windows
        union all
        select
            pair_no, size, period_index, metric, {% for number in range(10) %}{{ null_double }}, {% endfor %}couple_no, period, periods, rows_1, rows_0
        from estimated
        where family = 'traffic' and span = 'window'
    ) as w
),

whole as (
    select
        pair_no, couple_of as couple_no, period_of as period, period_index, {{ driftline._text('window') }} as span, size, cast(size as {{ dbt.type_bigint() }}) as window_periods,
        periods_of as periods, {{ driftline._text('performance') }} as family, metric, 1 as uneven,
        metric_n_1 as rows_1, metric_n_0 as rows_0, metric_n_1 * (metric_n_0 / (metric_n_1 + metric_n_0)) as information,
        known_n_1 as known_1, rows_n_1 as total_1, known_n_0 as known_0, rows_n_0 as total_0,
        value_1, value_0, value_1 - value_0 as centre, value_1 - value_0 as difference,
        {{ driftline._squared('standard_error_1') }} + {{ driftline._squared('standard_error_0') }} as variance, metric_n_1 as enough_1, metric_n_0 as enough_0, 0 as too_large,
        {{ null_double }} as design_effect
    from beside
    where metric <> 'sample_ratio' and rows_n_1 = all_1 and rows_n_0 = all_0 and metric_n_1 > 0 and metric_n_0 > 0
),

levels as {{ driftline._computed_once() }} (
    select
        {{ driftline._normal_tail('l.tail') }} as z, {{ driftline._normal_tail('l.power_tail') }} as power_z,
        {{ driftline._information_per_row('l.alpha', '(' ~ settings.planned_rows ~ 'e0 / 2e0)') }} as per_row,
        l.alpha
    from (select {{ alpha }} / 2e0 as tail, 0.2e0 as power_tail, {{ alpha }} as alpha) as l
),

measured as {{ driftline._computed_once() }} (
    select
        d.*, l.z, l.power_z, l.alpha, d.information * l.per_row as tuned_information,
        sqrt(case when d.variance > 0 then d.variance * coalesce(d.design_effect, 1e0) end) as standard_error,
        case when d.span = 'cumulative' and d.information > 0 then {{ driftline._anytime_bound('(d.information * l.per_row)', 'l.alpha') }} end as anytime_bound
    from (
        select {{ kept | join(', ') }}, design_effect from dispersed
        union all
        select {{ kept | join(', ') }}, design_effect from whole
    ) as d
    cross join levels as l
),

scored as {{ driftline._computed_once() }} (
    select
        m.*,
        case when span = 'cumulative' then anytime_bound else z end as bound,
        abs(centre) / standard_error as z_score, abs(centre) / standard_error / sqrt(2e0) as root,
        {%- if settings.minimal_effect %}
        standard_error / nullif(coalesce(case metric {% for metric in settings.minimal_effect %}when {{ driftline._literal(metric) }} then {{ driftline._as_double(settings.minimal_effect[metric]) }} {% endfor %}end, abs(difference)), 0) as relative_error
        {%- else %}
        standard_error / nullif(abs(difference), 0) as relative_error
        {%- endif %}
    from measured as m
),

-- How many times the rows it would take: the bound itself grows a little with them, so it is looked up twice.
powered_1 as {{ driftline._computed_once() }} (
    select s.*, case when relative_error < 1e8 then {{ driftline._squared('((bound + power_z) * relative_error)') }} end as times_1 from scored as s
),

powered_2 as {{ driftline._computed_once() }} (
    select
        p.*,
        case when span = 'cumulative' and times_1 is not null then {{ driftline._squared('((' ~ driftline._anytime_bound('(tuned_information * greatest(times_1, 1e0))', 'alpha') ~ ' + power_z) * relative_error)') }} else times_1 end as times_2
    from powered_1 as p
),

powered as {{ driftline._computed_once() }} (
    select
        p.*,
        case when span = 'cumulative' and times_2 is not null then {{ driftline._squared('((' ~ driftline._anytime_bound('(tuned_information * greatest(times_2, 1e0))', 'alpha') ~ ' + power_z) * relative_error)') }} else times_2 end as times
    from powered_2 as p
),

named as (
    select
        p.monitor, p.challenger, p.champion, p.segment, p.segment_value, m.as_of,
        r.*, s.share, s.segment as split_by, s.segment_value as split_value, s.p_value as split_p_value, s.anytime_p_value as split_anytime_p_value,
        -- That a segment is split unevenly says nothing against its own values.
        case when s.mismatches > coalesce(own.is_mismatch, 0) then 1 else 0 end as is_mismatch,
        (r.family <> 'performance' and l.metric is null)
            or (r.known_1 >= m.min_labelled_share * r.total_1
            and r.known_0 >= m.min_labelled_share * r.total_0) as is_labelled
        {%- for name, index in {'window_start': 'r.period_index - r.window_periods + 1', 'window_end': 'r.period_index + 1',
                'final_at': "r.period_index + 1 + case when r.family = 'performance' or l.metric is not null"
                    ~ " then coalesce(m.label_delay, 0) else 0 end"}.items() %},
        case
            {%- for kind in ['hour', 'day', 'week', 'month'] %}
            when r.period = '{{ kind }}' then {{ driftline._period_at(index, kind) }}
            {%- endfor %}
        end as {{ name }}
        {%- endfor %}
    from powered as r
    join {{ ref('driftline_version_pairs') }} as p on p.pair_no = r.pair_no
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = p.monitor
    left join ({{ driftline._metrics_of_the_label() }}) as l
        on l.monitor = p.monitor and r.family = 'business' and l.metric = r.metric
    left join {{ ref('driftline_version_splits') }} as s
        on s.couple_no = r.couple_no and s.span = r.span and s.size = r.size and s.period_index = r.period_index and s.place = 1
    left join {{ ref('driftline_version_splits') }} as own
        on own.couple_no = r.couple_no and own.span = r.span and own.size = r.size and own.period_index = r.period_index
        and own.segment = p.segment and own.share is null
    where r.family <> 'traffic' or p.segment = 'all'
),

timed as {{ driftline._computed_once() }} (
    select
        n.*, window_end <= as_of as is_complete, is_labelled and final_at <= as_of as is_mature,
        case
            when family = 'traffic' then cast(null as boolean)
            when family = 'performance' and metric in ({% for metric in lower_metrics %}'{{ metric }}'{{ ', ' if not loop.last }}{% endfor %}) then false
            {%- if settings.lower_is_better %}
            when family = 'business' and metric in ({% for metric in settings.lower_is_better %}{{ driftline._literal(metric) }}{{ ', ' if not loop.last }}{% endfor %}) then false
            {%- endif %}
            else true
        end as higher_is_better,
        -- More of the same rows: those of the champion grow alike.
        greatest(rows_1 * (times - 1e0), {{ settings.min_rows }} - least(enough_1, enough_0), 0e0) as more_rows
    from named as n
),

judged as (
    select
        t.*,
        case
            when family = 'traffic' then case when split_p_value is null then 'there is neither a declared share nor a segment to hold the split against' end
            when too_large > 0 then 'values too large to compare'
            when difference is null then 'the denominator is zero'
            when standard_error is null then 'the values do not vary'
            when not is_complete then 'the window has not ended'
            when not is_mature then 'labels are still missing'
            when is_mismatch = 1 then 'the split of the rows is not what it should be (sample_ratio)'
            when least(enough_1, enough_0) < {{ settings.min_rows }} then 'fewer than {{ settings.min_rows }} rows of a version'
        end as obstacle,
        -- What is to be said now: of what is settled the latest, of as much as there is.
        row_number() over (
            partition by monitor, challenger, champion, segment, segment_value, family, metric
            order by case when is_complete and is_mature then 0 when is_complete then 1 else 2 end,
                case when span = 'cumulative' then 0 else 1 end, window_periods desc, window_end desc
        ) as place
    from timed as t
)

select
    j.monitor, j.challenger as model_version, j.segment, j.segment_value,
    cast(j.window_periods as {{ dbt.type_int() }}) as window_periods, j.window_start, j.window_end,
    j.segment_value = 'all' as is_total, j.place = 1 as is_newest,
    j.champion as champion_version, {{ driftline._as_text('j.span') }} as span, {{ driftline._as_text('j.family') }} as family, {{ driftline._as_text('j.metric') }} as metric,
    j.is_complete, j.is_mature, j.higher_is_better,
    {{ driftline._as_double("case when j.family = 'traffic' then j.rows_1 / (j.rows_1 + j.rows_0) else j.value_1 end") }} as value,
    {{ driftline._as_double("case when j.family = 'traffic' then j.share else j.value_0 end") }} as champion_value,
    {{ driftline._as_double("case when j.family = 'traffic' then j.rows_1 / (j.rows_1 + j.rows_0) - j.share else j.difference end") }} as difference,
    {%- for name, bound in {'difference': 'j.z', 'anytime': 'j.anytime_bound'}.items() %}
    {{ driftline._as_double('case when ' ~ bound ~ ' * j.standard_error is not null then greatest(j.centre - ' ~ bound ~ ' * j.standard_error, case when j.uneven = 0 then -1e0 end) end') }} as {{ name }}_lower,
    {{ driftline._as_double('case when ' ~ bound ~ ' * j.standard_error is not null then least(j.centre + ' ~ bound ~ ' * j.standard_error, case when j.uneven = 0 then 1e0 end) end') }} as {{ name }}_upper,
    {%- if name == 'difference' %}
    {{ driftline._as_double("case when j.family = 'traffic' then j.split_p_value when j.root is not null then " ~ driftline._erfc('j.root') ~ ' end') }} as p_value,
    {%- endif %}
    {%- endfor %}
    {{ driftline._as_double("case when j.family = 'traffic' then j.split_anytime_p_value when j.span = 'cumulative' then " ~ driftline._anytime_p('(' ~ driftline._squared('j.z_score') ~ ')', 'j.tuned_information') ~ ' end') }} as anytime_p_value,
    {{ driftline._as_double('j.design_effect') }} as design_effect,
    cast(j.rows_1 as {{ dbt.type_bigint() }}) as row_count,
    cast(j.rows_0 as {{ dbt.type_bigint() }}) as champion_row_count,
    cast(j.periods as {{ dbt.type_int() }}) as common_periods,
    cast(case
        when j.obstacle is null and j.z_score > j.bound then 0
        when j.times is not null and j.more_rows < 1e15 then ceil(j.more_rows)
    end as {{ dbt.type_bigint() }}) as rows_needed,
    {{ driftline._as_text("case
        when j.family = 'traffic' then case when j.split_p_value is null then 'not yet known' when j.is_mismatch = 1 then 'mismatch' else 'as expected' end
        when j.obstacle is null and j.z_score > j.bound then case when (j.centre > 0) = j.higher_is_better then 'better' else 'worse' end
        else 'not yet known'
    end") }} as verdict,
    {{ driftline._as_text("case
        when j.obstacle is not null then j.obstacle
        when j.family <> 'traffic' then case when j.z_score <= j.bound then 'the difference may be chance' end
        when j.is_mismatch = 1 and j.share is not null then 'the split is not the one declared in driftline_traffic'
        when j.is_mismatch = 1 then 'the split is another where ' || j.split_by || ' = ' || j.split_value
    end") }} as reason
from judged as j
