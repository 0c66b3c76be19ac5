{# What an alert states, before words: SQL over the alias `p` of driftline_int_statements' rows. #}


{# What the alert is about: the family and measure; of a trend those of what it is the trend of. #}
{% macro _source_family(p) %}
    case
        when {{ p }}.family <> 'trend' then {{ p }}.family
        {%- for family in ['business', 'performance', 'quality', 'drift'] %}
        when substring({{ p }}.metric, 1, {{ family | length + 1 }}) = '{{ family }}_' then '{{ family }}'
        {%- endfor %}
        else 'other'
    end
{% endmacro %}
{% macro _source_metric(p) %}
    case
        {%- for family in ['business', 'performance', 'quality', 'drift'] %}
        when {{ p }}.family = 'trend' and substring({{ p }}.metric, 1, {{ family | length + 1 }}) = '{{ family }}_'
            then substring({{ p }}.metric, {{ family | length + 2 }})
        {%- endfor %}
        else {{ p }}.metric
    end
{% endmacro %}


{# The metrics of the catalogue that read as per cent, and those that have a greatest value: lists. #}
{% macro _metrics_in_percent() %}
    {%- set names = ["''"] -%}
    {%- for metric in driftline._metrics() if metric.get('is_share') or metric.chance == 'share' -%}
        {%- do names.append("'" ~ metric.name ~ "'") -%}
    {%- endfor -%}
    {{- return(names | unique | join(', ')) -}}
{% endmacro %}
{% macro _metrics_with_an_end() %}
    {%- set names = ["''"] -%}
    {%- for metric in driftline._metrics() if metric.bounds[1] is not none -%}
        {%- do names.append("'" ~ metric.name ~ "'") -%}
    {%- endfor -%}
    {{- return(names | unique | join(', ')) -}}
{% endmacro %}


{#
    How a statement's numbers are written: percent (one decimal at least), share (no zeros at the end), count, money,
    amount (three telling digits), or figure (four, as the message has them).

    p  the statement with source_family, source_metric, unit
    b  its business metric: is_ratio, least and greatest value there is
#}
{% macro _style(p, b) %}
    case
        when {{ p }}.source_family = 'business' and {{ b }}.is_ratio = 1 and {{ p }}.unit = '%' then 'percent'
        when {{ p }}.source_family = 'business' and {{ p }}.unit is null
            then case when {{ b }}.is_ratio = 1 and {{ b }}.least >= 0 and {{ b }}.greatest <= 1 then 'percent'
                else 'figure' end
        when {{ p }}.source_family in ('performance', 'estimate')
            and {{ p }}.source_metric in ({{ driftline._metrics_in_percent() }}) then 'percent'
        when {{ p }}.source_family = 'quality' and {{ p }}.source_metric in (
            'null_rate', 'nan_rate', 'infinite_rate', 'unseen_rate', 'out_of_range_rate') then 'share'
        when {{ p }}.source_family in ('fairness', 'comparison') then 'percent'
        when {{ p }}.source_metric = 'label_mean_standardized' and {{ p }}.value between 0 and 1
            and coalesce({{ p }}.expected, 0e0) between 0 and 1 then 'percent'
        when {{ p }}.source_family = 'volume' then 'count'
        when {{ driftline._is_money(p ~ '.unit') }} then 'money'
        when {{ p }}.source_family = 'business' then 'figure'
        else 'amount'
    end
{% endmacro %}


{# Which text tells the statement; p has the numbers too. #}
{% macro _statement_kind(p) %}
    case
        when {{ p }}.family = 'trend' then case when {{ p }}.expected is null then 'trend.alone' else 'trend' end
        when {{ p }}.family = 'business' and {{ p }}.is_sum = 1 and {{ p }}.expected is not null
            then 'moved.sum' || {{ p }}.way
        when {{ p }}.family in ('business', 'performance') then 'moved' || {{ p }}.way
        when {{ p }}.family = 'estimate' then 'estimated' || {{ p }}.way
        when {{ p }}.family = 'estimate_error' then 'estimate_error'
        when {{ p }}.family = 'drift' then case
            when {{ p }}.mean is null or {{ p }}.baseline_mean is null then 'drift.plain'
            when abs({{ p }}.mean - {{ p }}.baseline_mean) < 0.1 * coalesce({{ p }}.stddev, 0e0)
                or {{ p }}.value_number = {{ p }}.expected_number then 'drift.same'
            else 'drift' || {{ p }}.mean_way end
        when {{ p }}.family = 'quality'
            then case when {{ p }}.style = 'share' then {{ p }}.metric else 'moved' || {{ p }}.way end
        when {{ p }}.family = 'volume' and {{ p }}.expected is not null
            then case when {{ p }}.value > {{ p }}.expected then 'rows.up' else 'rows.down' end
        when {{ p }}.family = 'freshness' then 'rows.none'
        when {{ p }}.family = 'comparison'
            then case when {{ p }}.metric = 'sample_ratio' then 'split' else 'version.worse' end
        when {{ p }}.family = 'fairness' and {{ p }}.metric like '%difference'
            then case when {{ p }}.baseline = 'reference' and {{ p }}.expected is not null then 'fairness.difference'
                else 'fairness.parity' end
        when {{ p }}.family = 'fairness' and {{ p }}.metric like '%ratio' then 'fairness.ratio'
        when {{ p }}.family = 'concept' then case
            when {{ p }}.expected is null then 'concept.other'
            when {{ p }}.metric = 'label_mean_standardized' then 'concept.label' || {{ p }}.way
            when {{ p }}.metric = 'loss_mean_standardized' and {{ p }}.value > {{ p }}.expected then 'concept.loss'
            else 'concept.other' end
        when {{ p }}.expected is null then 'other.alone'
        else 'other'
    end
{% endmacro %}
