{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- if driftline._is_needed(['concept']) -%}
{%- set sums = ['l', 'l2', 'y', 'y2', 'lp', 'e', 'e2'] -%}
{%- set measures = [] -%}
{%- for name in sums + ['reference_l', 'reference_l2', 'reference_y', 'reference_y2', 'reference_lp', 'reference_e', 'reference_e2'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor -%}
{%- set pair = 'is_noise, group_no, window_periods, period_index, column_no' -%}
{%- set keys = ['is_noise', 'group_no', 'cell_no', 'block', 'changed_from_index', 'column_no', 'bin', 'is_binary', 'has_label_mean', 'has_prediction', 'centre'] -%}
{%- set held = 'over (partition by e.held_against, e.window_periods, e.column_no)' -%}
{%- set rules = driftline._rules_hash() -%}
{%- set keep = driftline._can_keep_rows() -%}
{%- set size_of_y = 'case when abs(@y) > 1e-70 * @l then abs(@y) / @l else 0e0 end'
    ~ ' + case when abs(@y2) > 1e-140 * @l then sqrt(abs(@y2) / @l) else 0e0 end' -%}
{#- What is looked at, given the bin: its sum, the sum of its squares around `centre`, how large what it was summed from
    is on average, and whom it is defined for; @ stands for the side. -#}
{%- set targets = {
    'label': {
        'applies': 'e.has_label_mean = 1',
        'sum': '@y', 'squares': '@y2', 'centre': 'centre',
        'size': '(' ~ size_of_y ~ ')',
        'information': 'case when is_binary = 1 then label_variance else 0.25e0 end',
    },
    'calibration': {
        'applies': 'e.has_label_mean = 1 and e.has_prediction = 1',
        'sum': '(@lp - @y)', 'squares': 'case when is_binary = 1 then @e else @e2 end', 'centre': '0e0',
        'size': '(case when abs(@lp) > 1e-70 * @l then abs(@lp) / @l else 0e0 end + ' ~ size_of_y ~ ')',
        'information': 'case when is_binary = 1 then calibration_variance else 0.25e0 end',
    },
    'loss': {
        'applies': 'e.has_prediction = 1',
        'sum': '@e', 'squares': '@e2', 'centre': '0e0',
        'size': 'case when abs(@e) > 1e-70 * @l then abs(@e) / @l else 0e0 end',
        'information': 'case when is_binary = 1 then calibration_variance when has_label_mean = 1 then 0.25e0 else loss_variance end',
    },
} -%}
{%- set tested = ['label', 'calibration'] -%}
{#- A sum is as good as normal from here on: 5 in the variance of a number of positives, or 20 rows (docs/measures.md). The
    little less is for rounding. -#}
{%- set enough = '4.999999999e0' -%}
{#- The mean of |x| of a standard normal x, and the normal values at the level of significance, for one side and two. -#}
{%- set mean_of_absolute = '0.7978845608028654e0' -%}
{%- set null_double = driftline._as_double('null') -%}
{%- set z_one_sided = driftline._normal_tail(driftline._alpha()) -%}
{%- set z_two_sided = driftline._normal_tail(driftline._alpha() / 2) %}

-- The joins below start from tables and leave the long rows alone once they are rolled: what is put together at the end is
-- put together by grouping. Some planners take every step here for a single row, and would try all pairs.
with monitored as (
    select
        c.monitor, m.has_prediction,
        case when m.task = 'binary' then 1 else 0 end as is_binary,
        case when m.task in ('binary', 'regression') then 1 else 0 end as has_label_mean,
        coalesce(b.centre, 0e0) as centre
    from (select monitor from {{ ref('driftline_cells') }} group by monitor) as c
    left join {{ ref('driftline_int_monitors') }} as m on m.monitor = c.monitor
    left join (
        select monitor, max(bin_lower) as centre from {{ ref('driftline_bins') }} where column_role = 'label' and bin_kind = 'centre' group by monitor
    ) as b on b.monitor = c.monitor and m.task = 'regression'
    where {{ driftline._of_family('concept', 'c.monitor') }}
        and coalesce(m.has_label, 0) * case when m.task in ('binary', 'regression') then 1 when m.task = 'multiclass' then m.has_prediction else 0 end > 0
),

columns as (
    select c.monitor, c.column_no, c.column_name, c.column_role, c.column_kind
    from {{ ref('driftline_cells') }} as c
    where c.column_role in ('feature', 'prediction')
    group by c.monitor, c.column_no, c.column_name, c.column_role, c.column_kind
),

-- A run computes only the windows that hold a period which was read since this table was last built; the others are
-- kept as they are (decision 5).
changes as (
    {{ driftline._changed_from(keep, rules) }}
),

scopes as (
    select
        g.group_no, g.monitor, g.source, g.spec_hash, g.computed_at, c.rules_hash,
        m.is_binary, m.has_label_mean, m.has_prediction, m.centre,
        -- The noise of a group is that of the reference it is held against, of whatever source its rows are.
        {{ dbt.concat(["g.monitor", "'|'", "g.segment", "'|'", "g.segment_value", "'|'", "g.model_version"]) }} as own_reference,
        {{ dbt.concat(["g.monitor", "'|'", "g.segment", "'|'", "g.segment_value", "'|'", "f.reference_model_version"]) }} as held_against,
        case
            {%- for window in driftline._windows() %}
            when g.period = '{{ window.period }}' then {{ driftline._period_index('c.changed_from', window.period) }}
            {%- endfor %}
        end as changed_from_index,
        case
            {%- for window in driftline._windows() %}
            when g.period = '{{ window.period }}' then {{ window.sizes | max }}
            {%- endfor %}
        end as reach,
        s.first_index as reference_first_index, s.last_index as reference_last_index
    from {{ ref('driftline_groups') }} as g
    join monitored as m on m.monitor = g.monitor
    left join changes as c on c.monitor = g.monitor
    left join (
        select group_no, max(reference_model_version) as reference_model_version from {{ ref('driftline_reference') }} group by group_no
    ) as f on f.group_no = g.group_no
    left join (
        select group_no, min(period_index) as first_index, max(period_index) as last_index
        from {{ ref('driftline_series') }}
        where reference_n > 0
        group by group_no
    ) as s on s.group_no = g.group_no
),

-- The windows to be computed, and once more those of the reference, every time: the noise comes from them.
dense as (
    {%- for is_noise in [0, 1] %}
    select
        {{ is_noise }} as is_noise, k.group_no, c.cell_no, k.block, k.period, k.period_index,
        {{ 'o.reference_first_index' if is_noise else 'k.first_index' }} as first_index, o.changed_from_index,
        c.column_no, c.bin, o.is_binary, o.has_label_mean, o.has_prediction, o.centre
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_calendar') }} as k
    join scopes as o on o.group_no = k.group_no
        {%- if is_noise %}
        and k.period_index between o.reference_first_index and o.reference_last_index
        {%- else %}
        and o.source = 'relation' and k.period_index > o.changed_from_index - o.reach
        {%- endif %}
    join {{ ref('driftline_cells') }} as c on c.monitor = k.monitor
    left join {{ ref('driftline_series') }} as s
        on s.group_no = k.group_no and s.cell_no = c.cell_no and s.period_index = k.period_index
    where c.column_role in ('feature', 'prediction') and c.bin_kind <> 'moments'
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
            case when f.l - r.reference_l > 1e-12 * f.l then coalesce(f.{{ name }}, 0) - r.reference_{{ name }} else 0 end as p_{{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from rolled as r
        left join {{ ref('driftline_reference') }} as f on f.group_no = r.group_no and f.cell_no = r.cell_no
        where r.period_index - r.window_periods + 1 >= r.first_index and (r.is_noise = 1 or r.period_index >= r.changed_from_index)
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
        case when {{ targets[name].applies | replace('e.', '') }} then {{ driftline._bounded_mean(targets[name].sum | replace('@', side ~ '_'), side ~ '_l') }} end as {{ side }}_{{ name }},
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
        case when is_compared and {{ name }}_variance is not null then rows_of_difference * {{ targets[name].information }} else 0e0 end as {{ name }}_information
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
        sum(case when {{ name }}_information < {{ enough }} then {{ name }}_information else 0e0 end) over (partition by {{ pair }}) as {{ name }}_small,
        sum(case when {{ name }}_information < {{ enough }} then {{ name }}_information else 0e0 end) over (partition by {{ pair }} order by bin rows unbounded preceding)
            - case when {{ name }}_information < {{ enough }} then {{ name }}_information else 0e0 end as {{ name }}_small_before
        {%- endfor %}
    from informed
),

terms as (
    select
        grouped.*,
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
),

cells as (
    {%- for name in tested %}
    select
        {{ pair }}, '{{ name }}' as target, {{ name }}_cell as cell,
        sum({{ name }}_information) as information,
        sum(rows_of_difference * {{ name }}_difference) as difference,
        sum(rows_of_difference * {{ name }}_variance) as variance,
        count(*) as bins
    from terms
    where {{ name }}_cell is not null
    group by {{ pair }}, {{ name }}_cell
    having sum({{ name }}_information) >= {{ enough }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

chi_squared as (
    select
        {{ pair }}, target,
        sum(case when variance > 0 then {{ driftline._squared('(difference / sqrt(variance))') }} else 0e0 end) as chi_squared,
        count(*) as df
    from cells
    where is_noise = 0
    group by {{ pair }}, target
),

chi_squared_terms as (
    {{ driftline._needed_chi_squared_terms() }}
),

p_values as (
    select
        {% for key in pair.split(', ') %}x.{{ key }}, {% endfor %}x.target, x.chi_squared, x.df,
        case
            when x.chi_squared = 0e0 then 1e0
            else {{ driftline._chi_squared_tail('x', 'x.positive') }}
        end as p_value
    from (
        select
            {{ pair }}, target, chi_squared, df, sqrt(chi_squared / 2e0) as root,
            case when chi_squared > 0 then chi_squared else 1e0 end as positive,
            cast(mod(df, 2) as {{ dbt.type_int() }}) as parity,
            cast(floor(df / 2.0) as {{ dbt.type_int() }}) as half
        from chi_squared
    ) as x
    left join chi_squared_terms as t on t.parity = x.parity and t.term between x.parity and x.half - 1 + x.parity
    group by {% for key in pair.split(', ') %}x.{{ key }}, {% endfor %}x.target, x.chi_squared, x.df
),

measured as (
    select
        {{ pair }},
        sum(q_l) as q_total, sum(p_l) as p_total, sum(reference_l) as reference_total,
        sum(case when is_compared then 1 else 0 end) as compared_bins,
        sum(case when label_cell < -999 then 1 else 0 end) as pooled_bins,
        sum(case when p_l > 0 then 0e0 else q_share end) as unmatched_share,
        1e0 / nullif(sum(q_l) * (sum(q_l) / nullif(sum(q_l2), 0)), 0) + 1e0 / nullif(sum(p_l) * (sum(p_l) / nullif(sum(p_l2), 0)), 0) as inverse_rows
        {%- for name in targets %},
        sum({{ targets[name].sum | replace('@', 'q_') }}) / nullif(sum(q_l), 0) as {{ name }}_mean,
        sum({{ targets[name].sum | replace('@', 'p_') }}) / nullif(sum(p_l), 0) as reference_{{ name }}_mean,
        -- A mean that is not there although there are labels is too large to be squared.
        max(case when (q_l > 0 and q_{{ name }}_variance is null) or (p_l > 0 and p_{{ name }}_variance is null) then 1 else 0 end) as {{ name }}_missing,
        sum((q_share - p_share) * {{ name }}_mean_of_sides) as {{ name }}_shares_effect,
        coalesce(sum(mean_share * {{ name }}_difference), 0e0) as {{ name }}_rates_effect,
        coalesce(sum(mean_share * mean_share * {{ name }}_difference_variance), 0e0) as {{ name }}_rates_variance,
        sum({{ name }}_information) as {{ name }}_information,
        max(greatest(coalesce(q_{{ name }}_size, 0e0), coalesce(p_{{ name }}_size, 0e0))) as {{ name }}_size,
        sum(mean_share * ({{ name }}_mean_of_sides - {{ targets[name].centre }})) as {{ name }}_centred_mean,
        sum(mean_share * {{ driftline._squared('(' ~ name ~ '_mean_of_sides - ' ~ targets[name].centre ~ ')') }}) as {{ name }}_centred_squares
        {%- endfor %}
        {%- for name in tested %},
        coalesce(sum(mean_share * {{ driftline._squared(name ~ '_difference') }}), 0e0) as {{ name }}_shift_squared,
        coalesce(sum(mean_share * {{ name }}_difference_variance), 0e0) as {{ name }}_shift_expected,
        coalesce(sum({{ name }}_spread * {{ driftline._squared('(mean_share * ' ~ name ~ '_difference_variance)') }}), 0e0) as {{ name }}_shift_spread
        {%- endfor %}
    from terms
    group by {{ pair }}
),

-- How far each effect is from nothing, and how far chance alone would bring it.
effects as (
    select
        {{ pair }}, q_total, p_total, compared_bins, pooled_bins, unmatched_share, is_noise = 1 and q_total = reference_total as is_reference
        {%- for name in targets %},
        {{ name }}_mean, reference_{{ name }}_mean, {{ name }}_missing, {{ name }}_information,
        {{ name }}_shares_effect, {{ name }}_rates_effect,
        sqrt({{ name }}_rates_variance) as {{ name }}_rates_error,
        sqrt({{ driftline._variance(name ~ '_centred_squares', driftline._squared(name ~ '_centred_mean'),
            '(q_total + p_total)', 'abs(' ~ name ~ '_centred_mean) * ' ~ name ~ '_size') }}
            * inverse_rows) as {{ name }}_shares_error
        {%- endfor %}
        {%- for name in tested %},
        sqrt({{ name }}_shift_squared) as {{ name }}_shift,
        sqrt({{ name }}_shift_expected) as {{ name }}_shift_error,
        -- A sum of squares with unequal variances is as good as χ² with this many degrees of freedom (Satterthwaite).
        case when {{ name }}_shift_spread > 0 then {{ name }}_shift_expected / {{ name }}_shift_spread * {{ name }}_shift_expected end as {{ name }}_shift_df
        {%- endfor %}
    from measured
),

-- What the reference's own windows reach beyond chance, each against the rest of the reference. One window says nothing.
floors as (
    select
        e.*,
        case when count(case when e.is_reference and e.compared_bins > 0 then 1 end) {{ held }} > 1 then 1 end as has_floor
        {%- for name in targets -%}
        {%- for effect in ['shares', 'rates'] %},
        max(case when e.is_reference and e.compared_bins > 0 and e.{{ name }}_missing = 0 then greatest(abs(e.{{ name }}_{{ effect }}_effect) - {{ mean_of_absolute }} * e.{{ name }}_{{ effect }}_error, 0e0) end) {{ held }} as {{ name }}_{{ effect }}_excess
        {%- endfor -%}
        {%- endfor %}
        {%- for name in tested %},
        max(case when e.is_reference and e.compared_bins > 0 and e.{{ name }}_missing = 0 then greatest(e.{{ name }}_shift - e.{{ name }}_shift_error, 0e0) end) {{ held }} as {{ name }}_shift_excess
        {%- endfor %}
    from (
        select effects.*, case when is_noise = 1 then o.own_reference else o.held_against end as held_against
        from effects
        join scopes as o on o.group_no = effects.group_no
    ) as e
),

{%- set carried = ['q_total', 'p_total', 'compared_bins', 'pooled_bins', 'unmatched_share', 'has_floor'] -%}
{%- for name in targets -%}
    {%- for column in ['mean', 'missing', 'information', 'shares_effect', 'rates_effect', 'rates_error', 'shares_error', 'shares_excess', 'rates_excess'] + (['shift', 'shift_error', 'shift_df', 'shift_excess'] if name in tested else []) -%}
        {%- do carried.append(name ~ '_' ~ column) -%}
    {%- endfor -%}
    {%- do carried.append('reference_' ~ name ~ '_mean') -%}
{%- endfor -%}
{%- set names = ['monitor', 'model_version', 'segment', 'segment_value', 'window_start', 'window_end', 'is_complete', 'is_mature', 'row_count', 'labelled_share', 'labelled_n', 'reference_labelled_n'] -%}
{%- set of_column = ['column_name', 'column_role', 'column_kind'] -%}
{%- set of_scope = ['spec_hash', 'rules_hash', 'computed_at', 'has_label_mean', 'has_prediction'] -%}
{%- set found = [] -%}
{%- for name in tested -%}
    {%- for column in ['chi_squared', 'df', 'p_value'] -%}
        {%- do found.append({'name': name ~ '_' ~ column, 'target': name, 'column': column}) -%}
    {%- endfor -%}
{%- endfor %}

labelled as (
    select
        r.group_no, r.window_periods, r.period_index, r.n as labelled_n, coalesce(f.n, 0) - r.reference_n as reference_labelled_n
    from {{ ref('driftline_rolling_measures') }} as r
    left join {{ ref('driftline_reference') }} as f on f.group_no = r.group_no and f.cell_no = r.cell_no
    where r.column_role = 'performance' and r.measure = 'labelled'
),

named as (
    select
        group_no, window_periods, period_index
        {%- for name in names %}, max({{ name }}) as {{ name }}{% endfor %}
    from (
        select
            group_no, window_periods, period_index, monitor, model_version, segment, segment_value, window_start, window_end,
            case when is_complete then 1 else 0 end as is_complete, 0 as is_mature,
            {{ null_double }} as row_count, {{ null_double }} as labelled_share, {{ null_double }} as labelled_n, {{ null_double }} as reference_labelled_n
        from {{ ref('driftline_windows') }}
        where source = 'relation' and has_reference
        union all
        select
            group_no, window_periods, period_index, null, null, null, null, null, null, null, case when is_mature then 1 else 0 end,
            row_count, labelled_share, null, null
        from {{ ref('driftline_maturity') }}
        union all
        select group_no, window_periods, period_index, null, null, null, null, null, null, null, null, null, null, labelled_n, reference_labelled_n
        from labelled
    ) as all_parts
    group by group_no, window_periods, period_index
    having max(monitor) is not null
),

assembled as (
    select
        group_no, window_periods, period_index, column_no
        {%- for name in names + of_column + of_scope + carried %}, max({{ name }}) as {{ name }}{% endfor %}
        {%- for column in found %}, max({{ column.name }}) as {{ column.name }}{% endfor %}
    from (
        select w.group_no, w.window_periods, w.period_index, c.column_no
            {%- for name in names %}, w.{{ name }}{% endfor %}
            {%- for name in of_column %}, c.{{ name }}{% endfor %}
            {%- for name in of_scope %}, o.{{ name }}{% endfor %}
            {%- for name in carried %}, {{ null_double }} as {{ name }}{% endfor %}
            {%- for column in found %}, {{ null_double }} as {{ column.name }}{% endfor %}
        from named as w
        join scopes as o on o.group_no = w.group_no and w.period_index >= o.changed_from_index
        join columns as c on c.monitor = w.monitor
        union all
        select group_no, window_periods, period_index, column_no
            {%- for name in names + of_column + of_scope %}, null{% endfor %}
            {%- for name in carried %}, {{ name }}{% endfor %}
            {%- for column in found %}, null{% endfor %}
        from floors
        where is_noise = 0
        union all
        select group_no, window_periods, period_index, column_no
            {%- for name in names + of_column + of_scope + carried %}, null{% endfor %}
            {%- for column in found %}, case when target = '{{ column.target }}' then {{ column.column }} end{% endfor %}
        from p_values
    ) as all_parts
    group by group_no, window_periods, period_index, column_no
    having max(monitor) is not null
),

computed as (
    select
        e.monitor, e.model_version, e.segment, e.segment_value,
        cast(e.window_periods as {{ dbt.type_int() }}) as window_periods, e.window_start, e.window_end,
        {{ driftline._is_total('e') }} as is_total,
        e.column_name, e.column_role, e.column_kind, e.is_complete = 1 as is_complete,
        e.is_mature = 1 as is_mature,
        cast(coalesce(e.row_count, 0) as {{ dbt.type_bigint() }}) as row_count,
        cast(coalesce(e.labelled_n, 0) as {{ dbt.type_bigint() }}) as labelled_row_count,
        cast(coalesce(e.reference_labelled_n, 0) as {{ dbt.type_bigint() }}) as reference_labelled_row_count,
        {{ driftline._as_double('e.labelled_share') }} as labelled_share,
        cast(coalesce(e.compared_bins, 0) as {{ dbt.type_int() }}) as compared_bins,
        cast(coalesce(e.pooled_bins, 0) as {{ dbt.type_int() }}) as pooled_bins,
        {{ driftline._as_double('case when e.q_total > 0 and e.p_total > 0 then e.unmatched_share end') }} as unmatched_share,
        {%- for name in targets %}
        {%- set there = 'case when e.compared_bins > 0 and e.' ~ name ~ '_missing = 0 then ' %}
        {%- set informed = 'case when e.compared_bins > 0 and e.' ~ name ~ '_missing = 0 and e.' ~ name ~ '_information >= ' ~ enough ~ ' then ' %}
        {%- set applies = 'case when ' ~ targets[name].applies ~ ' then ' %}
        {{ driftline._as_double(applies ~ 'e.' ~ name ~ '_mean end') }} as {{ name }}_mean,
        {{ driftline._as_double(applies ~ 'e.reference_' ~ name ~ '_mean end') }} as reference_{{ name }}_mean,
        {{ driftline._as_double(applies ~ 'e.' ~ name ~ '_mean - e.reference_' ~ name ~ '_mean end') }} as {{ name }}_change,
        {%- for effect in ['shares', 'rates'] %}
        {%- set error = 'e.' ~ name ~ '_' ~ effect ~ '_error' %}
        {{ driftline._as_double(there ~ 'e.' ~ name ~ '_' ~ effect ~ '_effect end') }} as {{ name }}_{{ effect }}_effect,
        {{ driftline._as_double(there ~ error ~ ' end') }} as {{ name }}_{{ effect }}_standard_error,
        {{ driftline._as_double(informed ~ 'greatest(' ~ z_two_sided ~ ' * ' ~ error ~ ', e.has_floor * e.' ~ name ~ '_' ~ effect ~ '_excess + ' ~ mean_of_absolute ~ ' * ' ~ error ~ ') end') }} as {{ name }}_{{ effect }}_noise,
        {%- endfor %}
        {{ driftline._as_double(there ~ 'e.reference_' ~ name ~ '_mean + e.' ~ name ~ '_rates_effect end') }} as {{ name }}_mean_standardized,
        {%- if name in tested %}
        {{ driftline._as_double(there ~ 'e.' ~ name ~ '_shift end') }} as {{ name }}_shift,
        {{ driftline._as_double(informed ~ 'greatest(e.' ~ name ~ '_shift_error * sqrt(power(greatest(1e0 - 2e0 / (9e0 * e.' ~ name ~ '_shift_df) + ' ~ z_one_sided
            ~ ' * sqrt(2e0 / (9e0 * e.' ~ name ~ '_shift_df)), 0e0), 3)), e.has_floor * e.' ~ name ~ '_shift_excess + e.' ~ name ~ '_shift_error) end') }} as {{ name }}_shift_noise,
        {{ driftline._as_double(there ~ 'e.' ~ name ~ '_chi_squared end') }} as {{ name }}_chi_squared,
        cast({{ there }}e.{{ name }}_df end as {{ dbt.type_int() }}) as {{ name }}_chi_squared_df,
        {{ driftline._as_double(there ~ 'case when e.' ~ name ~ '_p_value > 1e0 then 1e0 else e.' ~ name ~ '_p_value end end') }} as {{ name }}_p_value,
        {%- endif %}
        {%- endfor %}
        {{ driftline._as_text("case
            when coalesce(e.row_count, 0) = 0 then 'no rows in the window'
            when coalesce(e.q_total, 0) = 0 then 'no labelled rows in the window'
            when coalesce(e.p_total, 0) = 0 then 'no labelled rows in the reference'
            when greatest(e.label_missing * e.has_label_mean, e.calibration_missing * e.has_label_mean * e.has_prediction, e.loss_missing * e.has_prediction) > 0 then 'labels or errors too large to be squared'
            when e.compared_bins = 0 then 'no bin with labelled rows on both sides'
            when e.has_label_mean = 1 and e.label_df is null then 'too few labelled rows, or too rare a label, for a test'
        end") }} as reason,
        e.spec_hash,
        {{ driftline._as_text('e.rules_hash') }} as rules_hash,
        {{ driftline._as_timestamp('e.computed_at') }} as computed_at
    from assembled as e
)

select * from computed
{%- if keep %}
union all
-- Whether labels are final is a question of time, not of what was read.
select
    {%- for name in model.columns %}
    {%- if name == 'is_complete' %}
    t.window_end <= m.as_of
    {%- elif name == 'is_mature' %}
    case m.period
        {%- for period in ['hour', 'day', 'week', 'month'] %}
        when '{{ period }}' then {{ driftline._as_timestamp(dbt.dateadd('day' if period == 'week' else period, '7 * m.label_delay' if period == 'week' else 'm.label_delay', 't.window_end')) }}
        {%- endfor %}
    end <= m.as_of and coalesce(t.labelled_share >= m.min_labelled_share, false)
    {%- else %}
    t.{{ name }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ this }} as t
join {{ ref('driftline_int_monitors') }} as m on m.monitor = t.monitor and m.spec_hash = t.spec_hash
join changes as c on c.monitor = t.monitor and t.window_end <= c.changed_from
{%- endif %}
{%- else -%}{{ driftline._empty() }}{%- endif %}
