{{ config(materialized=driftline._private_table()) }}
{%- set keys = ['model_version', 'segment', 'segment_value', 'window_periods', 'family', 'metric', 'column_name',
    'baseline'] %}
{%- set series = 'monitor, ' ~ keys | join(', ') ~ ', way' %}
{%- set so_far = '(partition by ' ~ series ~ ' order by accepted_from rows unbounded preceding)' %}
{%- set accepted = driftline._of_people('driftline_accepted') %}
{%- if accepted and driftline._is_needed() -%}
{%- set has_way = 'way' in adapter.get_columns_in_relation(accepted) | map(attribute='name') | map('lower') | list %}

-- How far each series may go since people called it expected, or a false alarm: as far as it had gone by then, up and
-- down by themselves; answers of before ways were recorded count for both. What came before stays as it was judged. An
-- answer that was taken back widens nothing, nor do rows without their answer.
with names as (
    {{ driftline._names_of_monitors() }}
),

-- What is accepted of a business metric is accepted against the reference too, which takes over (decision 33).
{%- set answer = 'answer_id, accepted_from, compare, accepted_effect, accepted_difference' ~ (', way' if has_way) %}
answered as (
    select monitor, {{ keys | join(', ') }}, {{ answer }} from {{ accepted }}
    union all
    select monitor, {{ keys[:-1] | join(', ') }}, 'reference', {{ answer }}
    from {{ accepted }}
    where family = 'business' and baseline = 'trailing'
),

given as (
    select
        n.monitor as monitor,
        {%- for key in keys %} a.{{ key }} as {{ key }},{% endfor %} t.way as way, a.accepted_from as accepted_from,
        case when count(a.compare) = count(*) and min(a.compare) = max(a.compare) then max(a.compare) end as compare,
        max(a.accepted_effect) as accepted_effect, max(a.accepted_difference) as accepted_difference
    from answered as a
    join {{ ref('driftline_int_answers') }} as w on w.answer_id = a.answer_id
    join names as n on n.known_as = a.monitor
    join (
        select {{ driftline._text('up') }} as way
        union all
        select {{ driftline._text('down') }}
    ) as t on {{ 't.way = coalesce(a.way, t.way)' if has_way else '1 = 1' }}
    where a.accepted_effect is not null and a.accepted_from is not null
    group by n.monitor, {{ 'a.' ~ keys | join(', a.') }}, t.way, a.accepted_from
)

select
    {{ series }}, accepted_from,
    lead(accepted_from) over (partition by {{ series }} order by accepted_from) as accepted_until,
    case when count(compare) over {{ so_far }} = count(*) over {{ so_far }}
        and min(compare) over {{ so_far }} = max(compare) over {{ so_far }} then compare end as compare,
    max(accepted_effect) over {{ so_far }} as accepted_effect,
    max(accepted_difference) over {{ so_far }} as accepted_difference
from given
{%- elif execute -%}{{ driftline._empty() }}
{%- else -%}
-- depends_on: {{ ref('driftline_int_monitors') }}, {{ ref('driftline_int_answers') }}
select 1 as nothing
{%- endif %}
