{{ config(materialized=driftline._step_materialization('drift')) }}
{%- set read = ref('driftline_int_event_windows') -%}
{%- if driftline._is_needed(['drift']) -%}
{%- set leaves = {'recent': driftline._has_events(), 'noise': false} -%}
{%- set sums = {'w': '', 'w2': '2', 'v': '_sum'} -%}
{%- set earlier = ['previous', 'trailing', 'seasonal'] -%}
{%- set keys = ['slice_no', 'bin_no', 'column_no', 'block'] -%}
{%- set measures = {'recent': [], 'noise': []} -%}
{%- for name in sums -%}
    {%- for scope in measures -%}
        {%- do measures[scope].append({'name': name, 'aggregate': 'sum', 'baselines': scope == 'recent'}) -%}
        {%- do measures[scope].append({'name': 'reference_' ~ name, 'aggregate': 'sum', 'baselines': false}) -%}
    {%- endfor -%}
{%- endfor %}

-- Each bin of every window (q) next to each of its baselines (p): rows as weights, their squares, and the sum of the
-- values. The one place where windows of bins are rolled and what is in the window is taken out of the reference.
with
{%- for scope in measures %}
{{ scope }}_dense as (
    {{ driftline._dense_bins(scope, ref('driftline_int_scopes'), ['feature', 'prediction', 'label'], measures[scope],
        leaves=leaves[scope]) }}
),

{{ scope }}_rolled as (
    {{ driftline._roll(scope ~ '_dense', keys, measures[scope], baseline='reference', leaves=leaves[scope]) }}
),

{% endfor -%}
sums as (
    {%- for scope in measures %}
    select
        s.pair_no, r.bin_no as bin_no
        {%- for name in sums %},
        r.{{ name }} as q{{ sums[name] }},
        case
            {%- if scope == 'recent' %}
            {%- for baseline in earlier %}
            when s.baseline = '{{ baseline }}' then coalesce(r.{{ baseline }}_{{ name }}, 0)
            {%- endfor %}
            {%- endif %}
            when {{ driftline._is_left('f.w', 'r.reference_w') }} then f.{{ name }} - r.reference_{{ name }}
            else 0
        end as p{{ sums[name] }}
        {%- endfor %}
    from {{ scope }}_rolled as r
    join {{ ref('driftline_int_sides') }} as s
        on s.slice_no = r.slice_no and s.window_periods = r.window_periods and s.period_index = r.period_index
        and s.column_no = r.column_no and s.baseline {{ '<>' if scope == 'recent' else '=' }} 'noise'
    left join {{ ref('driftline_int_reference') }} as f on f.slice_no = r.slice_no and f.bin_no = r.bin_no
    where r.period_index - r.window_periods + 1 >= r.first_index
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from sums where q > 0 or p > 0
{%- else -%}{{ driftline._empty() }}{%- endif %}
