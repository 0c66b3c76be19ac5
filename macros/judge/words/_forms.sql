{# Numbers, times and names as people write them: SQL of texts. `x` is a column or a short expression: it repeats. #}


{# A number with so many decimals: SQL of 0 to 7. #}
{% macro _with_decimals(x, decimals) %}
    case
        when {{ decimals }} = 0 or abs({{ x }}) >= 999.5 then {{ driftline._count_words(x) }}
        {%- for places in range(1, 8) %}
        when {{ decimals }} = {{ places }}
            then {{ driftline._decimal_text(x, places) }}
        {%- endfor %}
    end
{% endmacro %}


{# An amount with three telling digits; beyond 1e-7 and 1e15 as it stands. #}
{% macro _amount_words(x) %}
    case
        when abs({{ x }}) >= 99.95 and abs({{ x }}) < 1e15 then {{ driftline._count_words(x) | trim }}
        {%- for decimals in range(1, 9) %}
        when abs({{ x }}) >= 9.995e{{ 1 - decimals }} and abs({{ x }}) < 1e3
            then {{ driftline._without_end_zeros(driftline._decimal_text(x, decimals)) }}
        {%- endfor %}
        when {{ x }} = 0 then '0'
        else {{ driftline._as_text(x) }}
    end
{% endmacro %}


{# An amount of money: two decimals, unless it is whole or in the thousands. #}
{% macro _money_words(x) %}
    {%- set pence = driftline._decimal_text(x, 2) -%}
    case
        when not abs({{ x }}) < 999.995 then {{ driftline._count_words(x) | trim }}
        when abs({{ x }}) > 0 and abs({{ x }}) < 0.1 then {{ driftline._amount_words(x) | trim }}
        when {{ pence }} like '%.00' then {{ driftline._count_words(x) | trim }}
        else {{ pence }}
    end
{% endmacro %}


{# Whether a unit is one of money: a sign, or three capital letters. #}
{% macro _is_money(unit) %}
    {{- return('(substring(' ~ unit ~ ', length(' ~ unit ~ "), 1) in ('" ~ driftline._currency_signs() | join("', '")
        ~ "') or length(" ~ unit ~ ') = 3 and ' ~ unit ~ ' = upper(' ~ unit ~ ') and lower(' ~ unit ~ ') <> ' ~ unit
        ~ " or " ~ unit ~ " = '円')") -}}
{% endmacro %}


{# The decimals that a share in per cent needs: two telling digits, and that two shares that differ read differently. #}
{% macro _decimals_of_shares(one, other) %}
    {%- set least -%}
        coalesce(nullif(least(coalesce(nullif(abs({{ one }}), 0e0), abs({{ other }})),
            coalesce(nullif(abs({{ other }}), 0e0), abs({{ one }}))), 0e0), 1e0)
    {%- endset %}
    {%- set apart = 'coalesce(nullif(abs(' ~ one ~ ' - ' ~ other ~ '), 0e0), 1e0)' -%}
    case
        {%- for places in range(1, 7) %}
        when {{ least | trim }} >= 0.95e-{{ places + 1 }} and {{ apart }} >= 0.95e-{{ places + 2 }} then {{ places }}
        {%- endfor %}
        else 7
    end
{% endmacro %}


{# A whole number, thousands separated; halves away from zero, which `round` does not do everywhere. #}
{% macro _count_words(x) %}
    {%- set whole = 'sign(' ~ x ~ ') * floor(abs(' ~ x ~ ') + 0.5)' %}
    case
        when not abs({{ x }}) < 1e15 then {{ driftline._as_text(x) }}
        when abs({{ x }}) >= 999.5 then {{ driftline._whole_number(x) }}
        else {{ driftline._decimal_text(whole, 0) }}
    end
{% endmacro %}


{# A change as a share, without its sign: 10 %, 3.2 %. #}
{% macro _change_words(texts, x) %}
    {%- set size = 'abs(100e0 * ' ~ x ~ ')' -%}
    {%- set number -%}
        case
            when {{ size }} >= 5 then {{ driftline._count_words(size) | trim }}
            when {{ size }} >= 0.05
                then {{ driftline._without_end_zeros(driftline._decimal_text(size, 1)) }}
            else '<0.1'
        end
    {%- endset -%}
    {{- return(driftline._phrase(texts, 'percent', {'number': '(' ~ number ~ ')'})) -}}
{% endmacro %}


{#
    A number with its unit.

    text   SQL of the number as a text; a minus stands before a currency
    unit   SQL of the unit, NULL where there is none
#}
{% macro _unit_words(texts, text, unit) %}
    {%- set values = {'number': text, 'unit': unit} -%}
    {%- set percent = driftline._phrase(texts, 'percent', {'number': text}) -%}
    case
        when {{ unit }} is null then {{ text }}
        when {{ unit }} = '%' then {{ percent }}
        when substring({{ unit }}, length({{ unit }}), 1) in
            ('{{ driftline._currency_signs() | join("', '") }}')
            then case when substring({{ text }}, 1, 1) = '-' then '-' || {{ unit }} || substring({{ text }}, 2)
                else {{ unit }} || {{ text }} end
        when lower(substring({{ unit }}, 1, 1)) between 'a' and 'z' or substring({{ unit }}, 1, 1) in ('/', '°')
            then {{ driftline._phrase(texts, 'unit.of_letters', values) }}
        else {{ driftline._phrase(texts, 'unit.of_others', values) }}
    end
{% endmacro %}


{# Signs that stand before the number. #}
{% macro _currency_signs() %}
    {{- return(['£', '$', '€', '¥', '￥', '₩', '₹', '₺', '₽', '₫', '₪', '₦', '₴', '₱', '฿']) -}}
{% endmacro %}


{#
    A time in words: of hours with the hour, of months without the day.

    moment  SQL
    period  SQL of the monitor's period
#}
{% macro _time_words(texts, moment, period) %}
    {%- set text = driftline._as_text(moment) -%}
    {%- set month, day = 'substring(' ~ text ~ ', 6, 2)', 'substring(' ~ text ~ ', 9, 2)' -%}
    {%- set values = {
        'year': 'substring(' ~ text ~ ', 1, 4)', 'mm': month, 'dd': day,
        'month': driftline._stripped(month, '0', 'leading'), 'day': driftline._stripped(day, '0', 'leading'),
        'time': 'substring(' ~ text ~ ', 12, 5)',
    } -%}
    case {{ period }}
        when 'hour' then {{ driftline._phrase(texts, 'moment', values) }}
        when 'month' then {{ driftline._phrase(texts, 'month', values) }}
        else {{ driftline._phrase(texts, 'date', values) }}
    end
{% endmacro %}


{# A number of periods in words; many hours are days. #}
{% macro _duration_words(texts, count, period) %}
    {%- set days = 'floor(' ~ count ~ ' / 24.0)' -%}
    case
        {%- for name in ['hour', 'day', 'week', 'month'] %}
        {%- if name == 'hour' %}
        when {{ period }} = 'hour' and {{ count }} >= 48 then {{ driftline._phrase(
            texts, 'duration.day', {'count': driftline._as_text('cast(' ~ days ~ ' as ' ~ dbt.type_int() ~ ')')}) }}
        {%- endif %}
        when {{ period }} = '{{ name }}'
            then {{ driftline._phrase(texts, 'duration.' ~ name, {'count': driftline._as_text(count)}) }}
        {%- endfor %}
    end
{% endmacro %}


{# The name of a column or metric as it reads without a label: item_price is Item price, or item price. #}
{% macro _plain_name(name, begins=true) %}
    {%- set words = 'replace(' ~ name ~ ", '_', ' ')" -%}
    {{- return('upper(substring(' ~ words ~ ', 1, 1)) || substring(' ~ words ~ ', 2)' if begins else words) -}}
{% endmacro %}


{# How often: a day, a week. #}
{% macro _per_words(texts, period) %}
    case {{ period }}
        {%- for name in ['hour', 'day', 'week', 'month'] %}
        when '{{ name }}' then {{ driftline._phrase(texts, 'per.' ~ name) }}
        {%- endfor %}
    end
{% endmacro %}


{# A label at the beginning of a sentence, with a capital; but iPhone and eCPM are spelt as they are. #}
{% macro _begun(label) %}
    {%- set word = dbt.split_part(label, "' '", 1) -%}
    {{- return('case when ' ~ word ~ ' = lower(' ~ word ~ ') then upper(substring(' ~ label ~ ', 1, 1)) || substring('
        ~ label ~ ', 2) else ' ~ label ~ ' end') -}}
{% endmacro %}


{# The last day of what ends with a time; of hours that time. #}
{% macro _last_moment(end, period) %}
    case when {{ period }} = 'hour' then {{ end }}
        else {{ driftline._as_timestamp(driftline._moved('day', -1, end)) }} end
{% endmacro %}
