{#
    A gate: fails where a column of the newest complete window is as far from its baseline as the limit, and further
    than chance takes it. Arguments and use: docs/gates.md.

    below          number: how far is too far
    metric         a distance of driftline_drift (default psi, as it is judged); of mean_shift and spread_ratio how far
                   they are from 0 and 1, either way
    beyond_noise   boolean, default true: only where it is more than noise. false: the number alone
    baseline       reference (default), previous, trailing, seasonal
    monitor, column, segment, version  text or list of texts; the monitor the test is on, all columns, the total
    windows        lengths in periods; default the one that is judged, else the shortest
    unknown        fail (default) or pass: where there is nothing to see
#}
{% test drift_below(model, below, metric='psi', beyond_noise=true, baseline='reference', monitor=none, column=none,
    segment='all', version='all', windows=none, unknown='fail') %}
    {%- set names = driftline._distances() | map(attribute='name') | reject('in', ['mean', 'psi_seen']) | list -%}
    {%- do driftline._gate_choice('drift_below', 'metric', metric, names) -%}
    {%- do driftline._gate_choice('drift_below', 'baseline', baseline, driftline._baselines()) -%}
    {%- do driftline._gate_choice('drift_below', 'beyond_noise', beyond_noise, [true, false]) -%}
    {%- do driftline._gate_number('drift_below', 'below', below, least=0) -%}
    {%- set distance = driftline._distances() | selectattr('name', 'equalto', metric) | first -%}
    {%- set far = (distance.deviation or '{0}').replace('{0}', 'm.judged_value') -%}
    {%- set over_noise = 'm.noise is null or ' ~ far ~ ' > m.noise' if beyond_noise else '1 = 1' -%}
    {{- driftline._gate_failures('drift_below', model, {'monitor': monitor, 'column': column, 'segment': segment,
        'version': version, 'family': 'drift', 'metric': metric, 'baseline': baseline}, windows, unknown,
        far ~ ' >= ' ~ below ~ ' and (' ~ over_noise ~ ')', 'gate.drift',
        {'value': driftline._amount_words(far) | trim, 'limit': driftline._text(below)}) -}}
{% endtest %}
