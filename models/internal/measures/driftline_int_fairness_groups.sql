{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['fairness']) -%}
{#- What each rate is a share of: sums over the rows with a score (scored) or over the labelled ones. -#}
{%- set bases = {'scored': 'predicted_positive', 'labelled': 'true_positive'} -%}
{%- set rates = driftline._fairness_rates() -%}
{%- set sums = [] -%}
{%- for rate in rates.values() -%}
    {%- for measure in rate.top.keys() | list + rate.get('bottom', {}).keys() | list -%}
        {%- if measure not in sums -%}{%- do sums.append(measure) -%}{%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{%- set disparities = driftline._disparities() -%}
{#- Bounds of a rate: at the level of confidence, and at the level of the judge for the window
    and for the reference. -#}
{%- set bounds = {
    '': {'value': 'value', 'rows': 'effective_rows', 'statements': 'statements',
        'tail': '(1e0 - ' ~ driftline._as_double(driftline._confidence()) ~ ')'},
    'strict_': {'value': 'value', 'rows': 'effective_rows', 'statements': 'statements',
        'tail': driftline._as_double(driftline._alpha())},
    'reference_': {'value': 'reference_value', 'rows': 'reference_effective_rows',
        'statements': 'reference_statements', 'tail': driftline._as_double(driftline._alpha())},
} -%}
{%- set min_rows = driftline._fairness_min_rows() -%}
{%- set key = 'monitor, model_version, segment, window_periods, period_index, disparity' %}

-- The sums of each group of each declared segment, and what is left of its reference without the window.
with counted as (
    select
        r.slice_no as slice_no, r.window_periods, r.period_index,
        sum(case when r.measure = 'rows' then r.n end) as all_n,
        sum(case when r.measure = 'known' then r.n end) as known_n
        {%- for name in sums %},
        sum(case when r.measure = '{{ name }}' then r.v end) as {{ name }},
        sum(case when r.measure = '{{ name }}' then r.reference_v end) as window_reference_{{ name }}
        {%- endfor %}
        {%- for name in bases %}{% for sum in ['n', 'w', 'w2'] %},
        sum(case when r.measure = '{{ bases[name] }}' then r.{{ sum }} end) as {{ name }}_{{ sum }},
        sum(case when r.measure = '{{ bases[name] }}'
            then r.reference_{{ sum }} end) as window_reference_{{ name }}_{{ sum }}
        {%- endfor %}{% endfor %}
    from {{ ref('driftline_int_rolling_measures') }} as r
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = r.slice_no
    join {{ ref('driftline_int_scopes') }} as o on o.slice_no = r.slice_no and {{ driftline._is_computed('r', 'o') }}
    where g.segment <> 'all' and r.column_role in ('performance', 'row')
        and {{ driftline._of_family('fairness', 'g.monitor') }}
    group by r.slice_no, r.window_periods, r.period_index
    -- Only a binary model selects.
    having count(case when r.measure = 'predicted_positive' then 1 end) > 0
),

reference as (
    select
        r.slice_no as slice_no
        {%- for name in sums %}, sum(case when c.bin_kind = '{{ name }}' then r.v end) as {{ name }}{% endfor %}
        {%- for name in bases %}{% for sum in ['n', 'w', 'w2'] %},
        sum(case when c.bin_kind = '{{ bases[name] }}' then r.{{ sum }} end) as {{ name }}_{{ sum }}
        {%- endfor %}{% endfor %}
    from {{ ref('driftline_int_reference') }} as r
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no
    where c.column_role = 'performance' and c.column_kind = 'measure'
    group by r.slice_no
),

remaining as {{ driftline._computed_once() }} (
    select
        c.*,
        {%- for name in bases %}
        coalesce(f.{{ name }}_n, 0) > c.window_reference_{{ name }}_n as has_reference_{{ name }},
        {%- endfor %}
        {%- for name in bases %}{% for sum in ['n', 'w', 'w2'] %}
        f.{{ name }}_{{ sum }} - c.window_reference_{{ name }}_{{ sum }} as reference_{{ name }}_{{ sum }},
        {%- endfor %}{% endfor %}
        {%- for name in sums %}{% set left = 'f.' ~ name ~ ' - c.window_reference_' ~ name %}
        greatest(coalesce({{ left }}, 0), 0) as reference_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from counted as c
    left join reference as f on f.slice_no = c.slice_no
),

-- A row of a denominator counts for as much as the rows it is taken from: effective rows are (Σw)²/Σw².
shares as (
    {%- for name in rates %}
    {%- set rate = rates[name] -%}
    {%- set base = 'scored' if rate.get('rows') == 'predicted_positive' else 'labelled' -%}
    {%- set part = {} -%}
    {%- set whole = {} -%}
    {%- for prefix in ['', 'reference_'] -%}
        {%- do part.update({prefix: driftline._sum_of_terms(rate.top, '', prefix)}) -%}
        {%- do whole.update({prefix: driftline._sum_of_terms(rate.bottom, '', prefix) if rate.bottom is defined
            else prefix ~ base ~ '_w'}) -%}
    {%- endfor %}
    select
        slice_no, window_periods, period_index, {{ driftline._text(name) }} as rate,
        {{ driftline._text(rate.nothing) }} as nothing,
        all_n, known_n, scored_n,
        {{ part[''] }} / nullif({{ whole[''] }}, 0) as value,
        floor({{ base }}_n * ({{ whole[''] }} / nullif({{ base }}_w, 0)) + 0.5e0) as row_count,
        {{ whole[''] }} * ({{ base }}_w / nullif({{ base }}_w2, 0)) as effective_rows
        {%- for column, of in {
            'value': part['reference_'] ~ ' / nullif(' ~ whole['reference_'] ~ ', 0)',
            'row_count': 'floor(reference_' ~ base ~ '_n * (' ~ whole['reference_'] ~ ' / nullif(reference_' ~ base
                ~ '_w, 0)) + 0.5e0)',
            'effective_rows': whole['reference_'] ~ ' * (reference_' ~ base ~ '_w / nullif(reference_' ~ base
                ~ '_w2, 0))',
        }.items() %},
        case when has_reference_{{ base }} then {{ of }} end as reference_{{ column }}
        {%- endfor %}
    from remaining
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Rounding can leave a share of weights just over 1.
groups as {{ driftline._computed_once() }} (
    select
        s.slice_no as slice_no, s.window_periods as window_periods, s.period_index as period_index, s.rate, s.nothing,
        w.monitor as monitor, w.model_version, w.segment, w.segment_value,
        w.window_start, w.window_end, w.is_complete,
        s.rate = 'selection_rate'
            or (w.is_mature and coalesce(s.known_n >= m.min_labelled_share * s.all_n, false)) as is_mature,
        s.all_n, s.scored_n, coalesce(s.row_count, 0) as row_count, s.effective_rows,
        case when s.value > 1e0 then 1e0 else s.value end as value,
        s.reference_row_count, s.reference_effective_rows,
        case when s.reference_value > 1e0 then 1e0 else s.reference_value end as reference_value,
        case when s.row_count >= {{ min_rows }} then 1 else 0 end as eligible,
        case when s.reference_row_count >= {{ min_rows }} then 1 else 0 end as reference_eligible
    from shares as s
    join {{ ref('driftline_int_windows') }} as w
        on w.slice_no = s.slice_no and w.window_periods = s.window_periods and w.period_index = s.period_index
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = w.monitor
),

entered as (
    select e.disparity, g.*
    from groups as g
    join (
        {%- for disparity in disparities -%}
        {%- set outer = loop -%}
        {%- for rate in disparities[disparity] %}
        select {{ driftline._text(disparity) }} as disparity, {{ driftline._text(rate) }} as rate
        {{ 'union all' if not (loop.last and outer.last) }}
        {%- endfor -%}
        {%- endfor %}
    ) as e on e.rate = g.rate
),

-- How many pairs of groups are compared, and with that how far into the tail each of them has to look so that all hold
-- at once (Bonferroni): that makes up for the choice of the greatest and the least.
sized as (
    select
        e.*,
        sum(eligible) over (partition by {{ key }}, rate) as groups_of_rate,
        sum(reference_eligible) over (partition by {{ key }}, rate) as reference_groups_of_rate
    from entered as e
),

staged as (
    select
        s.*,
        sum(eligible * (groups_of_rate - 1) / 2e0) over (partition by {{ key }}) as statements,
        sum(reference_eligible * (reference_groups_of_rate - 1) / 2e0) over (partition by {{ key }})
            as reference_statements
    from sized as s
),

tails as {{ driftline._computed_once() }} (
    select
        s.*
        {%- for prefix in bounds %},
        case when {{ bounds[prefix].statements }} > 0
            then {{ bounds[prefix].tail }} / (2e0 * {{ bounds[prefix].statements }}) end as {{ prefix }}tail
        {%- endfor %}
    from staged as s
),

quantiles as {{ driftline._computed_once() }} (
    select
        t.*
        {%- for prefix in bounds %},
        {{ driftline._normal_tail('t.' ~ prefix ~ 'tail') }} as {{ prefix }}z
        {%- endfor %}
    from tails as t
)

select
    cast(dense_rank() over (order by {{ key }}) as {{ dbt.type_int() }}) as set_no,
    q.disparity, q.rate, q.monitor, q.model_version, q.segment, q.segment_value, q.window_periods, q.period_index,
    q.window_start, q.window_end,
    q.is_complete, q.is_mature, q.nothing, q.all_n, q.scored_n, q.row_count, q.effective_rows, q.value,
    q.reference_row_count, q.reference_value, q.eligible, q.reference_eligible, q.groups_of_rate
    {%- for prefix in bounds -%}
    {%- for end in ['lower', 'upper'] %},
    case when {{ 'reference_' if prefix == 'reference_' }}eligible = 1
        then {{ driftline._wilson(
            end, 'q.' ~ bounds[prefix].value, 'q.' ~ bounds[prefix].rows, 'q.' ~ prefix ~ 'z'
        ) }} end as {{ prefix }}{{ end }}
    {%- endfor -%}
    {%- endfor %}
from quantiles as q
{%- else -%}{{ driftline._empty() }}{%- endif %}
