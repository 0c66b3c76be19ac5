{#
    A gate: fails where the model is worse than the limit in the newest complete window whose labels have come.
    Arguments and use: docs/gates.md.

    above    number: the least the metric may be; of one that is better the lower (log_loss, mae …), the most
    metric   a metric of driftline_performance, such as roc_auc
    basis    realized (default) or estimated: without labels
    monitor, segment, version  text or list of texts; the monitor the test is on, the total
    windows  lengths in periods; default the one that is judged, else the shortest
    unknown  fail (default) or pass: where there is nothing to see
#}
{% test performance_above(model, above, metric, basis='realized', monitor=none, segment='all', version='all',
    windows=none, unknown='fail') %}
    {%- set known = driftline._metrics() | rejectattr('better', 'in', ['none', none]) | list -%}
    {%- set names = known | map(attribute='name') | unique | list -%}
    {%- do driftline._gate_choice('performance_above', 'metric', metric, names) -%}
    {%- do driftline._gate_choice('performance_above', 'basis', basis, ['realized', 'estimated']) -%}
    {%- do driftline._gate_number('performance_above', 'above', above) -%}
    {%- set better = (known | selectattr('name', 'equalto', metric) | first).better -%}
    {{- driftline._gate_failures('performance_above', model, {'monitor': monitor, 'segment': segment,
        'version': version, 'family': 'performance' if basis == 'realized' else 'estimate', 'metric': metric,
        'column': 'all', 'baseline': 'reference'}, windows, unknown,
        'm.value ' ~ ('<' if better == 'higher' else '>') ~ ' ' ~ above,
        'gate.low' if better == 'higher' else 'gate.high',
        {'value': driftline._amount_words('m.value') | trim, 'limit': driftline._text(above)}) -}}
{% endtest %}
