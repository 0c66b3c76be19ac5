{{ driftline._keep_windows() }}
{%- if driftline._is_needed(['fairness']) -%}
{%- set disparities = driftline._disparities() -%}
{%- set bounds = {'': 'value', 'strict_': 'value', 'reference_': 'reference_value'} -%}
{%- set kinds = ['difference', 'ratio'] -%}
{%- set least = ['ratio', 'ratio_lower', 'ratio_upper', 'strict_ratio_upper', 'reference_ratio',
    'reference_ratio_lower'] -%}
{%- set greatest = ['difference', 'difference_lower', 'difference_upper', 'strict_difference_lower',
    'reference_difference', 'reference_difference_upper'] -%}
{%- set names = ['difference_highest', 'difference_lowest', 'ratio_highest', 'ratio_lowest'] -%}
{%- set rate_counts = ['difference_rate', 'ratio_rate', 'reference_difference_rate', 'reference_ratio_rate'] -%}
{%- set groups = ['scored_value', 'known_value', 'groups_of_rate', 'eligible_rows',
    'reference_eligible_rows', 'immature'] -%}
{%- set null_double = driftline._as_double('null') -%}
{%- set null_text = driftline._as_text('null') -%}
{%- set null_count = 'cast(null as ' ~ dbt.type_bigint() ~ ')' -%}
{{- driftline._need_whole_steps() }}

-- Every pair of groups that take part. Their bounds hold for all pairs at once, so they hold for the pair that is
-- picked because it is farthest apart.
with pairs as {{ driftline._computed_once() }} (
    select
        a.set_no, a.rate, a.segment_value as group_a, b.segment_value as group_b
        {%- for prefix, value in bounds.items() %}
        {%- set whose = 'reference_' if prefix == 'reference_' else '' %}
        {%- set both = 'case when a.' ~ whose ~ 'eligible = 1 and b.' ~ whose ~ 'eligible = 1 then ' %}
        {%- if prefix != 'strict_' %},
        {{ both }}a.{{ value }} - b.{{ value }} end as {{ prefix }}difference,
        {{ both }}a.{{ value }} / nullif(b.{{ value }}, 0) end as {{ prefix }}ratio
        {%- endif %}
        {%- for end in ['lower', 'upper'] %},
        {{ both }}{{ driftline._difference_bound(end, 'a', 'b', value, prefix) }} end
            as {{ prefix }}difference_{{ end }},
        {{ both }}{{ driftline._ratio_bound(end, 'a', 'b', value, prefix) }} end as {{ prefix }}ratio_{{ end }}
        {%- endfor %}
        {%- endfor %}
    from {{ ref('driftline_int_fairness_groups') }} as a
    join {{ ref('driftline_int_fairness_groups') }} as b on b.set_no = a.set_no and b.rate = a.rate
        and b.segment_value <> a.segment_value
    where (a.eligible = 1 and b.eligible = 1) or (a.reference_eligible = 1 and b.reference_eligible = 1)
),

ranked as (
    select
        p.*,
        row_number() over (partition by set_no order by coalesce(difference, -2) desc, rate,
            {{ driftline._byte_order('group_a') }}, {{ driftline._byte_order('group_b') }}) as by_difference,
        row_number() over (partition by set_no order by case when ratio is null then 1 else 0 end, ratio, rate,
            {{ driftline._byte_order('group_a') }}, {{ driftline._byte_order('group_b') }}) as by_ratio
    from pairs as p
),

everything as (
    select
        set_no,
        {%- for name in least + greatest %} {{ name }},{% endfor %}
        case when by_difference = 1 then group_a end as difference_highest,
        case when by_difference = 1 then group_b end as difference_lowest,
        case when by_ratio = 1 then group_b end as ratio_highest,
        case when by_ratio = 1 then group_a end as ratio_lowest,
        {%- for prefix in ['', 'reference_'] %}{% for kind in kinds %}
        case when {{ prefix }}{{ kind }} is not null then rate end as {{ prefix }}{{ kind }}_rate,
        {%- endfor %}{% endfor %}
        {{ null_text }} as scored_value, {{ null_text }} as known_value,
        {% for name in groups[2:] %}{{ null_double }} as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
    from ranked
    union all
    select
        set_no,
        {%- for name in least + greatest %} {{ null_double }},{% endfor %}
        {%- for name in names + rate_counts %} {{ null_text }},{% endfor %}
        -- A group that has no rows now is still one of the groups, as long as it has windows.
        case when scored_n > 0 then segment_value end,
        case when scored_n > 0 or all_n = 0 then segment_value end, {{ driftline._as_sum('groups_of_rate') }},
        case when eligible = 1 then {{ driftline._as_sum('row_count') }} end,
        case when reference_eligible = 1 then {{ driftline._as_sum('reference_row_count') }} end,
        case when eligible = 1 and not is_mature then 1 else 0 end
    from {{ ref('driftline_int_fairness_groups') }}
),

extremes as (
    select
        set_no,
        {%- for name in least %} min({{ name }}) as {{ name }},{% endfor %}
        {%- for name in greatest %} max({{ name }}) as {{ name }},{% endfor %}
        {%- for name in names %} max({{ name }}) as {{ name }},{% endfor %}
        {%- for name in rate_counts %} count(distinct {{ name }}) as {{ name }}s,{% endfor %}
        count(distinct scored_value) as groups_with_rows, count(distinct known_value) as groups_known,
        min(groups_of_rate) as group_count, min(eligible_rows) as row_count,
        min(reference_eligible_rows) as reference_row_count, max(immature) as immature
    from everything
    group by set_no
),

sets as (
    select distinct set_no, disparity, monitor, model_version, segment, window_periods, window_start, window_end,
        is_complete
    from {{ ref('driftline_int_fairness_groups') }}
),

compared as {{ driftline._computed_once() }} (
    select
        s.*, e.immature,
        {%- for name in rate_counts %} e.{{ name }}s,{% endfor %}
        {%- for name in least + greatest + names %} e.{{ name }},{% endfor %}
        e.groups_with_rows, e.groups_known, e.group_count, e.row_count, e.reference_row_count,
        case s.disparity
            {%- for name in disparities %}
            when '{{ name }}' then {{ disparities[name] | length }}
            {%- endfor %}
        end as rates_needed
    from sets as s
    join extremes as e on e.set_no = s.set_no
),

judged as {{ driftline._computed_once() }} (
    {%- for kind in kinds %}
    {%- set to_strict = '(c.difference - c.strict_difference_lower)' if kind == 'difference'
        else '(c.strict_ratio_upper - c.ratio)' -%}
    {%- set to_reference = '(c.reference_difference_upper - c.reference_difference)' if kind == 'difference'
        else '(c.reference_ratio - c.reference_ratio_lower)' %}
    select
        c.*, c.disparity || '_{{ kind }}' as metric,
        {%- set known = 'case when c.' ~ kind ~ '_rates = c.rates_needed' %}
        {{ known }} then c.{{ kind }} end as value,
        {{ known }} then greatest(coalesce(c.{{ kind }}_lower, 0e0), 0e0) end as value_lower,
        {{ known }} then {{ 'c.difference_upper' if kind == 'difference'
            else 'least(coalesce(c.ratio_upper, 1e0), 1e0)' }} end as value_upper,
        {{ known }} then c.{{ kind }}_highest end as highest_group,
        {{ known }} then c.{{ kind }}_lowest end as lowest_group,
        {{ known }} then {{ to_strict }} end as noise,
        case when c.reference_{{ kind }}_rates = c.rates_needed then c.reference_{{ kind }} end as reference_value,
        {{ known }} and c.reference_{{ kind }}_rates = c.rates_needed then
            sqrt({{ driftline._squared(to_strict) }} + {{ driftline._squared(to_reference) }})
        end as reference_noise
    from compared as c
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

levels as {{ driftline._computed_once() }} (
    select {{ driftline._normal_tail('l.tail') }} as z
    from (select (1e0 - {{ driftline._as_double(driftline._confidence()) }}) / 2e0 as tail) as l
)

select
    g.monitor, g.model_version, g.segment, g.segment_value,
    cast(g.window_periods as {{ dbt.type_int() }}) as window_periods, g.window_start, g.window_end,
    {{ driftline._is_total('g') }} as is_total,
    {{ driftline._as_text('g.rate') }} as metric, g.is_complete, g.is_mature,
    cast(g.row_count as {{ dbt.type_bigint() }}) as row_count,
    {{ driftline._as_double('g.value') }} as value,
    {%- for end in ['lower', 'upper'] %}
    {{ driftline._as_double('case when g.value is not null then '
        ~ driftline._wilson(end, 'g.value', 'g.effective_rows', 'l.z') ~ ' end') }} as value_{{ end }},
    {%- endfor %}
    {{ null_count }} as group_count, {{ null_count }} as excluded_group_count, {{ null_text }} as highest_group,
    {{ null_text }} as lowest_group,
    {{ null_double }} as noise,
    {{ driftline._as_double('g.reference_value') }} as reference_value,
    cast(g.reference_row_count as {{ dbt.type_bigint() }}) as reference_row_count,
    {{ null_double }} as reference_noise,
    {{ driftline._as_text('case when g.value is null then g.nothing end') }} as reason
from {{ ref('driftline_int_fairness_groups') }} as g
cross join levels as l
-- Each rate once: equalized odds look at two that are there anyway, but for the false positives.
where g.disparity <> 'equalized_odds' or g.rate = 'false_positive_rate'
union all
select
    j.monitor, j.model_version, j.segment, {{ driftline._text('all') }},
    cast(j.window_periods as {{ dbt.type_int() }}), j.window_start, j.window_end,
    j.model_version = 'all',
    {{ driftline._as_text('j.metric') }}, j.is_complete, j.immature = 0,
    cast(coalesce(j.row_count, 0) as {{ dbt.type_bigint() }}),
    {{ driftline._as_double('j.value') }}, {{ driftline._as_double('j.value_lower') }},
    {{ driftline._as_double('j.value_upper') }},
    cast(j.group_count as {{ dbt.type_bigint() }}), cast(j.groups_known - j.group_count as {{ dbt.type_bigint() }}),
    {{ driftline._as_text('j.highest_group') }}, {{ driftline._as_text('j.lowest_group') }},
    {{ driftline._as_double('j.noise') }}, {{ driftline._as_double('j.reference_value') }},
    cast(j.reference_row_count as {{ dbt.type_bigint() }}), {{ driftline._as_double('j.reference_noise') }},
    {{ driftline._as_text("case
        when j.value is not null then null
        when j.groups_with_rows < 2 then 'fewer than two groups in the window'
        when j.difference_rates = j.rates_needed then 'a rate is 0 in every group'
        else 'fewer than two groups of at least " ~ driftline._fairness_min_rows() ~ " rows'
    end") }}
from judged as j
{{- driftline._and_kept_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
