{{ driftline._result('view') }}
{%- if driftline._is_needed() -%}
{#- metric → {noise: SQL over driftline_drift of what is noise for it, expected}. -#}
{%- set drift = {} -%}
{%- for distance in driftline._distances() -%}
    {%- for metric, noise in distance.metrics.items() -%}
        {%- do drift.update({metric: {'noise': noise, 'expected': distance.held_against}}) -%}
    {%- endfor -%}
{%- endfor -%}
{%- set rates = ['null_rate', 'nan_rate', 'infinite_rate', 'unseen_rate', 'out_of_range_rate'] -%}
{%- set grain = 'monitor, model_version, segment, segment_value, window_periods, window_start, window_end' -%}
{%- set null_double = driftline._as_double('null') -%}

-- The result tables in long form, one select for each measure. Rows about a label wait for it: its distribution until
-- the window is mature, its missing values until they should have come.
with drift as {{ driftline._in_place() }} (
    select d.*, d.is_complete and (d.column_role <> 'label' or coalesce(t.is_mature, false)) as is_ready
    from {{ ref('driftline_drift') }} as d
    left join {{ ref('driftline_int_maturity') }} as t
        on d.column_role = 'label' and t.monitor = d.monitor and t.model_version = d.model_version
        and t.segment = d.segment and t.segment_value = d.segment_value
        and t.window_periods = d.window_periods and t.window_start = d.window_start
),

quality as {{ driftline._in_place() }} (
    select q.*, q.is_complete and (q.column_role <> 'label' or coalesce(t.is_final, false)) as is_ready
    from {{ ref('driftline_quality') }} as q
    left join {{ ref('driftline_int_maturity') }} as t
        on q.column_role = 'label' and t.monitor = q.monitor and t.model_version = q.model_version
        and t.segment = q.segment and t.segment_value = q.segment_value
        and t.window_periods = q.window_periods and t.window_start = q.window_start
)

{% for metric, of in drift.items() %}
select
    {{ grain }},
    {{ driftline._text('drift') }} as family, {{ driftline._text(metric) }} as metric, column_name, column_role,
    column_kind, baseline, is_ready as is_complete,
    {{ metric }} as value,
    {{ of.expected or null_double }} as expected,
    {{ driftline._as_double(of.noise or 'null') }} as noise,
    row_count, baseline_row_count, reason,
    {{ 'case when psi is not null then coalesce(psi_seen, 0e0) end' if metric == 'psi'
        else null_double }} as judged_value
from drift
union all
{% endfor -%}
{% for rate in rates %}
select
    {{ grain }},
    {{ driftline._text('quality') }}, {{ driftline._text(rate) }}, column_name, column_role, column_kind,
    {{ driftline._text('reference') }}, is_ready,
    {{ rate }}, reference_{{ rate }}, {{ rate }}_noise, row_count, reference_row_count, reason, {{ null_double }}
from quality
union all
{% endfor -%}
{% for metric in ['mean', 'stddev', 'minimum', 'maximum'] %}
select
    {{ grain }},
    {{ driftline._text('quality') }}, {{ driftline._text(metric) }}, column_name, column_role, column_kind,
    {{ driftline._text('none') }}, is_ready,
    {{ metric }}, {{ null_double }}, {{ null_double }}, row_count, cast(null as {{ dbt.type_bigint() }}),
    reason, {{ null_double }}
from quality
union all
{% endfor -%}
select
    {{ grain }},
    {{ driftline._text('business') }}, metric, {{ driftline._text('all') }}, {{ driftline._text('business') }},
    {{ driftline._text('measure') }}, {{ driftline._text('trailing') }}, is_complete and is_mature,
    value, expected, noise,
    {#- What is summed is judged by the rows that are usual: those that are missing say the most. -#}
    case when denominator is null then row_count else valued_row_count end,
    case when denominator is null then usual_row_count end, reason, {{ null_double }}
from {{ ref('driftline_business') }}
{#- Held against the reference once a change has lasted, so that it is told until it is accepted. #}
union all
select
    {{ grain }},
    {{ driftline._text('business') }}, metric, {{ driftline._text('all') }}, {{ driftline._text('business') }},
    {{ driftline._text('measure') }}, {{ driftline._text('reference') }}, is_complete and is_mature,
    value, coalesce(reference_expected, reference_value), case when is_held_against_reference then reference_noise end,
    case when denominator is null then row_count else valued_row_count end,
    case when denominator is null then usual_row_count end, reason, {{ null_double }}
from {{ ref('driftline_business') }}
{% for baseline in ['previous', 'seasonal'] %}
union all
select
    {{ grain }},
    {{ driftline._text('business') }}, metric, {{ driftline._text('all') }}, {{ driftline._text('business') }},
    {{ driftline._text('measure') }}, {{ driftline._text(baseline) }}, is_complete and is_mature,
    value, {{ baseline }}_value, {{ null_double }}, row_count, cast(null as {{ dbt.type_bigint() }}),
    reason, {{ null_double }}
from {{ ref('driftline_business') }}
{% endfor %}
{#- basis → family; what depends on labels is judged once they have come.
    Rows are those of the metric's own denominator. -#}
{% for basis, family in {
    'realized': 'performance', 'estimated': 'estimate', 'estimate_error': 'estimate_error'
}.items() %}
union all
select
    {{ grain }},
    {{ driftline._text(family) }}, metric, class_name, {{ driftline._text('performance') }},
    {{ driftline._text('performance') }}, {{ driftline._text('reference') }},
    is_complete{{ ' and is_mature' if basis != 'estimated' }},
    value, reference_value, noise, denominator_row_count,
    {{ 'cast(null as ' ~ dbt.type_bigint() ~ ')' if basis == 'estimate_error' else 'reference_denominator_row_count' }},
    reason, {{ null_double }}
from {{ ref('driftline_performance') }}
where basis = {{ driftline._literal(basis) }}
{% endfor %}
{%- for baseline in ['previous', 'seasonal'] %}
union all
select
    {{ grain }},
    {{ driftline._text('performance') }}, metric, class_name, {{ driftline._text('performance') }},
    {{ driftline._text('performance') }}, {{ driftline._text(baseline) }},
    is_complete and is_mature, value, {{ baseline }}_value, {{ null_double }}, denominator_row_count,
    cast(null as {{ dbt.type_bigint() }}), reason, {{ null_double }}
from {{ ref('driftline_performance') }}
where basis = 'realized'
{% endfor %}
{#- What moved between inputs and label. The means at unchanged shares are those of the prediction's bins, where every
    column would say the same once more; the other rows are there for whoever names a threshold. -#}
{% for metric, of in {
    'label_mean_standardized': ['reference_label_mean', 'label_rates_noise', true],
    'loss_mean_standardized': ['reference_loss_mean', 'loss_rates_noise', true],
    'label_shift': [null_double, 'label_shift_noise', false],
    'calibration_shift': [null_double, 'calibration_shift_noise', false],
    'label_rates_effect': [null_double, 'label_rates_noise', false],
    'label_shares_effect': [null_double, 'label_shares_noise', false],
    'loss_rates_effect': [null_double, 'loss_rates_noise', false],
    'loss_shares_effect': [null_double, 'loss_shares_noise', false],
    'label_p_value': [null_double, null_double, false],
    'calibration_p_value': [null_double, null_double, false],
}.items() %}
union all
select
    {{ grain }},
    {{ driftline._text('concept') }}, {{ driftline._text(metric) }}, column_name, column_role, column_kind,
    {{ driftline._text('reference') }},
    is_complete and is_mature, {{ metric }}, {{ of[0] }}, {{ of[1] }}, labelled_row_count, reference_labelled_row_count,
    reason, {{ null_double }}
from {{ ref('driftline_concept') }}
{{ "where column_role = 'prediction'" if of[2] }}
{% endfor %}
{#- Between groups: against parity, and against what the reference had. -#}
{% for baseline, of in {
    'reference': ['reference_value', 'reference_noise', 'reference_row_count'],
    'parity': ["case when metric like '%ratio' then 1e0 else 0e0 end", 'noise',
        'cast(null as ' ~ dbt.type_bigint() ~ ')'],
}.items() %}
union all
select
    {{ grain }},
    {{ driftline._text('fairness') }}, metric, {{ driftline._text('all') }}, {{ driftline._text('fairness') }},
    {{ driftline._text('fairness') }}, {{ driftline._text(baseline) }},
    is_complete and is_mature, value, {{ of[0] }}, {{ of[1] }}, row_count, {{ of[2] }}, reason, {{ null_double }}
from {{ ref('driftline_fairness') }}
where segment_value = 'all'
{% endfor %}
{#- Versions against each other, so far as all common periods tell. -#}
union all
select
    {{ grain }},
    {{ driftline._text('comparison') }}, metric, {{ driftline._text('all') }}, {{ driftline._text('comparison') }},
    kind, {{ driftline._text('none') }}, is_ready, value, expected, noise, row_count,
    cast(null as {{ dbt.type_bigint() }}), reason, {{ null_double }}
from {{ ref('driftline_int_version_series') }}
{#- Whether rows come, and how many: a window without any is freshness's to tell. -#}
{% set counted = 'cast(null as ' ~ dbt.type_bigint() ~ ')' -%}
{% for metric, of in {
    'missing_periods': ['freshness', 'none', 'missing_periods', null_double, 'missing_noise', counted],
    'silent_periods': ['freshness', 'none', driftline._as_double('silent_periods'), null_double, null_double, counted],
    'row_count': ['volume', 'trailing',
        driftline._as_double('case when row_count > 0 then row_count end'), 'expected_row_count',
        'row_count_noise', 'cast(floor(expected_row_count + 0.5) as ' ~ dbt.type_bigint() ~ ')'],
}.items() %}
union all
select
    {{ grain }},
    {{ driftline._text(of[0]) }}, {{ driftline._text(metric) }}, {{ driftline._text('all') }},
    {{ driftline._text(of[0]) }}, {{ driftline._text(of[0]) }}, {{ driftline._text(of[1]) }},
    is_complete, {{ of[2] }}, {{ of[3] }}, {{ of[4] }}, row_count, {{ of[5] }},
    {{ 'reason' if of[0] == 'volume' else driftline._as_text('null') }}, {{ null_double }}
from {{ ref('driftline_arrivals') }}
where {{ 'true' if of[0] == 'volume' else 'silent_periods is not null' }}
{% endfor %}
{%- else -%}{{ driftline._empty() }}{%- endif %}
