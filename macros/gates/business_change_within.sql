{#
    A gate: fails where a business metric of the newest complete window has changed by more than the limit, and by more
    than chance makes of it. Arguments and use: docs/gates.md.

    within         number: the largest relative change, 0.1 is 10 % either way
    metric         text or list of texts, names of business metrics; default all
    against        trailing (default: what was usual in the windows before), reference, previous, seasonal
    beyond_noise   boolean, default true: only where it is more than noise (of previous and seasonal none is known)
    monitor, segment, version  text or list of texts; the monitor the test is on, the total
    windows        lengths in periods; default the one that is judged, else the shortest
    unknown        fail (default) or pass: where there is nothing to see
#}
{% test business_change_within(model, within, metric=none, against='trailing', beyond_noise=true, monitor=none,
    segment='all', version='all', windows=none, unknown='fail') %}
    {%- do driftline._gate_choice('business_change_within', 'against', against,
        ['trailing', 'reference', 'previous', 'seasonal']) -%}
    {%- do driftline._gate_choice('business_change_within', 'beyond_noise', beyond_noise, [true, false]) -%}
    {%- do driftline._gate_number('business_change_within', 'within', within, least=0) -%}
    {%- set change = '(m.value - m.expected) / nullif(abs(m.expected), 0)' -%}
    {%- set over_noise = 'm.noise is null or abs(m.value - m.expected) > m.noise' if beyond_noise else '1 = 1' -%}
    {{- driftline._gate_failures('business_change_within', model, {'monitor': monitor, 'segment': segment,
        'version': version, 'family': 'business', 'metric': metric, 'baseline': against}, windows, unknown,
        'abs(' ~ change ~ ') > ' ~ within ~ ' and (' ~ over_noise ~ ')', 'gate.business',
        {'value': driftline._amount_words('m.value') | trim, 'expected': driftline._amount_words('m.expected') | trim,
        'limit': driftline._change_words(driftline._texts_of(driftline._language()), within)}) -}}
{% endtest %}
