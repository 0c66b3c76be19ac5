{{ config(materialized=driftline._private_table()) }}
{%- set read = ref('driftline_int_event_windows') -%}
{%- if driftline._is_needed(['business']) -%}
{%- set has_events = driftline._has_events() -%}
{#- A window's value; @ stands for the prefix of the window's sums. A sum over no rows is 0, one over rows without a
    value is not known. -#}
{%- set value = 'case when r.@numerator_n > 0 then case when m.is_ratio = 1'
    ~ ' then r.@numerator / nullif(r.@denominator, 0)'
    ~ ' else r.@numerator end when m.is_ratio = 0 and r.@n = 0 then 0e0 end' -%}
{%- set measures = [] -%}
{%- for name in ['n', 'numerator_n', 'numerator', 'denominator'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': true}) -%}
{%- endfor -%}
{%- set squares = ['numerator_sq', 'denominator_sq', 'weight', 'weight_sq'] -%}
{%- for name in squares + ['reference_numerator_n', 'reference_numerator', 'reference_denominator',
    'reference_periods'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

-- Each business metric in each window, beside the windows before it. What the judge expects of it: driftline_business.

with metrics as (
    select
        c.monitor, c.column_no, c.column_name as metric,
        max(case when c.bin_kind = 'denominator' then 1 else 0 end) as is_ratio,
        max(case when a.metric is not null then 1 else 0 end) as awaits_label
    from {{ ref('driftline_int_bins') }} as c
    left join ({{ driftline._metrics_of_the_label() }}) as a on a.monitor = c.monitor and a.metric = c.column_name
    where c.column_role = 'business' and {{ driftline._of_family('business', 'c.monitor') }}
    group by c.monitor, c.column_no, c.column_name
),

sums as (
    select
        s.slice_no, c.column_no, s.period_index,
        sum(case when c.bin_kind = 'numerator' then s.n end) as numerator_n,
        sum(case when c.bin_kind = 'numerator' then s.v end) as numerator,
        sum(case when c.bin_kind = 'numerator' then s.d2 end) as numerator_sq,
        sum(case when c.bin_kind = 'numerator' then s.w end) as weight,
        sum(case when c.bin_kind = 'numerator' then s.w2 end) as weight_sq,
        sum(case when c.bin_kind = 'numerator' then s.reference_n end) as reference_numerator_n,
        sum(case when c.bin_kind = 'numerator' then s.reference_v end) as reference_numerator,
        sum(case when c.bin_kind = 'denominator' then s.v end) as denominator,
        sum(case when c.bin_kind = 'denominator' then s.d2 end) as denominator_sq,
        sum(case when c.bin_kind = 'denominator' then s.reference_v end) as reference_denominator
    from {{ ref('driftline_int_measure_series') }} as s
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no
    where c.column_role = 'business'
    group by s.slice_no, c.column_no, s.period_index
),

row_counts as (
    select s.slice_no, s.period_index, s.n, s.reference_n
    from {{ ref('driftline_int_measure_series') }} as s
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no
    where c.column_role = 'row'
),

dense as (
    select
        k.slice_no as slice_no, m.column_no as column_no, k.block, k.period, k.period_index as period_index,
        k.first_index,
        coalesce(n.n, 0) as n,
        {%- for name in ['numerator_n', 'numerator', 'denominator'] + squares %}
        coalesce(s.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(s.reference_numerator_n, 0) as reference_numerator_n,
        coalesce(s.reference_numerator, 0) as reference_numerator,
        coalesce(s.reference_denominator, 0) as reference_denominator,
        case when n.reference_n > 0 then 1 else 0 end as reference_periods
    from {{ ref('driftline_int_calendar') }} as k
    join metrics as m on m.monitor = k.monitor
    left join sums as s on s.slice_no = k.slice_no and s.column_no = m.column_no and s.period_index = k.period_index
    left join row_counts as n on n.slice_no = k.slice_no and n.period_index = k.period_index
),

rolled as (
    {{ driftline._roll('dense', ['slice_no', 'column_no', 'block'], measures, everywhere=true, baseline='reference') }}
),

-- The reference, less what the window shares with it.
reference as (
    select
        r.slice_no as slice_no, c.column_no,
        sum(case when c.bin_kind = 'numerator' then r.n end) as numerator_n,
        sum(case when c.bin_kind = 'numerator' then r.v end) as numerator,
        sum(case when c.bin_kind = 'denominator' then r.v end) as denominator,
        max(p.periods) as periods,
        max(r.reference_model_version) as reference_model_version
    from {{ ref('driftline_int_reference') }} as r
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no
    join (
        select r.slice_no as slice_no, r.periods
        from {{ ref('driftline_int_reference') }} as r
        join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no
        where c.column_role = 'row'
    ) as p on p.slice_no = r.slice_no
    where c.column_role = 'business'
    group by r.slice_no, c.column_no
),

valued as (
    select
        r.slice_no as slice_no, r.window_periods, r.period_index, r.column_no as column_no, g.period,
        case when r.period_index < g.reference_first_index
            or r.period_index - r.window_periods >= g.reference_last_index then -1
            when {{ driftline._is_of_reference('r', 'g') }} then 1 else 0 end as is_reference,
        m.metric, m.is_ratio, m.awaits_label,
        r.n, r.numerator_n as numerator_n, r.numerator as numerator, r.denominator as denominator,
        r.{{ squares | join(', r.') }}, {{ value | replace('@', '') }} as value,
        {%- for baseline in ['previous', 'seasonal'] %}
        {{ 'case when coalesce(x.' ~ baseline ~ '_leaves, 0) = 0 then ' if has_events -}}
        {{ value | replace('@', baseline ~ '_') }}{{ ' end' if has_events }} as {{ baseline }}_value,
        {%- endfor %}
        {{ 'coalesce(x.leaves, 0) as leaves, x.event, x.periods_back,' if has_events }}
        case
            when coalesce(f.numerator_n, 0) <= r.reference_numerator_n then null
            -- What rounding leaves of a denominator is none.
            when m.is_ratio = 1 then case
                when abs(f.denominator - r.reference_denominator) > 1e-12 * greatest(abs(f.denominator), 1e-280)
                    then (f.numerator - r.reference_numerator) / (f.denominator - r.reference_denominator)
            end
            -- A sum over another version's rows is no reference for this one; a ratio is.
            when f.reference_model_version = g.model_version
                then r.window_periods * (f.numerator - r.reference_numerator)
                    / nullif(f.periods - r.reference_periods, 0)
        end as reference_value,
        -- Windows that do not overlap are numbered; in this unit, each kind's trailing length is the same number.
        cast((r.period_index - mod(r.period_index, r.window_periods))
            / r.window_periods as {{ dbt.type_bigint() }}) as window_no,
        cast(case
            {%- for window in driftline._windows() %}
            {%- for size in window.sizes %}
            when g.period = '{{ window.period }}' and r.window_periods = {{ size }}
                then {{ driftline._business_step(window, size) }}
            {%- endfor %}
            {%- endfor %}
        end as {{ dbt.type_bigint() }}) as step
    from rolled as r
    join metrics as m on m.column_no = r.column_no
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = r.slice_no
    left join reference as f on f.slice_no = r.slice_no and f.column_no = r.column_no
    {%- if has_events %}
    left join ({{ driftline._business_events('metrics') }}) as x
        on x.column_no = r.column_no and x.window_periods = r.window_periods and x.period_index = r.period_index
    {%- endif %}
    where r.period_index - r.window_periods + 1 >= r.first_index
),

placed as (
    select
        v.*,
        -- What leaves the baselines is stepped over: they reach further back.
        {%- if has_events %}
        cast((window_no - sum(leaves) over (
            partition by slice_no, column_no, window_periods, mod(period_index, window_periods)
            order by window_no rows unbounded preceding
        )) * step + leaves * floor(step / 2e0) as {{ dbt.type_bigint() }}) as place,
        {%- else %}
        window_no * step as place,
        {%- endif %}
        {%- for name, x in {
            'season_phase': 'mod(window_no, @)',
            'season_no': 'cast((window_no - mod(window_no, @)) / @ as ' ~ dbt.type_bigint() ~ ')',
        }.items() %}
        case
            {%- for window in driftline._windows(every=true) if window.period in ['hour', 'day'] %}
            when period = '{{ window.period }}' and window_periods = 1 then {{ x | replace('@', window.season) }}
            {%- endfor %}
        end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from valued as v
)

{#- The windows of the same length that came before, none of which overlaps another. -#}
{%- set before = driftline._range(['slice_no', 'column_no', 'window_periods', 'mod(period_index, window_periods)'],
    'place', driftline._business_unit(), 1) -%}
{%- set kept = 'case when leaves = 0 then @ end' if has_events else '@' -%}
{%- set usual = kept | replace('@', 'value') -%}
{%- set ranges = [] -%}
{%- set deviation = driftline._over_range(ranges, 'stddev_samp(' ~ usual ~ ')', before) -%}
{%- set mean = driftline._over_range(ranges, 'avg(' ~ usual ~ ')', before) -%}
{%- set columns -%}
    p.*,
    {{ mean }} as trailing_mean,
    case when {{ deviation }} > 1e-10 * greatest(abs({{ mean }}), 1e-280) then {{ deviation }}
        when {{ deviation }} is not null then 0e0 end
        as trailing_stddev,
    {{ usual }} as usual_value, {{ kept | replace('@', 'n') }} as usual_n,
    {{ driftline._over_range(ranges, 'count(' ~ usual ~ ')', before) }} as trailing_count
    {%- for name in ['numerator', 'denominator'] + squares %},
    coalesce({{ driftline._over_range(ranges, 'sum(' ~ kept | replace('@', name) ~ ')', before) }}, 0e0)
        as trailing_{{ name }}
    {%- endfor %}
{%- endset %}
-- Their mean and deviation; gaps are left out, and what rounding leaves of no deviation is none.
{{ driftline._select_over_ranges(ranges, columns, 'placed', 'p') }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
