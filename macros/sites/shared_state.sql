{#
    A monitor's state as it may leave the house: the whole body of one model file. Nothing in it is made of fewer than
    `suppress_below` rows. Arguments, errors and what is left out: macros/sites/_sites.yml.
#}
{% macro shared_state(monitor, suppress_below=none) %}
    {%- if not driftline._is_relation(monitor) -%}
        {{- driftline._fail(model.name, 'monitor', driftline._shown(monitor), "ref('...') of a monitor") -}}
    {%- endif -%}
    {%- if suppress_below is not none -%}
        {{- driftline._check_count(model.name, 'suppress_below', suppress_below, 2) -}}
    {%- endif -%}
    {%- if not execute -%}{{- return('select 1 as parsed') -}}{%- endif -%}
    {%- set columns = driftline._state_columns() | list -%}
    {%- if suppress_below is none %}
select {{ columns | join(', ') }} from {{ monitor }}
    {%- else -%}
    {%- set k = suppress_below %}
with {{ driftline._suppressed_cells(monitor, k) }}

{{ driftline._shown_counts(columns, k) }}
union all
{{ driftline._left_out(columns, k) }}
union all
select {{ columns | join(', ') }}
from {{ monitor }}
-- How many rows the last run read may be fewer.
where record in ('bin', 'read') or record = 'setting' and column_name <> 'rows_read'
union all
select
    monitor, spec_hash, record, source, in_reference, period_start, period_index, model_version, segment, segment_value,
    {{ driftline._text('suppress_below') }}, column_role, column_kind, bin, bin_kind, {{ driftline._text(k) }}
    {%- for column in columns[16:] %}, {{ column }}{% endfor %}
from {{ monitor }}
where record = 'setting' and column_name = 'state_version'
    {%- endif %}
{% endmacro %}


{#
    The CTEs up to `suppressed`: the counts, and of each whether it is left out (is_suppressed) and with its whole slice
    (is_slice_suppressed). What is left out could be had as the difference of a sum and its shown parts; so wherever
    something is, what is left out makes `k` rows together: among the values of a segment, the bins of a column, and the
    values of a segment in one bin.
#}
{% macro _suppressed_cells(monitor, k) %}
    {%- set group = 'source, in_reference, period_start, model_version, segment' -%}
    {%- set slice = group ~ ', segment_value' -%}
    {#- The bins of a column add up to its slice; sums over whole rows, such as known labels, do not. -#}
    {%- set column = slice ~ ', column_name, column_role, is_bin, case when is_bin = 0 then bin end' %}
    slice_rows as (
        select {{ slice }}, row_count, case when row_count between 1 and {{ k - 1 }} then 1 else 0 end as is_out
        from {{ monitor }}
        where record = 'count' and column_role = 'row'
    ),

    slices as (
        {{ driftline._enough_left_out('slice_rows', group, 'segment_value', k, 'is_slice_out') }}
    ),

    cells as (
        select
            c.*, s.is_slice_out,
            case when c.column_kind = 'measure' then 0 else 1 end as is_bin,
            case when s.is_slice_out = 1 or c.row_count between 1 and {{ k - 1 }} then 1 else 0 end as is_out
        from {{ monitor }} as c
        join slices as s on s.source = c.source and s.in_reference = c.in_reference
            and s.period_start = c.period_start and s.model_version = c.model_version
            and s.segment = c.segment and s.segment_value = c.segment_value
        -- The moments are sums over all bins, and their ends are single values.
        where c.record = 'count' and c.bin <> 20000
    ),

    by_column as (
        {{ driftline._enough_left_out('cells', column, 'bin', k, 'is_out_of_column') }}
    ),

    by_value as (
        select
            b.*, case when is_out_of_column = 1 then 1 else is_out end as is_out_by_now
        from by_column as b
    ),

    suppressed as (
        {{ driftline._enough_left_out('by_value', 'is_bin, ' ~ group ~ ', column_name, column_role, bin',
            'segment_value', k, 'is_suppressed', 'is_out_by_now') }}
    )
{%- endmacro %}


{#
    The rows of a relation with one more column: whether a row is left out, of its own or because what is left out of
    its group would else be fewer than k rows. All that is not left out has k rows, so that one more is enough.

    group  what the sums run over, as text
    order  which of equal counts comes first
    name   of the column; given: the column that says what is left out of its own
#}
{% macro _enough_left_out(relation, group, order, k, name, given='is_out') %}
    select
        r.*,
        case
            when {{ given }} = 1 then 1
            when sum(case when {{ given }} = 1 then row_count else 0 end) over (partition by {{ group }})
                between 1 and {{ k - 1 }}
                and row_number() over (partition by {{ group }} order by {{ given }}, row_count, {{ order }}) = 1 then 1
            else 0
        end as {{ name }}
    from {{ relation }} as r
{%- endmacro %}


{# The counts that are shown; of their sums over rows with a label those that have enough. #}
{% macro _shown_counts(columns, k) %}
    {%- set few = 'labelled_weight_sum * labelled_weight_sum < ' ~ k ~ ' * labelled_weight_sq_sum' -%}
    {%- set of_labels = driftline._outcome_names() | reject('equalto', 'prediction_sum') | list %}
select
    {%- for column in columns %}
    {% if column in of_labels -%}
        case when {{ few }} then null else {{ column }} end as {{ column }}
    {%- else -%}
        {{ column }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    select
        s.*,
        -- A ratio without one of its sums would be another ratio.
        max(case when is_bin = 0 and column_role = 'business' then is_suppressed else 0 end) over (
            partition by source, in_reference, period_start, model_version, segment, segment_value, column_role,
                column_name
        ) as is_part_missing
    from suppressed as s
) as counts
where is_suppressed = 0 and is_part_missing = 0
{%- endmacro %}


{# How much is left out of each column: a row of the record `suppressed`, whose bin is how many bins there are. #}
{% macro _left_out(columns, k) %}
    {%- set weighs_one = 'sum(case when weight_sum = row_count then 0 else 1 end) = 0' -%}
    {%- set none_here = driftline._as_double('null') -%}
    {%- set sql = {
        'record': driftline._text('suppressed'), 'bin': 'cast(count(*) as ' ~ dbt.type_int() ~ ')',
        'bin_kind': driftline._text('suppressed'), 'bin_label': driftline._as_text('null'), 'bin_lower': none_here,
        'bin_upper': none_here, 'bin_group': 'cast(0 as ' ~ dbt.type_int() ~ ')',
        'row_count': 'cast(greatest(sum(row_count), ' ~ (k - 1) ~ ') as ' ~ dbt.type_bigint() ~ ')',
        'weight_sum': 'case when sum(row_count) >= ' ~ k ~ ' then sum(weight_sum) when ' ~ weighs_one ~ ' then '
            ~ driftline._as_double((k - 1) | string) ~ ' end',
        'computed_at': 'max(computed_at)', 'period_index': 'max(period_index)',
    } -%}
    {%- set keys = columns[:13] | reject('in', ['record', 'period_index']) | list %}
select
    {%- for column in columns %}
    {{ sql.get(column) or (column if column in keys else none_here) }} as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from suppressed
where is_suppressed = 1 and is_bin = 1
group by {{ keys | join(', ') }}
{%- endmacro %}
