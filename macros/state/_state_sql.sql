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
    {%- set resume = driftline._resume(declaration) -%}
    {%- set hash = resume.hash if resume else driftline._spec_hash(declaration) -%}
    {%- do declaration.update({'state_version': resume.version if resume else driftline._state_version()}) -%}
    {%- set sources = [driftline._resolve(declaration, declaration.relation, 'relation')] -%}
    {%- if declaration.reference_relation is not none -%}
        {%- do sources.append(driftline._resolve(declaration, declaration.reference_relation, 'reference')) -%}
        {{- driftline._align(declaration, sources[0], sources[1]) -}}
    {%- endif -%}
    {{- driftline._mark_reals(sources) -}}
    {%- set read_sources = sources[:1] if resume else sources -%}
    {%- set columns = sources[0].columns -%}
    {%- set numeric = columns | selectattr('kind', 'equalto', 'numeric') | list -%}
    {%- set categorical = columns | selectattr('kind', 'equalto', 'categorical') | list -%}
    {%- set keys = ['source', 'in_reference', 'period_start', 'model_version'] -%}
    {%- for segment in declaration.segments -%}
        {%- do keys.append('segment_' ~ loop.index) -%}
    {%- endfor -%}
    {%- set segment_sets = driftline._segment_sets(declaration, resume) -%}
    {%- if segment_sets | length > 1 -%}{%- do keys.append('segment_set') -%}{%- endif -%}
    {%- set sums = ['row_count', 'weight_sum', 'weight_sq_sum', 'value_sum', 'deviation_sq_sum', 'value_min', 'value_max', 'out_of_range_weight'] + driftline._outcome_names() -%}
    {%- set measures = sources[0].outcome.measures if sources[0].outcome.labelled is not none else [] -%}
    {%- set has_label = sources[0].outcome.labelled is not none -%}
    {%- set now = driftline._now() -%}
    {%- set from = {} -%}
    {%- for source in read_sources -%}
        {%- do from.update({source.name: driftline._rows_of(declaration, source, resume, segment_sets)}) -%}
    {%- endfor %}
with {% if sources[0].outcome.outcomes is not none -%}
outcomes as (
    {{ sources[0].outcome.outcomes }}
),

{% endif -%}
declared as (
    {{ driftline._declared_rows(declaration, columns) }}
),

bins as (
    {%- if resume %}
    select d.column_no, t.bin, t.bin_kind, t.bin_label, t.bin_lower, t.bin_upper, t.bin_group
    from {{ this }} as t
    join declared as d on d.column_name = t.column_name and d.column_role = t.column_role
    where t.record = 'bin'
    {%- else %}
    {{ driftline._learnt_bins(declaration, sources[-1], numeric, categorical) }}
    {%- endif %}
),

{% if numeric -%}
numeric_counts as (
    {%- for source in read_sources if source.columns | selectattr('kind', 'equalto', 'numeric') | list %}
    select * from ({{ driftline._count_numeric(source.columns | selectattr('kind', 'equalto', 'numeric') | list, from[source.name], keys) }}) as counted_{{ loop.index }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{% endif -%}
{% if categorical -%}
category_values as (
    {%- for source in read_sources if source.columns | selectattr('kind', 'equalto', 'categorical') | list %}
    {{ driftline._count_categories(source.columns | selectattr('kind', 'equalto', 'categorical') | list, from[source.name], keys) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

category_counts as (
    select
        v.column_no,
        {% for key in keys %}v.{{ key }}, {% endfor %}
        case when v.category is null then -3 else coalesce(b.bin, 10002) end as bin,
        sum(v.row_count) as row_count,
        sum(v.weight_sum) as weight_sum,
        sum(v.weight_sq_sum) as weight_sq_sum,
        {% for sum in driftline._outcome_names() %}sum(v.{{ sum }}) as {{ sum }}{{ ', ' if not loop.last }}{% endfor %}
    from category_values as v
    left join bins as b on b.column_no = v.column_no and b.bin_label = v.category
    group by {% for key in keys %}v.{{ key }}, {% endfor %}v.column_no, case when v.category is null then -3 else coalesce(b.bin, 10002) end
),

{% endif -%}
measures as (
    {%- for source in read_sources %}
    {{ driftline._sum_measures(declaration, from[source.name], keys, measures, has_label) }}
    {{- ' union all ' if not loop.last }}
    {%- endfor %}
),

counted as (
    {%- if numeric %}
    select column_no, {{ keys | join(', ') }}, bin, cast(null as {{ dbt.type_string() }}) as bin_kind, {{ sums | join(', ') }} from numeric_counts
    union all
    {%- endif %}
    {%- if categorical %}
    select column_no, {{ keys | join(', ') }}, bin, cast(null as {{ dbt.type_string() }}) as bin_kind, row_count, weight_sum, weight_sq_sum
        {%- for sum in sums[3:8] %}, {{ driftline._as_double('null') }} as {{ sum }}{% endfor %}, {{ sums[8:] | join(', ') }}
    from category_counts
    union all
    {%- endif %}
    {{ driftline._measure_rows(declaration, keys, measures, has_label) }}
),

by_segment as (
    {%- set splits = [none] + declaration.segments %}
    {%- for segment in splits %}
    select
        column_no, source, in_reference, period_start, model_version,
        {{ driftline._text('all' if segment is none else segment) }} as segment,
        {{ driftline._text('all') if segment is none
            else driftline._group_name('segment_' ~ loop.index0) }} as segment_value,
        bin, bin_kind,
        {%- if splits | length == 1 %}
        {{ sums | join(', ') }}
    from counted
        {%- else %}
        {%- set split = loop.index0 -%}
        {%- set counted_in = namespace(number=1) -%}
        {%- for names in segment_sets -%}
            {%- if 'segment_' ~ split in names -%}{%- set counted_in.number = loop.index -%}{%- endif -%}
        {%- endfor %}
        {% for sum in sums %}{{ {'value_min': 'min', 'value_max': 'max'}.get(sum, 'sum') }}({{ sum }}) as {{ sum }}{{ ', ' if not loop.last }}{% endfor %}
    from counted
        {%- if segment_sets | length > 1 %}
    where segment_set = {{ counted_in.number }}
        {%- endif %}
    group by column_no, source, in_reference, period_start, model_version, {{ "segment_" ~ loop.index0 ~ ", " if segment is not none }}bin, bin_kind
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- for segment in splits %}
    {%- set split = loop.index0 %}
    {%- for source in read_sources if source.outcome.ranking is not none %}
    union all
    select
        20001, source, in_reference, period_start, model_version,
        {{ driftline._text('all' if segment is none else segment) }},
        {{ driftline._text('all') if segment is none else driftline._group_name('segment_' ~ split) }},
        bin, bin_kind, row_count, row_count, row_count, value_sum, deviation_sq_sum
        {%- for sum in sums[5:] %}, {{ driftline._as_double('null') }}{% endfor %}
    from ({{ driftline._rank_requests(from[source.name], none if segment is none else 'segment_' ~ split) }}) as ranked_{{ split }}_{{ loop.index }}
    {%- endfor %}
    {%- endfor %}
),

replaced as (
    {{ driftline._replaced_periods(declaration, resume, sources[0]) }}
),

records as (
    select
        'count' as record, c.source, c.in_reference, c.period_start,
        {{ driftline._period_index('c.period_start', declaration.arguments.period) }} as period_index,
        c.model_version, c.segment, c.segment_value,
        d.column_name, d.column_role, d.column_kind,
        c.bin,
        case
            when c.bin_kind is not null then c.bin_kind
            when c.bin = -3 then 'null'
            when c.bin = -2 then 'nan'
            when c.bin = -1 then 'negative_infinity'
            when c.bin = 10000 then 'positive_infinity'
            when c.bin = 10001 then 'beyond_top'
            when c.bin = 10002 then 'unseen'
            when c.bin = 20000 then 'moments'
            when d.column_kind = 'numeric' then 'range'
            else 'category'
        end as bin_kind,
        b.bin_label, b.bin_lower, b.bin_upper,
        coalesce(b.bin_group, c.bin) as bin_group,
        {% for sum in sums %}c.{{ sum }}{{ ', ' if not loop.last }}{% endfor %}
    from by_segment as c
    join declared as d on d.column_no = c.column_no
    left join bins as b on b.column_no = c.column_no and b.bin = c.bin and b.bin_kind in ('range', 'category')
    {%- if resume and (declaration.reference_relation is not none or resume.has_former) %}
    union all
    {{ driftline._kept_records(resume, sources[-1], sums) }}
    {%- endif %}
    {%- if not resume %}
    union all
    select
        'bin', 'relation', true, {{ driftline._own_period('bin') }}, 0, 'all', 'all', 'all',
        d.column_name, d.column_role, d.column_kind, b.bin, b.bin_kind, b.bin_label, b.bin_lower, b.bin_upper, b.bin_group,
        {% for sum in sums %}null{{ ', ' if not loop.last }}{% endfor %}
    from bins as b
    join declared as d on d.column_no = b.column_no
    {%- endif %}
    union all
    select
        'setting', 'relation', false, {{ driftline._own_period('setting') }}, 0, 'all', 'all', 'all',
        s.setting, 'setting', 'setting', 0, 'setting', s.value, null, null, 0,
        {% for sum in sums %}null{{ ', ' if not loop.last }}{% endfor %}
    from ({{ driftline._settings(declaration, sources[0], now, resume) }}) as s
    union all
    select
        'read', 'relation', false, r.period_start, 0, 'all', 'all', 'all',
        'all', 'read', 'read', 0, 'read', null, null, null, 0,
        {% for sum in sums %}null{{ ', ' if not loop.last }}{% endfor %}
    from replaced as r
)

select
    {{ driftline._text(declaration.monitor) }} as monitor,
    {{ driftline._text(hash) }} as spec_hash,
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
    {%- for sum in sums[1:] %}
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


{# The clock: UTC, 'YYYY-MM-DD HH:MM:SS'. The var driftline_now sets it for replays and tests. #}
{% macro _now() %}
    {%- set given = driftline._var('driftline_now', none) -%}
    {%- if given is not none -%}
        {{- return(driftline._moment('(all)', "var 'driftline_now'", given, clock=true)) -}}
    {%- endif -%}
    {{- return(run_started_at.strftime('%Y-%m-%d %H:%M:%S')) -}}
{% endmacro %}


{# When this run of dbt began by the wall clock, also in a replay: UTC, 'YYYY-MM-DD HH:MM:SS.ffffff'. #}
{% macro _run_started_at() %}
    {{- return(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')) -}}
{% endmacro %}


{# The columns of the declaration as rows: what the state needs to know of each. #}
{% macro _declared_rows(declaration, columns) %}
    {%- set rows = [] -%}
    {%- for column in columns -%}
        {%- do rows.append([column.no, driftline._text(column.name), driftline._text(column.role),
            driftline._text(column.kind), column.bins, 1 if column.edges is not none else 0]) -%}
    {%- endfor -%}
    {%- set measure = driftline._text('measure') -%}
    {%- for metric in declaration.metrics -%}
        {%- do rows.append([10000 + metric.no, driftline._text(metric.name), driftline._text('business'), measure, 0,
            0]) -%}
    {%- endfor -%}
    {%- for no, role in {20000: 'row', 20001: 'performance'}.items() -%}
        {%- do rows.append([no, driftline._text('*'), driftline._text(role), measure, 0, 0]) -%}
    {%- endfor -%}
    {{- driftline._constant_rows(
        ['column_no', 'column_name', 'column_role', 'column_kind', 'bin_count', 'own_edges'], rows
    ) -}}
{% endmacro %}


{#
    What is read of one source: {grain (list of {name, sql}), relation, where, weight}. The bare time column is compared
    with constants, so that the engine can prune partitions.
#}
{% macro _rows_of(declaration, source, resume, segment_sets=none) %}
    {%- set a = declaration.arguments -%}
    {%- set zone = 'UTC' if a.period == 'hour' else a.timezone -%}
    {%- set where = ['1 = 0'] if flags.EMPTY else [] -%}
    {%- set grain = [{'name': 'source', 'sql': driftline._literal(source.name), 'constant': true}] -%}
    {%- if source.time is none -%}
        {%- do grain.append({'name': 'in_reference', 'sql': 'true', 'constant': true}) -%}
        {%- do grain.append({'name': 'period_start', 'sql': driftline._own_period('timeless')}) -%}
    {%- else -%}
        {%- set time = source.time.sql -%}
        {%- set kind = source.time.type -%}
        {%- if source.name == 'reference' -%}
            {%- do grain.append({'name': 'in_reference', 'sql': 'true', 'constant': true}) -%}
        {%- elif 'start' in a.reference -%}
            {%- set start = driftline._column_time(driftline._as_timestamp(driftline._literal(a.reference.start)), kind, a.timezone) -%}
            {%- set end = driftline._column_time(driftline._as_timestamp(driftline._literal(a.reference.end)), kind, a.timezone) -%}
            {%- do grain.append({'name': 'in_reference', 'sql': 'case when ' ~ time ~ ' >= ' ~ start ~ ' and ' ~ time ~ ' < ' ~ end ~ ' then true else false end'}) -%}
        {%- else -%}
            {%- do grain.append({'name': 'in_reference', 'sql': 'false', 'constant': true}) -%}
        {%- endif -%}
        {%- do grain.append({'name': 'period_start',
            'sql': driftline._as_timestamp(driftline._period_start(
                driftline._local_time(driftline._to_microseconds(source.time), kind, zone), a.period))}) -%}
        {#- A row dated after the run is read when its time has come. -#}
        {%- set now = driftline._as_timestamp(driftline._literal(driftline._now())) -%}
        {%- do where.append(time ~ ' < ' ~ driftline._column_time(now if kind != 'date' else driftline._local_time(now, 'naive', zone), kind, 'UTC')) -%}
        {%- set is_finite = driftline._is_finite_time(time) -%}
        {%- if is_finite is not none -%}{%- do where.append(is_finite) -%}{%- endif -%}
        {%- if resume and source.name == 'relation' -%}
            {%- do where.append(time ~ ' >= ' ~ driftline._column_time(resume.period_start, kind, zone)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if source.version is none -%}
        {%- do grain.append({'name': 'model_version', 'sql': driftline._text('all'), 'constant': true}) -%}
    {%- else -%}
        {%- do grain.append({'name': 'model_version', 'sql': driftline._group_name(source.version)}) -%}
    {%- endif -%}
    {%- for segment in source.segments -%}
        {%- do grain.append({'name': 'segment_' ~ loop.index, 'sql': segment}) -%}
    {%- endfor -%}
    {{- return({
        'grain': grain,
        'relation': source.relation,
        'where': where,
        'segment_sets': segment_sets,
        'resume': resume,
        'measures': source.name == 'relation',
        'metrics': source.metrics,
        'outcome': source.outcome,
        'label_centre': driftline._label_centre(declaration, source, resume) if source.outcome.is_number else none,
        'weight': source.weight,
    }) -}}
{% endmacro %}


{#
    What a version or a segment's value is called: `all` is the total, and NULL is (null). A value that is really called
    so is put in brackets, one pair more than it has: (all), ((null)), and so ((all)) for one that is called (all).
#}
{% macro _group_name(value) %}
    {%- set bare = "replace(replace(" ~ value ~ ", '(', ''), ')', '')" -%}
    {{- return(
        'case when ' ~ value ~ " is null then '(null)' when " ~ value ~ " = 'all' or " ~ value
        ~ " like '(%)' and " ~ bare
        ~ " in ('all', 'null') then '(' || " ~ value ~ " || ')' else " ~ value ~ ' end'
    ) -}}
{% endmacro %}


{#
    SQL of the frozen centre of a numeric label. A run that resumes reads it beforehand: a constant lets every engine work
    in parallel.
#}
{% macro _label_centre(declaration, source, resume) %}
    {%- set column = source.columns | selectattr('role', 'equalto', 'label') | first -%}
    {%- if not column -%}{{- return('0') -}}{%- endif -%}
    {%- if resume -%}
        {%- set found = run_query(
            'select cast(max(bin_lower) as ' ~ dbt.type_string() ~ ') from ' ~ this ~ " where record = 'bin' and bin = 20000 and column_role = 'label' and column_name = "
            ~ driftline._literal(column.name)
        ) -%}
        {{- return(driftline._as_double(driftline._literal(found.rows[0][0] if found.rows[0][0] is not none else '0'))) -}}
    {%- endif -%}
    {{- return('coalesce((select max(bin_lower) from bins where column_no = ' ~ column.no ~ ' and bin = 20000), 0)') -}}
{% endmacro %}


{# `select <grain>, <values> from <relation> where …` over the rows a run reads. values: list of {name, sql} #}
{% macro _select_rows(rows, values) %}
    select {% for part in rows.grain | rejectattr('constant') | list + values %}{{ part.sql }} as {{ part.name }}{{ ', ' if not loop.last }}{% endfor %}
    {%- if rows.weight is not none %}, {{ rows.weight }} as w{% endif %}
    from {{ rows.relation }}
    {%- if rows.where %}
    where {{ rows.where | join(' and ') }}
    {%- endif %}
{% endmacro %}


{# The score from which a row counts as positive, in the type the scores have; NULL where that is the declared one. #}
{% macro _decision_cut(source) %}
    {%- for column in source.columns if column.cut is defined and column.get('is_real') -%}
        {{- return(driftline._declared_number(column.cut, true, 'least')) -}}
    {%- endfor -%}
    {{- return('null') -}}
{% endmacro %}


{# What later steps need to know of the declaration: rows (setting, value). #}
{% macro _settings(declaration, source, now, resume) %}
    {%- set a = declaration.arguments -%}
    {%- set zone = 'UTC' if a.period == 'hour' else a.timezone -%}
    {%- set settings = {
        'period': driftline._text(a.period),
        'timezone': driftline._text(a.timezone),
        'task': driftline._text(a.task),
        'decision_threshold': driftline._text(a.decision_threshold),
        'decision_cut': driftline._as_text(driftline._decision_cut(source)),
        'owner': driftline._text(a.owner) if a.owner is not none else driftline._as_text('null'),
        'formerly': driftline._text(a.formerly) if a.formerly is not none else driftline._as_text('null'),
        'has_label': driftline._text(1 if source.outcome.labelled is not none else 0),
        'has_prediction': driftline._text(1 if a.prediction is not none else 0),
        'detail': driftline._text(a.detail | join(', ')),
        'baselines': driftline._text(a.baselines | join(', ')),
        'families': driftline._text(a.families | join(', ')),
        'label_delay': driftline._text(a.label_delay),
        'min_labelled_share': driftline._text(a.min_labelled_share),
        'ranking_k': driftline._text(a.ranking.k) if a.ranking is not none else driftline._as_text('null'),
        'relation_name': driftline._text(declaration.relation.identifier),
        'reference_start': driftline._text(a.reference.start) if 'start' in a.reference else driftline._as_text('null'),
        'reference_end': driftline._text(a.reference.end) if 'end' in a.reference else driftline._as_text('null'),
        'invocation_id': driftline._text(invocation_id),
        'run_started_at': driftline._text(driftline._run_started_at()),
        'reference_relation':
            driftline._text(a.reference.relation) if 'relation' in a.reference else driftline._as_text('null'),
        'rows_read': driftline._rows_read(),
        'furthest_period': driftline._furthest_period(resume),
        'as_of': driftline._as_text(driftline._local_time(driftline._as_timestamp(driftline._literal(now)), 'naive', zone)),
    } -%}
    {%- for metric in declaration.metrics -%}
        {%- do settings.update({'business:' ~ metric.name: driftline._text('sum' if metric.denominator is none else 'ratio')}) -%}
        {%- if metric.names_label -%}
            {%- do settings.update({'awaits_label:' ~ metric.name: driftline._text(1)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if declaration.label is not none and declaration.label.known_at is not none -%}
        {%- do settings.update({'label_known_at': driftline._text(declaration.label.known_at)}) -%}
    {%- endif -%}
    {%- for name in a.importances -%}
        {%- do settings.update({'importance:' ~ name: driftline._text(a.importances[name])}) -%}
    {%- endfor -%}
    {%- for name in settings %}
    select {{ driftline._text(name) }} as setting, {{ settings[name] }} as value
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
