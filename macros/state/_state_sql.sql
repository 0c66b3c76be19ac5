{#
    The SQL of a monitor's model: state rows for the periods this run reads, what was declared, and, where the run
    builds anew, the frozen bins.

    A run either builds (first run, changed declaration, no reference rows yet) or resumes at a cutoff (_resume). Either
    way it writes whole periods, and marks each period it is responsible for with a `read` row, so that the replacement
    by period also removes what is no longer in the source. The package's own records stand in periods of their own.
#}
{% macro _state_sql(declaration) %}
    {%- if not execute -%}
        {{- return('select 1 as parsed') -}}
    {%- endif -%}
    {{- driftline._check_identifier(declaration.monitor) -}}
    {{- driftline._alone() -}}
    {{- driftline._check_session() -}}
    {%- set run = driftline._planned_run(declaration) -%}
    {%- set sql %}
{{ driftline._with_steps(driftline._state_steps(declaration, run)) }}
{{ driftline._state_rows(declaration, run) }}
    {%- endset -%}
    {{- driftline._check_length(declaration, sql) -}}
    {{- sql }}
{% endmacro %}


{#
    The steps from what a run reads to its records, each reading those before it by their names: list of {name, sql}, or
    {name, parts}: list of SQL, of which an engine may make a table one by one.
#}
{% macro _state_steps(declaration, run) %}
    {%- set steps = [] -%}
    {%- if run.source.outcome.outcomes is not none -%}
        {%- do steps.append({'name': 'outcomes', 'sql': run.source.outcome.outcomes}) -%}
    {%- endif -%}
    {%- do steps.append({'name': 'declared', 'sql': driftline._declared_rows(declaration, run.source.columns)}) -%}
    {%- do steps.append({'name': 'bins', 'parts': driftline._bins_of_run(declaration, run)}) -%}
    {%- if run.numeric -%}
        {%- do steps.append({'name': 'numeric_counts', 'parts': driftline._numeric_counts(run)}) -%}
    {%- endif -%}
    {%- if run.categorical -%}
        {%- do steps.append({'name': 'category_values', 'parts': driftline._category_values(run)}) -%}
        {%- do steps.append({'name': 'category_counts', 'sql': driftline._category_counts(run)}) -%}
    {%- endif -%}
    {%- do steps.append({'name': 'measures', 'sql': driftline._measure_sums(declaration, run)}) -%}
    {%- do steps.append({'name': 'counted', 'sql': driftline._all_counts(declaration, run)}) -%}
    {%- do steps.append({'name': 'by_segment', 'sql': driftline._counts_by_segment(declaration, run)}) -%}
    {%- do steps.append(
        {'name': 'replaced', 'sql': driftline._replaced_periods(declaration, run.resume, run.source)}
    ) -%}
    {%- do steps.append({'name': 'records', 'sql': driftline._records(declaration, run)}) -%}
    {{- return(steps) -}}
{% endmacro %}


{#
    The steps that are read more than once and cost something: an engine that computes a CTE at each use makes relations
    of them beforehand (_with_steps).
#}
{% macro _repeated_steps() %}
    {{- return(['outcomes', 'bins', 'measures', 'counted', 'by_segment']) -}}
{% endmacro %}


{# Those that are tables as well where one statement of all columns is too long (_columns_per_statement). #}
{% macro _cut_steps() %}
    {{- return(['declared', 'numeric_counts', 'category_values']) -}}
{% endmacro %}


{#
    What a run is going to do:
      resume        where it goes on, or none: it builds anew (_resume)
      hash          that its rows are written under
      source        the log; last: the reference of its own where there is one, else the log; read: those that it reads
      numeric, categorical  the columns of either kind
      grain         the names of what rows are counted by
      segment_sets  which segments are counted crossed with each other
      sums          names of the sums of a row of the state
      measures      the performance measures of the monitor; has_label: whether it has labels
      rows          what is read of each source, by its name (_rows_of)
#}
{% macro _planned_run(declaration) %}
    {%- set resume = driftline._resume(declaration) -%}
    {%- set hash = resume.hash if resume else driftline._spec_hash(declaration) -%}
    {%- do declaration.update({'state_version': resume.version if resume else driftline._state_version()}) -%}
    {%- set sources = [driftline._resolve(declaration, declaration.relation, 'relation')] -%}
    {%- if declaration.reference_relation is not none -%}
        {%- do sources.append(driftline._resolve(declaration, declaration.reference_relation, 'reference')) -%}
        {{- driftline._align(declaration, sources[0], sources[1]) -}}
    {%- endif -%}
    {{- driftline._mark_reals(sources) -}}
    {%- if declaration.bins_relation is not none -%}
        {{- driftline._take_given_bins(declaration, sources, this if resume else declaration.bins_relation) -}}
    {%- endif -%}
    {%- set read = sources[:1] if resume else sources -%}
    {%- set columns = sources[0].columns -%}
    {%- set grain = ['source', 'in_reference', 'period_start', 'model_version'] -%}
    {%- for segment in declaration.segments -%}
        {%- do grain.append('segment_' ~ loop.index) -%}
    {%- endfor -%}
    {%- set segment_sets = driftline._segment_sets(declaration, resume) -%}
    {%- if segment_sets | length > 1 -%}{%- do grain.append('segment_set') -%}{%- endif -%}
    {%- set has_label = sources[0].outcome.labelled is not none -%}
    {%- set rows = {} -%}
    {%- for source in read -%}
        {%- do rows.update({source.name: driftline._rows_of(declaration, source, resume, segment_sets)}) -%}
    {%- endfor -%}
    {{- return({
        'resume': resume, 'hash': hash, 'source': sources[0], 'last': sources[-1], 'read': read,
        'numeric': columns | selectattr('kind', 'equalto', 'numeric') | list,
        'categorical': columns | selectattr('kind', 'equalto', 'categorical') | list,
        'grain': grain, 'segment_sets': segment_sets,
        'sums': driftline._sum_names(),
        'measures': sources[0].outcome.measures if has_label else [], 'has_label': has_label,
        'rows': rows,
    }) -}}
{% endmacro %}


{# The names of the sums of a row of the state, in order. #}
{% macro _sum_names() %}
    {{- return([
        'row_count', 'weight_sum', 'weight_sq_sum', 'value_sum', 'deviation_sq_sum', 'value_min', 'value_max',
        'out_of_range_weight',
    ] + driftline._outcome_names()) -}}
{% endmacro %}


{# The bins that the run counts in, those of the state, those given, or those it learns where it builds: list of SQL. #}
{% macro _bins_of_run(declaration, run) %}
    {%- if not run.resume and declaration.bins_relation is none -%}
        {{- return(driftline._learnt_bins(declaration, run.last, run.numeric)) -}}
    {%- endif -%}
    {%- set given %}
    select d.column_no, t.bin, t.bin_kind, t.bin_label, t.bin_lower, t.bin_upper, t.bin_group
    from {{ this if run.resume else declaration.bins_relation }} as t
    join declared as d on d.column_name = t.column_name and d.column_role = t.column_role
    where t.record = 'bin'
    {%- endset -%}
    {{- return([given]) -}}
{% endmacro %}


{# The state's columns, of the CTE records. #}
{% macro _state_rows(declaration, run) %}
select
    {{ driftline._text(declaration.monitor) }} as monitor,
    {{ driftline._text(run.hash) }} as spec_hash,
    {{ driftline._as_text('record') }} as record,
    {{ driftline._as_text('source') }} as source,
    in_reference,
    {{ driftline._as_timestamp('period_start') }} as period_start,
    cast(period_index as {{ dbt.type_bigint() }}) as period_index,
    {%- for name in ['model_version', 'segment', 'segment_value', 'column_name', 'column_role', 'column_kind'] %}
    {{ driftline._as_text(name) }} as {{ name }},
    {%- endfor %}
    cast(bin as {{ dbt.type_int() }}) as bin,
    {{ driftline._as_text('bin_kind') }} as bin_kind,
    {{ driftline._as_text('bin_label') }} as bin_label,
    {{ driftline._as_double('bin_lower') }} as bin_lower,
    {{ driftline._as_double('bin_upper') }} as bin_upper,
    cast(bin_group as {{ dbt.type_int() }}) as bin_group,
    cast(row_count as {{ dbt.type_bigint() }}) as row_count,
    {%- for sum in run.sums[1:] %}
    {{ driftline._as_double(sum) }} as {{ sum }},
    {%- endfor %}
    {#- The warehouse's clock, also in a replay: later steps tell by it which periods were read since they last looked,
        and only one clock is sure never to go back. -#}
    {{ driftline._as_timestamp(driftline._utc_now()) }} as computed_at
from records
{#- `dbt --empty` sees that the SQL runs; what stands in the state stays as it is. #}
{%- if flags.EMPTY %}
where 1 = 0
{%- endif %}
{% endmacro %}
