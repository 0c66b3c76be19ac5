{# The parts of a sentence as SQL over driftline_int_statements (alias p), in one language. #}


{# What the statement is about, in words; begins: at the beginning of a sentence. #}
{% macro _subject_words(texts, p, begins) %}
    {%- set name = 'coalesce(' ~ p ~ '.label, ' ~ driftline._plain_name(p ~ '.column_name', false) ~ ')' -%}
    {%- set metric = p ~ '.metric_words' -%}
    {%- set label = driftline._begun(p ~ '.label') if begins else p ~ '.label' -%}
    {%- set values = {'column': name, 'metric': metric} -%}
    case
        when {{ p }}.source_family = 'business'
            then coalesce({{ label }}, {{ driftline._plain_name(p ~ '.source_metric', begins) }})
        when {{ p }}.source_family = 'comparison' then coalesce({{ label }}, {{ metric }})
        when {{ p }}.source_family in ('performance', 'estimate', 'estimate_error') then case
            when {{ p }}.column_name = 'all' then {{ metric }}
            else {{ driftline._phrase(texts, 'series.class', values) }} end
        when {{ p }}.source_family = 'fairness' then case
            {%- for name in ['demographic_parity', 'equal_opportunity', 'predictive_parity', 'equalized_odds'] %}
            when {{ p }}.source_metric like '{{ name }}%' then {{ driftline._phrase(texts, 'fairness.' ~ name) }}
            {%- endfor %}
            else {{ metric }} end
        when {{ p }}.kind in ('trend', 'trend.alone', 'moved.alone', 'moved.down', 'moved.up')
            and {{ p }}.source_family in ('quality', 'drift') then case {{ p }}.source_metric
            {%- for name in driftline._series_measures() %}
            when '{{ name }}' then {{ driftline._phrase(texts, 'series.' ~ name, values) }}
            {%- endfor %}
            else {{ driftline._phrase(texts, 'series.other', values) }} end
        when {{ p }}.kind in ('other', 'other.alone') then case
            when {{ p }}.column_name = 'all' then {{ metric }}
            else {{ driftline._phrase(texts, 'series.other', values) }} end
        else coalesce({{ label }}, {{ driftline._plain_name(p ~ '.column_name', begins) }})
    end
{% endmacro %}


{# What it is that moved, as one of a list: a column, else what it is measured by. #}
{% macro _moved_words(texts, p) %}
    case
        when {{ p }}.source_family in ('freshness', 'volume') then {{ driftline._phrase(texts, 'moved.rows') }}
        when {{ p }}.source_family in ('drift', 'quality', 'concept') and {{ p }}.column_name <> 'all'
            then coalesce({{ p }}.label, {{ driftline._plain_name(p ~ '.column_name', false) }})
        else {{ p }}.subject_inside
    end
{% endmacro %}


{# What an input did, within a sentence: the first of many that moved. #}
{% macro _first_words(texts, p) %}
    {{- return(driftline._what_words(texts, p, driftline._told_in_numbers(), false)) -}}
{% endmacro %}
{% macro _told_in_numbers() %}
    {{- return(['drift.down', 'drift.up', 'drift.same', 'out_of_range_rate', 'moved.up', 'moved.down']) -}}
{% endmacro %}


{# What is seen at the same values: how often the label is true, or its average. #}
{% macro _outcome_words(texts, p) %}
    {%- set values = {'column': p ~ '.outcome'} %}
    case
        when {{ p }}.outcome is null or {{ p }}.source_metric <> 'label_mean_standardized'
            then {{ driftline._phrase(texts, 'outcome.any') }}
        when {{ p }}.style = 'percent' then {{ driftline._phrase(texts, 'outcome.share', values) }}
        else {{ driftline._phrase(texts, 'outcome.mean', values) }}
    end
{% endmacro %}


{# How sure it is, where its noise is known. #}
{% macro _sure_words(texts, p) %}
    case {{ p }}.sure
        {%- for sure in ['just', 'clearly', 'far'] %}
        when '{{ sure }}' then {{ driftline._phrase(texts, 'sure.' ~ sure, {'status': p ~ '.status'}) }}
        {%- endfor %}
        else ''
    end
{% endmacro %}


{# The measures of a column that have a name of their own as what moved. #}
{% macro _series_measures() %}
    {{- return(['null_rate', 'nan_rate', 'infinite_rate', 'unseen_rate', 'out_of_range_rate', 'mean', 'stddev',
        'minimum', 'maximum', 'psi']) -}}
{% endmacro %}


{# The name of a metric of the catalogue, else as it stands. #}
{% macro _metric_words(texts, name) %}
    {%- set known = {} -%}
    {%- for metric in driftline._metrics() -%}{%- do known.update({metric.name: metric.label}) -%}{%- endfor -%}
    {%- for rate, entry in driftline._fairness_rates().items() -%}
        {%- do known.update({rate: entry.label}) -%}
    {%- endfor %}
    case {{ name }}
        {%- for metric, label in known.items() %}
        when '{{ metric }}' then {{ driftline._phrase(texts, 'metric.' ~ metric) if 'metric.' ~ metric in texts
            else driftline._text(label) }}
        {%- endfor %}
        else {{ driftline._plain_name(name, texts.sentence.startswith('{what}')) }}
    end
{% endmacro %}


{# A value of the statement with its unit or sign; fairness' differences are points. #}
{% macro _value_words(texts, p, number) %}
    case
        when {{ number }} is null then null
        when {{ p }}.source_family = 'fairness' and {{ p }}.kind in ('fairness.difference', 'fairness.parity')
            then {{ driftline._phrase(texts, 'points', {'number': number}) }}
        when {{ p }}.style in ('percent', 'share') then {{ driftline._phrase(texts, 'percent', {'number': number}) }}
        when {{ p }}.style in ('amount', 'money', 'figure')
            then {{ driftline._unit_words(texts, number, p ~ '.unit') | trim }}
        else {{ number }}
    end
{% endmacro %}


{# By how much, where that says something. #}
{% macro _change_of(texts, p) %}
    {%- set share = driftline._change_words(texts, p ~ '.change') -%}
    case
        when {{ p }}.change is null or {{ p }}.change = 0 then ''
        when {{ p }}.times_number is not null
            then {{ driftline._phrase(texts, 'change.times', {'times': p ~ '.times_number'}) }}
        when {{ p }}.change > 0 then {{ driftline._phrase(texts, 'change.up', {'share': share}) }}
        else {{ driftline._phrase(texts, 'change.down', {'share': share}) }}
    end
{% endmacro %}


{# Since when, and until when if it is over. #}
{% macro _when_words(texts, p) %}
    {%- set values = {'status': p ~ '.status', 'since': p ~ '.since_words', 'until': p ~ '.until_words',
        'duration': p ~ '.duration_words'} %}
    case
        when {{ p }}.kind in ('trend', 'trend.alone') then ''
        {%- for status in ['open', 'over'] %}
        when {{ p }}.kind = 'rows.none' and {{ p }}.status = '{{ status }}'
            then {{ driftline._phrase(texts, 'when.' ~ status ~ '.rows', values) }}
        {%- endfor %}
        when {{ p }}.status = 'open' then {{ driftline._phrase(texts, 'when.open', values) }}
        {%- for period in ['hour', 'day', 'week', 'month'] %}
        when {{ p }}.periods = 1 and {{ p }}.period = '{{ period }}'
            then {{ driftline._phrase(texts, 'when.one.' ~ period, values) }}
        {%- endfor %}
        else {{ driftline._phrase(texts, 'when.over', values) }}
    end
{% endmacro %}


{# In which part of the rows; the groups that fairness compares are no such part. #}
{% macro _where_words(texts, p) %}
    {%- set values = {'segment': p ~ '.segment_name', 'value': p ~ '.segment_value', 'version': p ~ '.model_version'} %}
    case
        when {{ p }}.segment_value = 'all' and {{ p }}.model_version = 'all' then ''
        -- What is about a version names it.
        when {{ p }}.segment_value = 'all' and {{ p }}.kind in ('split', 'version.worse') then ''
        when {{ p }}.model_version = 'all' then {{ driftline._phrase(texts, 'where.segment', values) }}
        when {{ p }}.segment_value = 'all' then {{ driftline._phrase(texts, 'where.version', values) }}
        else {{ driftline._phrase(texts, 'where.both', values) }}
    end
{% endmacro %}


{# What moved, from what to what; of some kinds of statements, at the beginning of the sentence or within it. #}
{% macro _what_words(texts, p, kinds=none, begins=true) %}
    {%- set values = {
        'subject': p ~ '.subject', 'value': p ~ '.value_words', 'expected': p ~ '.expected_words',
        'change': p ~ '.change_words', 'status': p ~ '.status', 'since': p ~ '.since_words',
        'until': p ~ '.until_words', 'segment': p ~ '.segment_name', 'usual': p ~ '.usual_words',
        'baseline': p ~ '.baseline_words', 'per': p ~ '.per_words',
        'version': p ~ '.model_version', 'outcome': p ~ '.outcome_words',
    } %}
    case {{ p }}.kind
        {%- for kind in kinds or driftline._statement_kinds() %}
        {%- set at_first = begins and driftline._begins(texts, kind) -%}
        {%- set subject = p ~ ('.subject' if at_first else '.subject_inside') -%}
        {%- do values.update({'subject': subject}) %}
        when '{{ kind }}' then {{ driftline._phrase(texts, kind, values) }}
        {%- endfor %}
    end
{% endmacro %}


{# Whether a text begins the sentence with its subject. #}
{% macro _begins(texts, kind) %}
    {%- set text = texts.get(kind, '') -%}
    {{- return(texts.sentence.startswith('{what}')
        and (text if text is string else text.open).startswith('{subject}')) -}}
{% endmacro %}


{# The texts that tell what moved: all that _statement_kind chooses from. #}
{% macro _statement_kinds() %}
    {{- return([
        'moved.down', 'moved.up', 'moved.sum.down', 'moved.sum.up', 'moved.alone', 'estimated.down', 'estimated.up',
        'estimated.alone', 'estimate_error', 'drift.down', 'drift.up', 'drift.same', 'drift.plain', 'null_rate',
        'nan_rate',
        'infinite_rate', 'unseen_rate', 'out_of_range_rate', 'rows.down', 'rows.up', 'rows.none', 'trend',
        'trend.alone', 'fairness.difference', 'fairness.parity', 'fairness.ratio', 'concept.label.down',
        'concept.label.up', 'concept.loss', 'concept.other', 'split', 'version.worse', 'other', 'other.alone',
    ]) -}}
{% endmacro %}


{# What befell a monitor: o is the alias of driftline_int_operation. #}
{% macro _operation_words(texts, o) %}
    {%- set first = driftline._to_the_minute(o ~ '.first_failed') -%}
    {%- set last = driftline._to_the_minute(o ~ '.last_failed') -%}
    {%- set known = driftline._to_the_minute(o ~ '.last_success') -%}
    {%- set what -%}
        case when {{ o }}.status = 'open' then {{ driftline._failed_runs(o ~ '.failed_runs', first, known, texts) }}
            else {{ driftline._worked_again(o ~ '.failed_runs', first, last, texts) }} end
    {%- endset -%}
    {{- return(driftline._phrase(texts, 'runs', {'monitor': o ~ '.monitor', 'what': '(' ~ what ~ ')'})) -}}
{% endmacro %}
