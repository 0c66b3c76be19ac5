{#
    Metrics with what the thresholds say of them, the default ones and the project's own: select and joins, up to where
    a `where` may follow. Alias of the metrics is m, of their monitor k, of the default s (none: s.metric is NULL).

    rows  SQL of a relation with the columns of driftline_metrics
#}
{% macro _ruled(rows) %}
    {%- set overrides = driftline._threshold_overrides() -%}
    {%- set null_double = driftline._as_double('null') -%}
    {%- set fields = {
        'compare': "coalesce(s.compare, case when m.expected is null then 'value' when m.family = 'business'"
            ~ " then 'relative' else 'difference' end)",
        'direction': "coalesce(s.direction, 'above')",
        'warn': driftline._as_double('s.warn'),
        'critical': driftline._as_double('s.critical'),
        'or_compare': 's.or_compare',
        'or_direction': "coalesce(s.or_direction, s.direction, 'above')",
        'or_warn': driftline._as_double('s.or_warn'),
        'or_critical': driftline._as_double('s.or_critical'),
        'least_difference': 'coalesce(' ~ driftline._as_double('s.least_difference') ~ ', 0e0)',
        'over_noise': driftline._as_double('s.over_noise'),
        'min_rows': 'coalesce(s.min_rows, 100)',
        'windows': "coalesce(s.windows, 'shortest')",
        'segments': "coalesce(s.segments, 'total')",
        'versions': "coalesce(s.versions, 'total')",
        'enabled': '1',
        'at_once': '1',
    } %}
    select
        {{ driftline._all_of('m') }}, k.period as period, k.reference_start, k.reference_end,
        {%- for field in fields %}
        {{ driftline._overridden(overrides, field, fields[field], 'm') }} as {{ field }},
        {%- endfor %}
        -- How many breaches open an alert, among how many windows; as many quiet ones end it.
        {{ driftline._overridden(overrides, 'consecutive', null_double, 'm') }} as own_consecutive,
        {{ driftline._overridden(overrides, 'within', null_double, 'm') }} as own_within,
        s.consecutive as default_consecutive,
        -- A threshold with nothing said about noise is a threshold alone.
        coalesce(m.noise, case when s.metric is null or {{ driftline._is_named('reference', 'm') }} then 0 end)
            as judged_noise
    from {{ rows }} as m
    join {{ ref('driftline_int_monitors') }} as k on k.monitor = m.monitor
    left join ({{ driftline._default_thresholds() }}) as s
        on s.family = m.family and s.metric in (m.metric, 'any') and s.baseline = m.baseline
        and s.column_kind in (m.column_kind, 'any')
{%- endmacro %}


{# Of metrics with their thresholds (_ruled): whether anybody asks for a judgement of them. #}
{% macro _asked() %}
    {{- return("enabled = 1 and coalesce(warn, critical, or_warn, or_critical) is not null"
        ~ " and (segments = 'each' or segment = 'all') and (versions = 'each' or model_version = 'all')") -}}
{% endmacro %}


{#
    Of the measures of how a column is distributed: 'whole' of those that see all of it, 'finer' of those that are there
    for what is certain and too small for the others; NULL of all else. A finer one has no alert of its own while one of
    the whole has (driftline_int_spans).

    j  alias of a row with family and metric
#}
{% macro _shape_measure(j) %}
    case when {{ j }}.family <> 'drift' then null
        when {{ j }}.metric in ('psi', 'ks_lower') then 'whole'
        when {{ j }}.metric in ('mean_shift', 'spread_ratio', 'class_change') then 'finer' end
{%- endmacro %}


{#
    Whether a project's threshold names this baseline of a business metric: then it is judged by it in any case, and not
    only once a change has lasted (driftline_business.is_held_against_reference). A condition; m: alias of the metrics.
#}
{% macro _is_named(baseline, m) %}
    {%- set named = [] -%}
    {%- for row in driftline._threshold_overrides() if row.get('baseline') == baseline -%}
        {%- set row = dict(row) -%}
        {%- do row.update({'is_named': 1}) -%}
        {%- do named.append(row) -%}
    {%- endfor -%}
    {{- return("(" ~ m ~ ".family = 'business' and " ~ m ~ '.baseline = ' ~ driftline._text(baseline) ~ ' and '
        ~ driftline._overridden(named, 'is_named', '0', m) ~ ' = 1)') -}}
{% endmacro %}
