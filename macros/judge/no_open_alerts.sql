{#
    A gate for `dbt build`: a generic test that fails while alerts are open, one row for each. Arguments and use:
    docs/thresholds.md.

    On a monitor's own model it looks at that monitor. While the test fails, `dbt build` skips the models that depend on
    `driftline_alerts`.

    alert_severity  text: warn (default) counts all alerts, critical the critical ones
    monitor         text or list of texts; default the model the test is on, on any other model all
    column, family, metric, segment, version  text or list of texts; default all
#}
{% test no_open_alerts(model, alert_severity='warn', monitor=none, column=none, family=none, metric=none, segment=none,
    version=none) %}
    {%- if alert_severity not in ['warn', 'critical'] -%}
        {{- driftline._fail('(all)', 'no_open_alerts.alert_severity', tojson(alert_severity | string),
            'warn, critical') -}}
    {%- endif -%}
    {%- set here = model.identifier if model is not string and model.identifier is defined else none -%}
    {%- if monitor is none and here in driftline._monitors() -%}
        {%- set monitor = here -%}
    {%- endif -%}
    {%- set conditions = [] -%}
    {%- if alert_severity == 'critical' -%}{%- do conditions.append("severity = 'critical'") -%}{%- endif -%}
    {%- for field, given in {'monitor': monitor, 'column': column, 'family': family, 'metric': metric,
        'segment': segment, 'version': version}.items() if given is not none -%}
        {%- set values = [given] if given is string else given -%}
        {%- if values is mapping or values is not sequence or values | length == 0
            or values | select('string') | list | length != values | length -%}
            {{- driftline._fail(here or '(all)', 'no_open_alerts.' ~ field, tojson(given | string),
                'a text or a list of texts') -}}
        {%- endif -%}
        {%- if field == 'monitor' -%}
            {#- While dbt parses, a list under `vars: {driftline: …}` is not to be seen from here. -#}
            {%- set known = driftline._monitors() -%}
            {%- for value in values if value not in known and (execute or known) -%}
                {{- driftline._fail('(all)', 'no_open_alerts.monitor', tojson(value), known | join(', ')) -}}
            {%- endfor -%}
        {%- endif -%}
        {%- set literals = [] -%}
        {%- for value in values -%}{%- do literals.append(driftline._literal(value)) -%}{%- endfor -%}
        {%- do conditions.append({'column': 'column_name', 'version': 'model_version'}.get(field, field) ~ ' in ('
            ~ literals | join(', ') ~ ')') -%}
    {%- endfor %}
select monitor, model_version, segment, segment_value, family, metric, column_name, severity, first_window_start,
    message
from {{ ref('driftline', 'driftline_alerts') }}
where status = 'open' {%- for condition in conditions %} and {{ condition }}{% endfor %}
{% endtest %}
