{# English. What the templates mean and how they are filled: docs/words.md. #}
{% macro _words_en() %}
    {%- set words = {} -%}
    {%- do words.update(driftline._forms_en()) -%}
    {%- do words.update(driftline._moves_en()) -%}
    {%- do words.update(driftline._data_en()) -%}
    {%- do words.update(driftline._relations_en()) -%}
    {%- do words.update(driftline._runs_en()) -%}
    {%- do words.update(driftline._causes_en()) -%}
    {%- do words.update(driftline._incidents_en()) -%}
    {%- do words.update(driftline._series_en()) -%}
    {%- do words.update(driftline._gates_en()) -%}
    {%- do words.update(driftline._metrics_en()) -%}
    {{- return(words) -}}
{% endmacro %}


{# How numbers and times are written, and the frame of a sentence. #}
{% macro _forms_en() %}
    {{- return({
        'percent': '{number} %', 'points': '{number} percentage points',
        'unit.of_letters': '{number} {unit}', 'unit.of_others': '{number} {unit}',
        'date': '{year}-{mm}-{dd}', 'moment': '{year}-{mm}-{dd} {time}', 'month': '{year}-{mm}',
        'duration.hour': {'one': '{count} hour', 'other': '{count} hours'},
        'duration.day': {'one': '{count} day', 'other': '{count} days'},
        'duration.week': {'one': '{count} week', 'other': '{count} weeks'},
        'duration.month': {'one': '{count} month', 'other': '{count} months'},
        'per.hour': 'an hour', 'per.day': 'a day', 'per.week': 'a week', 'per.month': 'a month',
        'per.window': 'in {duration}',
        'sentence': '{what}{where}{when}{sure}{end}',
        'sure.just': ', just beyond chance', 'sure.clearly': ', clearly beyond chance',
        'sure.far': ', far beyond chance',
        'when.open': ', since {since} ({duration})',
        'when.over': ', from {since} to {until} ({duration})',
        'when.one.hour': ', in the hour from {since}', 'when.one.day': ', on {since}',
        'when.one.week': ', in the week from {since}', 'when.one.month': ', in {since}',
        'when.open.rows': ' for {duration}, since {since}',
        'when.over.rows': ' for {duration}, from {since} to {until}',
        'where.segment': ' where {segment} is {value}',
        'where.version': ' for version {version}',
        'where.both': ' where {segment} is {value}, for version {version}',
        'end.no_data': '; no new data since {since}',
        'change.down': ' (down {share})', 'change.up': ' (up {share})', 'change.times': ' ({times} times as much)',
        'usual': ', usually in {expected}', 'usual.none': ', usually in none',
        'baseline.reference': 'the reference', 'baseline.previous': 'the window before',
        'baseline.trailing': 'the windows before', 'baseline.seasonal': 'the same season before',
    }) -}}
{% endmacro %}


{# What moved, from what to what. #}
{% macro _moves_en() %}
    {{- return({
        'moved.down': '{subject} fell from {expected} to {value}{change}',
        'moved.up': '{subject} rose from {expected} to {value}{change}',
        'moved.sum.down': '{subject} fell from {expected} to {value} {per}{change}',
        'moved.sum.up': '{subject} rose from {expected} to {value} {per}{change}',
        'moved.alone': '{subject} is {value}, beyond what is usual',
        'estimated.down':
            '{subject} is estimated to have fallen from {expected} to {value} (labels have not come yet)',
        'estimated.up': '{subject} is estimated to have risen from {expected} to {value} (labels have not come yet)',
        'estimated.alone': '{subject} is estimated to be {value} (labels have not come yet), beyond what is usual',
        'estimate_error': '{subject}: the estimate without labels was off by {value}',
        'drift.down': {
            'open': '{subject} is lower on average: {value} instead of {expected}',
            'over': '{subject} was lower on average: {value} instead of {expected}',
        },
        'drift.up': {
            'open': '{subject} is higher on average: {value} instead of {expected}',
            'over': '{subject} was higher on average: {value} instead of {expected}',
        },
        'drift.same': {
            'open': '{subject} is distributed differently from {baseline}, on average about the same ({value})',
            'over': '{subject} was distributed differently from {baseline}, on average about the same ({value})',
        },
        'drift.plain': {
            'open': '{subject} is distributed differently from {baseline}',
            'over': '{subject} was distributed differently from {baseline}',
        },
    }) -}}
{% endmacro %}


{# Values that are missing, or not what they should be, and rows that come. #}
{% macro _data_en() %}
    {{- return({
        'null_rate': {
            'open': '{subject} is missing in {value} of the rows{usual}',
            'over': '{subject} was missing in {value} of the rows{usual}',
        },
        'nan_rate': {
            'open': '{subject} is not a number (NaN) in {value} of the rows{usual}',
            'over': '{subject} was not a number (NaN) in {value} of the rows{usual}',
        },
        'infinite_rate': {
            'open': '{subject} is infinite in {value} of the rows{usual}',
            'over': '{subject} was infinite in {value} of the rows{usual}',
        },
        'unseen_rate': {
            'open': 'In {value} of the rows {subject} has a value that the reference does not have{usual}',
            'over': 'In {value} of the rows {subject} had a value that the reference does not have{usual}',
        },
        'out_of_range_rate': {
            'open': 'In {value} of the rows {subject} is outside the range of the reference{usual}',
            'over': 'In {value} of the rows {subject} was outside the range of the reference{usual}',
        },
        'rows.down': 'Only {value} rows {per} came, usually {expected}{change}',
        'rows.up': '{value} rows {per} came, usually {expected}{change}',
        'rows.none': {'open': 'No rows have come', 'over': 'No rows came'},
        'split': {
            'open': 'Version {version} gets {value} of the rows, {expected} are meant',
            'over': 'Version {version} got {value} of the rows, {expected} are meant',
        },
        'version.worse': {
            'open': '{subject} is {value} worse with version {version} than with the one it is held against',
            'over': '{subject} was {value} worse with version {version} than with the one it is held against',
        },
    }) -}}
{% endmacro %}


{# What moved between groups, between inputs and outcome, for good; and what befell a monitor. #}
{% macro _relations_en() %}
    {{- return({
        'trend': {
            'open': '{subject} has been at another level since about {since}: {value} instead of {expected}{change}',
            'over': '{subject} was at another level from about {since} to {until}: {value} instead of '
                ~ '{expected}{change}',
        },
        'trend.alone': {
            'open': '{subject} has been at another level since about {since}: {value}',
            'over': '{subject} was at another level from about {since} to {until}: {value}',
        },
        'fairness.difference': {
            'open': '{subject} differs by {value} between the groups of {segment}, in the reference by {expected}',
            'over': '{subject} differed by {value} between the groups of {segment}, in the reference by {expected}',
        },
        'fairness.parity': {
            'open': '{subject} differs by {value} between the groups of {segment}',
            'over': '{subject} differed by {value} between the groups of {segment}',
        },
        'fairness.ratio': {
            'open': '{subject} of the lowest group of {segment} is {value} of that of the highest, in the reference '
                ~ '{expected}',
            'over': '{subject} of the lowest group of {segment} was {value} of that of the highest, in the reference '
                ~ '{expected}',
        },
        'concept.label.down': {
            'open': '{subject} no longer means what it did: at the same values {outcome} fell from {expected} to '
                ~ '{value}',
            'over': '{subject} did not mean what it had: at the same values {outcome} fell from {expected} to {value}',
        },
        'concept.label.up': {
            'open': '{subject} no longer means what it did: at the same values {outcome} rose from {expected} to '
                ~ '{value}',
            'over': '{subject} did not mean what it had: at the same values {outcome} rose from {expected} to {value}',
        },
        'concept.loss': {
            'open': '{subject} no longer means what it did: at the same values the model errs more, by {value} instead '
                ~ 'of {expected}',
            'over': '{subject} did not mean what it had: at the same values the model erred more, by {value} instead '
                ~ 'of {expected}',
        },
        'concept.other': {
            'open': '{subject} no longer means what it did: at the same values {outcome} is another',
            'over': '{subject} did not mean what it had: at the same values {outcome} was another',
        },
        'outcome.share': 'the share of {column}', 'outcome.mean': 'the average of {column}',
        'outcome.any': 'the outcome',
        'other': {
            'open': '{subject} is {value} instead of {expected}',
            'over': '{subject} was {value} instead of {expected}',
        },
        'other.alone': {
            'open': '{subject} is {value}, beyond what is usual',
            'over': '{subject} was {value}, beyond what is usual',
        },
    }) -}}
{% endmacro %}


{# What is behind an alert: the first cause. #}
{% macro _causes_en() %}
    {{- return({
        'cause.relation':
            'about {share} of the change is a changed relation: the same inputs lead to another outcome',
        'cause.inputs': 'the shift of {column} explains about {share} of the change',
        'cause.column': 'of the inputs {column} moved most',
        'cause.segment': '{share} of the change comes from {segment} {value}, which has {rows} of the rows',
        'cause.version': '{share} of the change comes from version {value}, which has {rows} of the rows',
        'cause.new_version': 'at the same time version {value} came, which has {rows} of the rows',
        'cause.gone_version': 'at the same time version {value} went, which had {expected_rows} of the rows',
        'cause.bin.relation': 'most of all at {value} of {column}: {now} instead of {before}',
        'cause.told': 'the same as told of: {headline}',
        'cause.bin': 'of {column}, {value} moved most: {rows} of the rows instead of {expected_rows}',
        'bin.null': 'missing values', 'bin.nan': 'values that are no number', 'bin.infinite': 'infinite values',
        'bin.beyond_top': 'the other known values', 'bin.unseen': 'values that the reference does not have',
        'bin.category': '{value}', 'bin.one': 'the value {upper}', 'bin.up_to': 'values up to {upper}',
        'bin.over': 'values over {lower}', 'bin.range': 'values over {lower} up to {upper}', 'bin.any': 'any number',
    }) -}}
{% endmacro %}


{# What an incident adds to the sentence of its headline, and lists. #}
{% macro _incidents_en() %}
    {{- return({
        'incident.also': {
            'one': '; 1 other thing moved with it', 'other': '; {count} other things moved with it',
        },
        'incident.common.open':
            '{count} of {total} columns of {monitor} are distributed differently, since {since}',
        'incident.common.over':
            '{count} of {total} columns of {monitor} were distributed differently, from {since} to {until}',
        'incident.monitors': '; {count} monitors are affected',
        'incident.fed': '; {count} monitors fed by {upstream} are affected',
        'incident.beyond': '; most of all {columns}', 'incident.first': '; for one, {what}',
        'incident.most': '; most of all, {what}',
        'incident.cause': '; {cause}',
        'moved.rows': 'number of rows', 'list.comma': ', ',
        'list.more': {'one': ' and 1 more', 'other': ' and {count} more'},
    }) -}}
{% endmacro %}
