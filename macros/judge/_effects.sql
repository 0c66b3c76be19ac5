{#
    How far a value is from what is expected, in the sense of `compare`, with the sign of the change: what the
    thresholds are held against once the direction is taken (_directed). NULL where nothing can be said.

    of  '' for a rule's first bound, 'or_' for its second (the columns compare and direction, or or_compare and
        or_direction, beside judged, expected, row_count and baseline_row_count)
#}
{% macro _signed_effect(of) %}
    case {{ of }}compare
        when 'value' then judged
        when 'difference' then judged - expected
        -- Of more is better, what is missing to all; of less is better, the errors are the value itself.
        when 'errors' then case when {{ of }}direction = 'above' then {{ driftline._relative('judged', 'expected') }}
            when greatest(judged, expected) <= 1e0
                then - {{ driftline._relative('(1e0 - judged)', '(1e0 - expected)') }} end
        when 'odds' then {{ driftline._odds_change() }}
        else {{ driftline._relative('judged', 'expected') }}
    end
{%- endmacro %}


{# A difference as a share. What comes where nothing was is a change by all of itself. #}
{% macro _relative(x, base) %}
    {{- return('(' ~ x ~ ' - ' ~ base ~ ') / nullif(case when ' ~ base ~ ' = 0 then abs(' ~ x ~ ') else abs(' ~ base
        ~ ') end, 0)') -}}
{% endmacro %}


{#
    By how much the odds of a rate have changed: the odds ratio, or 1 over it where they fell, less 1, so that doubling
    and halving are the same. Half a row on either side keeps it finite (Haldane 1956; Anscombe 1956).
#}
{% macro _odds_change() %}
    {%- set odds = [] -%}
    {%- for rate, rows in [
        ['judged', 'cast(row_count as ' ~ driftline._type_double() ~ ')'],
        ['expected', 'cast(coalesce(baseline_row_count, row_count) as ' ~ driftline._type_double() ~ ')'],
    ] -%}
        {%- do odds.append('((' ~ rate ~ ' * ' ~ rows ~ ' + 0.5e0) / ((1e0 - ' ~ rate ~ ') * ' ~ rows
            ~ ' + 0.5e0))') -%}
    {%- endfor -%}
    {%- set up = odds[0] ~ ' / ' ~ odds[1] -%}
    {%- set down = odds[1] ~ ' / ' ~ odds[0] -%}
    {{- return(
        'case when not (judged between 0e0 and 1e0 and expected between 0e0 and 1e0) then null'
        ~ ' when judged > expected then greatest(' ~ up ~ ' - 1e0, 0e0)'
        ~ ' when judged < expected then - greatest(' ~ down ~ ' - 1e0, 0e0) when judged = expected then 0e0 end'
    ) -}}
{% endmacro %}


{# A number taken in the direction that is looked at: over 0 is what a threshold is about. #}
{% macro _directed(x, of='') %}
    {{- return('case ' ~ of ~ "direction when 'below' then - " ~ x ~ " when 'both' then abs(" ~ x ~ ') else ' ~ x
        ~ ' end') -}}
{% endmacro %}


{#
    Whether the second of a rule's bounds tells more than the first: which of them a window is judged by. The one that
    exceeds more of its thresholds; where neither exceeds any, the one that is nearer to it.

    d  alias of a row with effect, warn, critical and the same with or_
#}
{% macro _second_leads(d) %}
    {%- set reached = [] -%}
    {%- set share = [] -%}
    {%- for of in ['', 'or_'] -%}
        {%- set column = d ~ '.' ~ of -%}
        {%- set least = 'coalesce(' ~ column ~ 'warn, ' ~ column ~ 'critical)' -%}
        {%- do reached.append('(case when ' ~ driftline._exceeds(column ~ 'effect', column ~ 'critical')
            ~ ' then 2 when ' ~ driftline._exceeds(column ~ 'effect', least) ~ ' then 1 else 0 end)') -%}
        {%- do share.append(column ~ 'effect / nullif(' ~ least ~ ', 0e0)') -%}
    {%- endfor -%}
    {{- return('case when ' ~ d ~ '.or_warn is null and ' ~ d ~ '.or_critical is null then false else ' ~ reached[1]
        ~ ' > ' ~ reached[0] ~ ' or ' ~ reached[0] ~ ' + ' ~ reached[1] ~ ' = 0 and coalesce(' ~ share[1] ~ ' > '
        ~ share[0] ~ ', ' ~ share[1] ~ ' is not null) end') -}}
{% endmacro %}
