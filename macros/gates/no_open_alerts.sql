{#
    A gate for `dbt build`: a generic test that fails while alerts are open, one row for each. Arguments and use:
    docs/gates.md.

    On a monitor's own model it looks at that monitor. While the test fails, `dbt build` skips the models that depend on
    `driftline_alerts`.

    alert_severity  text: warn (default) counts all alerts, critical the critical ones
    monitor         text or list of texts; default the model the test is on, on any other model all
    column, family, metric, segment, version  text or list of texts; default all
#}
{% test no_open_alerts(model, alert_severity='warn', monitor=none, column=none, family=none, metric=none, segment=none,
    version=none) %}
    {%- do driftline._gate_choice('no_open_alerts', 'alert_severity', alert_severity, ['warn', 'critical']) -%}
    {%- set conditions = driftline._gate_conditions('no_open_alerts', model, {'monitor': monitor, 'column': column,
        'family': family, 'metric': metric, 'segment': segment, 'version': version}) -%}
    {%- if alert_severity == 'critical' -%}{%- do conditions.append("severity = 'critical'") -%}{%- endif %}
select monitor, model_version, segment, segment_value, family, metric, column_name, severity, first_window_start,
    sentence, message
from {{ ref('driftline', 'driftline_alerts') }}
where status = 'open' {%- for condition in conditions %} and {{ condition }}{% endfor %}
{% endtest %}
