{#
    What driftline_causes adds up of one cell, by the name of the sum: n, w, w2, v, d2, p, l, y, e as in
    driftline_int_series, o the weight out of range, r the residual (prediction minus label).

    field   SQL of the name
    s       alias of driftline_int_series or driftline_int_reference
    prefix  'reference_' for the part that is reference, or ''
#}
{% macro _sum_of(field, s, prefix='') %}
    {%- set columns = {
        'o': s ~ '.' ~ prefix ~ 'out_of_range_weight',
        'r': s ~ '.' ~ prefix ~ 'lp - ' ~ s ~ '.' ~ prefix ~ 'y',
    } -%}
    {%- for name in ['n', 'w', 'w2', 'v', 'd2', 'p', 'l', 'y', 'e'] -%}
        {%- do columns.update({name: s ~ '.' ~ prefix ~ name}) -%}
    {%- endfor -%}
    {%- set cases = [] -%}
    {%- for name in columns -%}
        {%- do cases.append("when '" ~ name ~ "' then " ~ columns[name]) -%}
    {%- endfor -%}
    {{- return('coalesce(case ' ~ field ~ ' ' ~ cases | join(' ') ~ ' end, 0e0)') -}}
{% endmacro %}


{#
    The metrics that are a ratio of two sums over rows, so that they can be split into parts: as a relation (metric,
    quantity, measure, field, top, bottom, is_root). Each row says how often a sum of a measure counts above and below
    the line; is_root, that the metric is the square root of the ratio. Metrics that are no such ratio (areas,
    calibration error) are split by the loss that stands for them: quantity says which.
#}
{% macro _ratio_metrics() %}
    {%- set rows = {} -%}
    {%- set metrics = driftline._metrics() -%}
    {%- for metric in metrics -%}
        {%- set explained = metric.get('explained', metric.name) -%}
        {%- set ratio = explained if explained is mapping else metrics | selectattr('task', 'equalto', metric.task)
            | selectattr('name', 'equalto', explained) | first -%}
        {%- set quantity = ratio.get('quantity', ratio.get('name')) -%}
        {%- set terms = [] -%}
        {%- for measure, times in ratio.top.items() -%}
            {%- do terms.append([measure, ratio.sums, times ~ 'e0', '0e0']) -%}
        {%- endfor -%}
        {%- for measure, times in ratio.get('bottom', {}).items() -%}
            {%- do terms.append([measure, 'v', '0e0', times ~ 'e0']) -%}
        {%- endfor -%}
        {%- if ratio.bottom is not defined -%}
            {%- do terms.append([ratio.top.keys() | first, 'w', '0e0', '1e0']) -%}
        {%- endif -%}
        {%- for measure, field, top, bottom in terms -%}
            {%- set row -%}
            select '{{ metric.name }}' as metric, '{{ quantity }}' as quantity, '{{ measure }}' as measure,
                '{{ field }}' as field, {{ top }} as top, {{ bottom }} as bottom,
                {{ 1 if ratio.root else 0 }} as is_root
            {%- endset -%}
            {%- do rows.update({row: 1}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(rows | join('\n    union all ')) -}}
{% endmacro %}


{# How often a class' rows count in its metrics: a relation (metric, column_role, top, bottom). #}
{% macro _class_parts() %}
    {%- set rows = [] -%}
    {%- for name, metric in driftline._class_metrics().items() -%}
        {%- for role, count in {
            'class_hit': 'hits', 'class_predicted': 'predicted', 'class_support': 'support',
        }.items() if count in metric.top or count in metric.bottom -%}
            {%- set row -%}
            select '{{ name }}' as metric, '{{ role }}' as column_role,
                {{ metric.top.get(count, 0) }}e0 as top, {{ metric.bottom.get(count, 0) }}e0 as bottom
            {%- endset -%}
            {%- do rows.append(row) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(rows | join('\n    union all ')) -}}
{% endmacro %}


{#
    Bins in words: monitor, column_name, column_role, part (number of the bin, or of its group where is_group is 1),
    text, and what that is made of. A bin's lower edge is outside, its upper inside; a value with a bin of its own has
    its edge just below.
#}
{% macro _bin_texts() %}
    select
        monitor, column_name, column_role, part, is_group, bin_kind, bin_label,
        case when is_open_below = 0 then bin_lower end as bin_lower,
        case when is_open_above = 0 then bin_upper end as bin_upper,
        case when bin_upper - bin_lower <= 1e-14 * greatest(abs(bin_upper), 1e-270) then 1 else 0 end as is_one_value,
        case
            when bin_kind = 'null' then 'NULL'
            when bin_kind = 'nan' then 'NaN'
            when bin_kind = 'negative_infinity' then '-infinity'
            when bin_kind = 'positive_infinity' then '+infinity'
            when bin_kind = 'beyond_top' then 'the other known values'
            when bin_kind = 'unseen' then 'values the reference does not have'
            when bin_kind = 'category' then bin_label
            when is_open_below = 1 and is_open_above = 1 then 'any number'
            when is_open_below = 1 then 'up to ' || {{ driftline._readable('bin_upper') }}
            when is_open_above = 1 then 'over ' || {{ driftline._readable('bin_lower') }}
            when bin_upper - bin_lower <= 1e-14 * greatest(abs(bin_upper), 1e-270)
                then {{ driftline._readable('bin_upper') }}
            else 'over ' || {{ driftline._readable('bin_lower') }} || ' to ' || {{ driftline._readable('bin_upper') }}
        end as text
    from (
        {%- for part in ['bin', 'bin_group'] %}
        select
            monitor, column_name, column_role, {{ part }} as part, {{ loop.index0 }} as is_group,
            max(bin_kind) as bin_kind, max(bin_label) as bin_label, min(bin_lower) as bin_lower,
            max(bin_upper) as bin_upper,
            max(case when bin_lower is null then 1 else 0 end) as is_open_below,
            max(case when bin_upper is null then 1 else 0 end) as is_open_above
        from {{ ref('driftline_int_bins') }}
        where column_role in ('feature', 'prediction', 'label') and bin_kind <> 'moments'
        group by monitor, column_name, column_role, {{ part }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as ranges
{% endmacro %}


{# A share in per cent. #}
{% macro _percent(x) %}
    {{- return("coalesce(" ~ driftline._decimal_text('100e0 * ' ~ x, 1) ~ " || ' %', '?')") -}}
{% endmacro %}


{# The business metrics, as a relation (monitor, metric, is_sum): a sum has no denominator. #}
{% macro _business_metrics() %}
    select monitor, column_name as metric, 1 - max(case when bin_kind = 'denominator' then 1 else 0 end) as is_sum
    from {{ ref('driftline_int_bins') }}
    where column_role = 'business' and bin_kind in ('numerator', 'denominator')
    group by monitor, column_name
{% endmacro %}
