{# What is computed for whom (decision 21). #}

{# What drift is held against. #}
{% macro _baselines() %}
    {{- return(['reference', 'previous', 'trailing', 'seasonal']) -}}
{% endmacro %}


{# What is computed of a monitor unless it says which of them; freshness and volume always are. #}
{% macro _families() %}
    {{- return(['drift', 'quality', 'performance', 'business', 'concept', 'fairness', 'trend', 'comparisons']) -}}
{% endmacro %}


{# The condition that a family of measures is computed of a monitor; monitor is a column. SQL. #}
{% macro _of_family(family, monitor) %}
    {{- return(monitor ~ ' in (select monitor from ' ~ ref('driftline_int_monitors') ~ " where families like '%"
        ~ family ~ "%')") -}}
{% endmacro %}


{#
    Whether a group gets every window length and every baseline: the totals, and what the monitor's `detail` names. SQL.

    g  alias of a relation with model_version and segment
    m  alias of driftline_int_monitors
#}
{% macro _is_detailed(g, m) %}
    {{- return(
        "(" ~ g ~ ".model_version = 'all' and " ~ g ~ ".segment = 'all' or " ~ m ~ ".detail like '%all%'"
        ~ " or " ~ g ~ ".segment = 'all' and " ~ m ~ ".detail like '%versions%'"
        ~ " or " ~ g ~ ".model_version = 'all' and " ~ m ~ ".detail like '%segments%')"
    ) -}}
{% endmacro %}


{#
    Whether a group has columns, performance and business metrics in windows of its own: not a version within a
    segment's value, unless the monitor's `detail` names it or a threshold asks for segments or versions. SQL, as above.
#}
{% macro _is_shown(g, m) %}
    {{- return(
        "(" ~ g ~ ".model_version = 'all' or " ~ g ~ ".segment = 'all' or " ~ m ~ ".detail like '%all%'"
        ~ " or " ~ m ~ ".detail like '%crosses%' or " ~ driftline._lengths_asked().crosses ~ ")"
    ) -}}
{% endmacro %}


{#
    Which window lengths groups that are not detailed need, from the project's thresholds: the shortest that is judged
    by default, and, where a threshold asks for segments or versions, what it may be judged on. Rather one too many
    than one too few: for all groups of the monitor.

    Returns a dict of SQL:
      rows       relation (monitor, asked_no, counted, min_rows): the shortest length with so many rows is needed
      own        condition on m.monitor: the lengths are needed in which the values of its segments have enough rows
                 of their own; or none
      each       condition on m.monitor and f.window_periods: the length is needed anyway
      has_more_baselines  whether any group that is not detailed may have more than the reference
      baselines  condition on m.monitor and f.baseline: the baseline is needed
      crosses    condition on m.monitor: versions within segments are needed, if only to say what is behind an alert
#}
{% macro _lengths_asked() %}
    {%- set thresholds = driftline._threshold_overrides() -%}
    {%- set monitors = [] -%}
    {%- set of_crosses = [] -%}
    {%- set usual = [driftline._least_reference_rows()] -%}
    {%- set more = [] -%}
    {%- set baselines = ['reference'] -%}
    {%- set every = [] -%}
    {%- for row in thresholds -%}
        {%- if row.segments == 'each' or row.versions == 'each' or 'segment' in row or 'model_version' in row -%}
            {%- set monitor = driftline._literal(row.monitor) if 'monitor' in row else 'm.monitor' -%}
            {%- do monitors.append(monitor) -%}
            {%- if row.family not in ['freshness', 'volume', 'comparison', 'fairness'] -%}
                {%- do of_crosses.append(monitor) -%}
            {%- endif -%}
        {%- endif -%}
        {%- if 'min_rows' in row and row.family not in ['freshness', 'volume'] and row.min_rows not in more -%}
            {%- do more.append(row.min_rows) -%}
        {%- endif -%}
        {%- if 'baseline' in row and row.baseline not in baselines -%}
            {%- do baselines.append(row.baseline) -%}
        {%- endif -%}
        {%- if row.windows == 'each' -%}{%- do every.append(1) -%}{%- endif -%}
    {%- endfor -%}
    {%- set asks = 'm.monitor in (' ~ monitors | unique | join(', ') ~ ')' if monitors else '1 = 0' -%}
    {%- set rows = [] -%}
    {%- for min_rows in usual + more -%}
        {%- set condition = 'true' if loop.first else asks -%}
        {%- set number = loop.index0 -%}
        {%- for counted in ['rows', 'known'] + (['own'] if monitors else []) -%}
            {%- do rows.append('select m.monitor, ' ~ number ~ ' as asked_no, ' ~ driftline._text(counted)
                ~ ' as counted, ' ~ min_rows ~ ' as min_rows from ' ~ ref('driftline_int_monitors')
                ~ ' as m where ' ~ (asks if counted == 'own' else condition)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for counted in ['scored', 'positives'] -%}
        {%- do rows.append('select monitor, 0, ' ~ driftline._text(counted) ~ ', ' ~ driftline._fairness_min_rows()
            ~ ' from ' ~ ref('driftline_int_monitors')) -%}
    {%- endfor -%}
    {#- The history of a measure is that of the shortest windows. -#}
    {%- set firsts = [] -%}
    {%- for window in driftline._windows() -%}
        {%- do firsts.append("f.period = '" ~ window.period ~ "' and f.window_periods = "
            ~ driftline._change_spans(window).size) -%}
    {%- endfor -%}
    {{- return({
        'rows': rows | join(' union all '),
        'own': asks if monitors,
        'each': '(' ~ asks ~ (' and (' ~ firsts | join(' or ') ~ ')' if not every) ~ ')',
        'crosses': 'm.monitor in (' ~ of_crosses | unique | join(', ') ~ ')' if of_crosses else '1 = 0',
        'has_more_baselines': monitors | length > 0 and baselines | length > 1,
        'baselines': "(f.baseline = 'reference' or " ~ asks ~ ' and f.baseline in ('
            ~ driftline._literal(baselines | join("|")) | replace("|", "', '") ~ '))',
    }) -}}
{% endmacro %}


{# The lengths of the windows of groups that are not detailed, as a text, one for each monitor. SQL over int_frames. #}
{% macro _frames_text(c) %}
    {%- set sizes = [] -%}
    {%- for window in driftline._windows() -%}{%- do sizes.extend(window.sizes) -%}{%- endfor -%}
    {%- set parts = [] -%}
    {%- for size in sizes | unique | sort -%}
        {%- set of_size = 'case when not ' ~ c ~ '.is_detailed and ' ~ c ~ '.window_periods = ' ~ size -%}
        {%- do parts.append('max(' ~ of_size ~ ' then ' ~ "case " ~ c ~ ".baseline when 'window' then '" ~ size
            ~ " ' when 'reference' then '" ~ size ~ " held ' else '' end else '' end) over (partition by " ~ c
            ~ '.monitor)') -%}
    {%- endfor -%}
    {{- return(dbt.concat(parts)) -}}
{% endmacro %}
