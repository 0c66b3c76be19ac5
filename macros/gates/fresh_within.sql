{#
    A gate: fails where no rows have come for longer than so many periods, up to the end of the newest complete window.
    Arguments and use: docs/gates.md.

    periods  whole number: so many periods (hours, days, weeks or months) may be without rows
    monitor, segment, version  text or list of texts; the monitor the test is on, the total. Versions and segments are
             seen where their freshness or volume is judged
    unknown  fail (default) or pass: where there is nothing to see
#}
{% test fresh_within(model, periods, monitor=none, segment='all', version='all', unknown='fail') %}
    {%- do driftline._check_count('(all)', 'fresh_within.periods', periods, 0) -%}
    {{- driftline._gate_failures('fresh_within', model, {'monitor': monitor, 'segment': segment, 'version': version,
        'family': 'freshness', 'metric': 'silent_periods'}, none, unknown, 'm.value > ' ~ periods, 'gate.silent',
        {'value': driftline._count_words('m.value') | trim, 'limit': driftline._text(periods)}) -}}
{% endtest %}
