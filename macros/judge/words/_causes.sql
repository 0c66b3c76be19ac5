{# The first cause of an alert in words. #}


{#
    When a cause is told.

    times     a segment's or version's share of the change is that much of its share of the rows, in the window and in
              what it is held against; else the change is there only because the rows are
    least     and is at least this
    version   a version of so many of the rows that was not there before, or is not any more: told of the model's own
              numbers alone. Of inputs and of money it would be a guess: a roll-out falls together with much
    bin       a bin holds so many of the rows, on both sides where its own rate is what is told
#}
{% macro _cause_rule() %}
    {{- return({'times': '1.5e0', 'least': '0.3e0', 'version': '0.2e0', 'bin': '0.01e0'}) -}}
{% endmacro %}


{# A bin in words: b is the alias of _bin_texts() with its edges as texts, lower_text and upper_text. #}
{% macro _bin_words(texts, b) %}
    {%- set values = {'value': b ~ '.bin_label', 'lower': b ~ '.lower_text', 'upper': b ~ '.upper_text'} %}
    case
        {%- for kind, key in {
            'null': 'null', 'nan': 'nan', 'negative_infinity': 'infinite', 'positive_infinity': 'infinite',
            'beyond_top': 'beyond_top', 'unseen': 'unseen', 'category': 'category',
        }.items() %}
        when {{ b }}.bin_kind = '{{ kind }}' then {{ driftline._phrase(texts, 'bin.' ~ key, values) }}
        {%- endfor %}
        when {{ b }}.bin_lower is null and {{ b }}.bin_upper is null
            then {{ driftline._phrase(texts, 'bin.any', values) }}
        when {{ b }}.bin_lower is null then {{ driftline._phrase(texts, 'bin.up_to', values) }}
        when {{ b }}.bin_upper is null then {{ driftline._phrase(texts, 'bin.over', values) }}
        when {{ b }}.is_one_value = 1 then {{ driftline._phrase(texts, 'bin.one', values) }}
        else {{ driftline._phrase(texts, 'bin.range', values) }}
    end
{% endmacro %}


{# A share in per cent without decimals, but of small ones. #}
{% macro _share_words(texts, x) %}
    {%- set percent = '(100e0 * ' ~ x ~ ')' -%}
    {%- set number -%}
        case
            when {{ x }} is null then '?'
            when abs({{ percent }}) >= 9.95 then {{ driftline._count_words(percent) | trim }}
            when {{ percent }} = 0 then '0'
            when abs({{ percent }}) < 0.05 then '<0.1'
            else {{ driftline._without_zeros(driftline._decimal_text(percent, 1)) }}
        end
    {%- endset -%}
    {{- return(driftline._phrase(texts, 'percent', {'number': '(' ~ number ~ ')'})) -}}
{% endmacro %}


{# The cause in words; c has kind and all that its text names. #}
{% macro _cause_words(texts, c) %}
    {%- set column = 'coalesce(' ~ c ~ '.label, ' ~ driftline._plain_name(c ~ '.cause_name', false) ~ ')' -%}
    {%- set values = {
        'column': column, 'segment': column, 'share': '(' ~ driftline._share_words(texts, c ~ '.told_share') ~ ')',
        'rows': driftline._share_words(texts, c ~ '.row_share'),
        'expected_rows': driftline._share_words(texts, c ~ '.expected_row_share'),
        'now': driftline._share_words(texts, c ~ '.value'),
        'before': driftline._share_words(texts, c ~ '.expected'),
    } %}
    {%- set bin = '(' ~ driftline._bin_words(texts, c) | trim ~ ')' %}
    case {{ c }}.kind
        {%- for kind in ['relation', 'inputs', 'column', 'segment', 'version', 'new_version', 'gone_version', 'bin',
            'bin.relation'] %}
        {%- do values.update({'value': bin if kind.startswith('bin') else c ~ '.cause_value'}) %}
        when '{{ kind }}' then {{ driftline._phrase(texts, 'cause.' ~ kind, values) }}
        {%- endfor %}
    end
{% endmacro %}
