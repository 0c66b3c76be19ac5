{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}

-- Each alert in one sentence that needs no knowledge of statistics, in every language there is (decision 29).
{% for language in driftline._languages() %}
{%- set texts = driftline._texts_of(language) %}
select
    p.alert_id, {{ driftline._text(language) }} as language,
    {{ driftline._phrase(texts, 'sentence', {
        'what': '(' ~ driftline._what_words(texts, 'p') | trim ~ ')',
        'where': '(' ~ driftline._where_words(texts, 'p') | trim ~ ')',
        'when': '(' ~ driftline._when_words(texts, 'p') | trim ~ ')', 'end': 'p.end_words',
        'sure': '(' ~ driftline._sure_words(texts, 'p') | trim ~ ')',
    }) }} as sentence,
    {{ driftline._moved_words(texts, 'p') | trim }} as moved,
    {{ driftline._first_words(texts, 'p') | trim }} as first_words
from (
    select
        p.*, {{ driftline._subject_words(texts, 'p', true) | trim }} as subject,
        {{ driftline._subject_words(texts, 'p', false) | trim }} as subject_inside,
        case
            when p.expected_words is null then ''
            when p.expected_number = '0' then {{ driftline._phrase(texts, 'usual.none') }}
            else {{ driftline._phrase(texts, 'usual', {'expected': 'p.expected_words'}) }}
        end as usual_words
    from (
        select
            p.*,
            {{ driftline._metric_words(texts, 'p.source_metric') | trim }} as metric_words,
            {{ driftline._value_words(texts, 'p', 'p.value_number') | trim }} as value_words,
            {{ driftline._value_words(texts, 'p', 'p.expected_number') | trim }} as expected_words,
            {{ driftline._change_of(texts, 'p') | trim }} as change_words,
            {{ driftline._outcome_words(texts, 'p') | trim }} as outcome_words,
            {{ driftline._time_words(texts, 'p.since', 'p.period') | trim }} as since_words,
            {{ driftline._time_words(texts, 'p.until', 'p.period') | trim }} as until_words,
            {{ driftline._duration_words(texts, 'p.periods', 'p.period') | trim }} as duration_words,
            case when p.window_periods > 1 then {{ driftline._phrase(texts, 'per.window', {
                'duration': '(' ~ driftline._duration_words(texts, 'p.window_periods', 'p.period') | trim ~ ')'}) }}
                else {{ driftline._per_words(texts, 'p.period') | trim }} end as per_words,
            case when p.no_data_since is null or p.kind = 'rows.none' then ''
                else {{ driftline._phrase(texts, 'end.no_data', {
                'since': '(' ~ driftline._time_words(texts, 'p.no_data_since', 'p.period') | trim ~ ')'}) }} end
                as end_words,
            case p.baseline
                {%- for baseline in ['previous', 'trailing', 'seasonal'] %}
                when '{{ baseline }}' then {{ driftline._phrase(texts, 'baseline.' ~ baseline) }}
                {%- endfor %}
                else {{ driftline._phrase(texts, 'baseline.reference') }} end as baseline_words
        from {{ ref('driftline_int_statements') }} as p
    ) as p
) as p
union all
select
    o.alert_id, {{ driftline._text(language) }}, {{ driftline._operation_words(texts, 'o') }},
    {{ driftline._as_text('o.monitor') }}, {{ driftline._as_text('null') }}
from {{ ref('driftline_int_operation') }} as o
{{ 'union all' if not loop.last }}
{% endfor %}
{%- else -%}{{ driftline._empty() }}{%- endif %}
