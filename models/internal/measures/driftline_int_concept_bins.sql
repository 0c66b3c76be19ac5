{{ config(materialized=driftline._step_materialization('concept')) }}
{%- if driftline._is_needed(['concept']) -%}
{%- set sums = ['l', 'l2', 'y', 'y2', 'lp', 'e', 'e2'] -%}
{%- set measures = [] -%}
{%- for name in sums -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
    {%- do measures.append({'name': 'reference_' ~ name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor -%}
{%- set pair = 'is_noise, slice_no, window_periods, period_index, column_no' -%}
{%- set of_scope = ['changed_from_index', 'is_binary', 'has_label_mean', 'has_prediction', 'centre'] -%}
{%- set keys = ['is_noise', 'slice_no', 'bin_no', 'block', 'column_no', 'bin'] + of_scope -%}
{%- set targets = driftline._concept_targets() -%}
{%- set tested = ['label', 'calibration'] -%}
{%- set enough = driftline._concept_enough() %}

-- Each bin of each window that this run computes next to the reference without the window: means, differences and what
-- they tell. Joins start from tables and leave the long rows alone once they are rolled: some planners take every step
-- here for a single row, and would try all pairs.
with dense as (
    {%- for scope in ['recent', 'noise'] %}
    {{ driftline._dense_bins(scope, ref('driftline_int_concept_scopes'), ['feature', 'prediction'], measures,
        of_scope) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

rolled as (
    {{ driftline._roll('dense', keys, measures, baseline='reference') }}
),

-- Each bin of each window (q) next to the reference without the window (p).
sides as (
    select * from (
        select
            {% for key in keys %}r.{{ key }}, {% endfor %}r.window_periods, r.period_index, r.reference_l,
            {%- for name in sums %}
            r.{{ name }} as q_{{ name }},
            -- What rounding leaves of a row is no row.
            case when {{ driftline._is_left('f.l', 'r.reference_l') }}
                then coalesce(f.{{ name }}, 0) - r.reference_{{ name }} else 0 end
                as p_{{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from rolled as r
        left join {{ ref('driftline_int_reference') }} as f on f.slice_no = r.slice_no and f.bin_no = r.bin_no
        where r.period_index - r.window_periods + 1 >= r.first_index
            and (r.is_noise = 1 or r.period_index >= r.changed_from_index)
    ) as bins
    where q_l > 0 or p_l > 0
),

means as {{ driftline._computed_once() }} (
    select
        {{ pair }}, bin, is_binary, has_label_mean, reference_l, q_l, p_l, q_l2, p_l2, q_y, p_y, q_lp, p_lp, q_e, p_e,
        case when q_l > 0 then q_l / q_l2 * q_l else 0e0 end as q_n,
        case when p_l > 0 then p_l / p_l2 * p_l else 0e0 end as p_n,
        centre
        {%- for name in targets -%}
        {%- for side in ['q', 'p'] %},
        case when {{ targets[name].applies | replace('e.', '') }}
            then {{ driftline._bounded_mean(targets[name].sum | replace('@', side ~ '_'), side ~ '_l') }} end
            as {{ side }}_{{ name }},
        case when {{ targets[name].applies | replace('e.', '') }} and abs({{ targets[name].centre }}) <= 1e60
            then {{ driftline._bounded_mean(targets[name].squares | replace('@', side ~ '_'), side ~ '_l', 2) }} end
            as {{ side }}_{{ name }}_squares,
        case when {{ side }}_l > 0
            then least({{ targets[name].size | replace('@', side ~ '_') }}, 1e60) end as {{ side }}_{{ name }}_size
        {%- endfor -%}
        {%- endfor %}
    from sides
),

variances as {{ driftline._computed_once() }} (
    select
        means.*,
        q_n > 0 and p_n > 0 as is_compared,
        {%- for name in targets %}
        -- What rounding leaves of no difference is none.
        case when q_n > 0 and p_n > 0 then
            case when abs(q_{{ name }} - p_{{ name }})
                    > (q_{{ name }}_size + p_{{ name }}_size) * {{ driftline._rounding('(q_n + p_n)') }}
                then q_{{ name }} - p_{{ name }}
                when q_{{ name }} - p_{{ name }} is not null then 0e0 end
        end as {{ name }}_difference,
        {%- endfor %}
        -- The effective rows of the difference of two means: 1 / (1/n + 1/m).
        case when q_n > 0 and p_n > 0 then q_n / (q_n + p_n) * p_n else 0e0 end as rows_of_difference
        {%- for name in targets -%}
        {%- for side in ['q', 'p'] %},
        case when {{ side }}_{{ name }} is not null and {{ side }}_{{ name }}_squares is not null then
            {%- set from_centre = '(' ~ side ~ '_' ~ name ~ ' - ' ~ targets[name].centre ~ ')' %}
            {{ driftline._variance(side ~ '_' ~ name ~ '_squares', driftline._squared(from_centre), side ~ '_n',
                'abs(' ~ from_centre ~ ') * ' ~ side ~ '_' ~ name ~ '_size') }}
        end as {{ side }}_{{ name }}_variance
        {%- endfor -%}
        {%- endfor %}
    from means
),

-- If the relation is what it was, the rows of both sides are one sample, and so it is their variance together that says
-- how far the two means of a bin may be apart. Bins that are all 0 on one side are not certain for that.
differences as {{ driftline._computed_once() }} (
    select
        variances.*
        {%- for name in targets %},
        case when is_compared then
            (q_n * q_{{ name }}_variance + p_n * p_{{ name }}_variance
                + rows_of_difference * {{ driftline._squared(name ~ '_difference') }})
            / greatest(q_n + p_n - 1e0, 1e0)
        end as {{ name }}_variance
        {%- endfor %}
    from variances
),

informed as (
    select
        differences.*
        {%- for name in targets %},
        case when is_compared and {{ name }}_variance is not null then rows_of_difference
            * {{ targets[name].information }} else 0e0 end as {{ name }}_information
        {%- endfor %}
    from differences
),

-- Bins with too few rows for a test of their own are tested together with their neighbours, by the sum of their
-- differences (Cochran, Mantel, Haenszel): so a shift of the shares between them is not taken for one of the relation.
grouped as {{ driftline._computed_once() }} (
    select
        informed.*,
        sum(q_l) over (partition by {{ pair }}) as q_total,
        sum(p_l) over (partition by {{ pair }}) as p_total
        {%- for name in tested %},
        sum(case when {{ name }}_information < {{ enough }} then {{ name }}_information else 0e0 end)
            over (partition by {{ pair }}) as {{ name }}_small,
        sum(case when {{ name }}_information < {{ enough }} then {{ name }}_information else 0e0 end)
            over (partition by {{ pair }} order by bin rows unbounded preceding)
            - case when {{ name }}_information < {{ enough }} then {{ name }}_information else 0e0 end
                as {{ name }}_small_before
        {%- endfor %}
    from informed
)

select
    {{ pair }}, reference_l, is_compared, rows_of_difference, centre
    {%- for side in ['q', 'p'] -%}
    {%- for name in ['l', 'l2', 'y', 'lp', 'e'] %}, {{ side }}_{{ name }}{% endfor %}
    {%- for name in targets %}, {{ side }}_{{ name }}_variance, {{ side }}_{{ name }}_size{% endfor %}
    {%- endfor %}
    {%- for name in targets %}, {{ name }}_difference, {{ name }}_variance, {{ name }}_information{% endfor %},
    q_l / nullif(q_total, 0) as q_share,
    p_l / nullif(p_total, 0) as p_share,
    (q_l / nullif(q_total, 0) + p_l / nullif(p_total, 0)) / 2e0 as mean_share
    {%- for name in targets %},
    -- A bin that is empty on one side has the other side's mean: what it changes, its share does.
    coalesce(q_{{ name }}, p_{{ name }}) / 2e0 + coalesce(p_{{ name }}, q_{{ name }}) / 2e0 as {{ name }}_mean_of_sides,
    {{ name }}_variance / nullif(rows_of_difference, 0) as {{ name }}_difference_variance
    {%- endfor %}
    {%- for name in tested %},
    -- Groups of 10, none under 5: a bin among them brings less than 5, and the last group takes what is left.
    case when {{ name }}_information >= {{ enough }} then bin
        when {{ name }}_information > 0 then -1000 - cast(least(
            floor({{ name }}_small_before / 10e0 + 1e-9), greatest(floor({{ name }}_small / 10e0 + 1e-9) - 1e0, 0e0)
        ) as {{ dbt.type_int() }})
    end as {{ name }}_cell,
    -- What the third and fourth moments of a rare label add to the variance of a squared difference.
    case when is_binary = 1 and {{ name }}_variance > 0 then
        1e0 + 0.5e0 * greatest(
            (1e0 - 6e0 * {{ name }}_variance) / {{ name }}_variance
            * (1e0 / q_n / q_n / q_n + 1e0 / p_n / p_n / p_n) * rows_of_difference * rows_of_difference, -2e0)
        else 1e0
    end as {{ name }}_spread
    {%- endfor %}
from grouped
{%- else -%}{{ driftline._empty() }}{%- endif %}
