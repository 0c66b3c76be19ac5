{# Dates, times and time zones of declarations and vars. #}

{#
    Returns a date or time as 'YYYY-MM-DD HH:MM:SS', so that texts compare as times do.

    given  a date, a time, or the text of one: 'YYYY-MM-DD', and after a blank or a T also HH:MM, HH:MM:SS
    clock  true where a point in time is meant: a Z or an offset may follow, the answer is UTC, and fractions of
           a second are dropped. Elsewhere a wall clock is meant, which has neither.
#}
{% macro _moment(monitor, argument, given, clock=false) %}
    {%- set parts = driftline._parts_of_moment(given | string | trim) -%}
    {%- set time = parts.time -%}
    {%- set fraction = time.split('.')[1] if '.' in time else none -%}
    {%- set time = time.split('.')[0] -%}
    {%- set time = '00:00:00' if time == '' else (time ~ ':00' if time | length == 5 else time) -%}
    {%- set text = parts.date ~ ' ' ~ time -%}
    {%- set is_time = driftline._is_moment(text) and (fraction is none or driftline._is_digits(fraction, 1, 9)) -%}
    {%- set minutes = driftline._offset_minutes(parts.zone) if parts.time != '' else none -%}
    {%- if not clock -%}
        {%- set sound = is_time and parts.zone == '' and (fraction or '0') | int == 0 -%}
        {%- set allowed = "'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'" -%}
    {%- else -%}
        {%- set sound = is_time and (parts.zone == '' or minutes is not none) -%}
        {%- set allowed = "'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS' (UTC), or that with Z or an offset such as +09:00" -%}
    {%- endif -%}
    {%- set found = driftline._minutes_earlier(text, minutes or 0) if sound else none -%}
    {%- if found is none -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), allowed) -}}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}


{# {date, time, zone} of a text, none of them checked; zone is Z, or an offset with its sign, or empty. #}
{% macro _parts_of_moment(text) %}
    {%- set rest = text[10:] -%}
    {%- if rest != '' and rest[0] in 'Tt ' -%}
        {%- set rest = rest[1:] -%}
    {%- elif rest != '' -%}
        {%- set rest = 'no time' -%}
    {%- endif -%}
    {%- set rest = rest[:-3] ~ 'Z' if rest[-3:] == 'UTC' else rest -%}
    {%- set at = namespace(mark=none) -%}
    {%- for character in rest | list -%}
        {%- if character in 'Zz+-' and at.mark is none -%}{%- set at.mark = loop.index0 -%}{%- endif -%}
    {%- endfor -%}
    {%- if at.mark is none -%}
        {{- return({'date': text[:10], 'time': rest, 'zone': ''}) -}}
    {%- endif -%}
    {{- return({'date': text[:10], 'time': rest[:at.mark] | trim, 'zone': rest[at.mark:] | replace('z', 'Z')}) -}}
{% endmacro %}


{% macro _is_digits(text, least, most) %}
    {%- set at = namespace(ok=(least <= text | length <= most)) -%}
    {%- for character in text | list -%}
        {%- if character not in '0123456789' -%}{%- set at.ok = false -%}{%- endif -%}
    {%- endfor -%}
    {{- return(at.ok) -}}
{% endmacro %}


{# Whether a text is 'YYYY-MM-DD HH:MM:SS' of a day of the calendar: no 30th of February. #}
{% macro _is_moment(text) %}
    {%- if text | length != 19 -%}{{- return(false) -}}{%- endif -%}
    {%- set shape = namespace(ok=true) -%}
    {%- for character in text | list -%}
        {%- set wanted = '0000-00-00 00:00:00'[loop.index0] -%}
        {%- if (wanted == '0' and character not in '0123456789') or (wanted != '0' and character != wanted) -%}
            {%- set shape.ok = false -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not shape.ok -%}{{- return(false) -}}{%- endif -%}
    {%- set days = driftline._days_of_month(text[:4] | int, text[5:7] | int) -%}
    {{- return(
        text[:4] | int >= 1 and 1 <= text[8:10] | int <= days
        and text[11:13] | int < 24 and text[14:16] | int < 60 and text[17:] | int < 60
    ) -}}
{% endmacro %}


{# Days of a month; 0 where there is no such month. #}
{% macro _days_of_month(year, month) %}
    {%- set leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
    {%- set days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] -%}
    {{- return(days[month - 1] if 1 <= month <= 12 else 0) -}}
{% endmacro %}


{# Minutes by which an offset is ahead of UTC; none where it is none: Z, +09:00, +0900, +09. #}
{% macro _offset_minutes(zone) %}
    {%- if zone == 'Z' -%}{{- return(0) -}}{%- endif -%}
    {%- set digits = zone[1:] | replace(':', '') -%}
    {%- set fits = zone[:1] in ['+', '-'] and zone | length in [3, 5, 6] and (':' in zone) == (zone | length == 6) -%}
    {%- if not fits or (zone | length == 6 and zone[3] != ':') or not driftline._is_digits(digits, 2, 4) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set digits = (digits ~ '00')[:4] -%}
    {%- if digits[:2] | int > 15 or digits[2:] | int > 59 -%}{{- return(none) -}}{%- endif -%}
    {{- return((digits[:2] | int * 60 + digits[2:] | int) * (-1 if zone[0] == '-' else 1)) -}}
{% endmacro %}


{# A moment less than a day earlier or later; none where the calendar ends before. #}
{% macro _minutes_earlier(text, minutes) %}
    {%- set left = text[11:13] | int * 60 + text[14:16] | int - minutes -%}
    {%- set year, month, day = text[:4] | int, text[5:7] | int, text[8:10] | int -%}
    {%- if left < 0 -%}
        {%- set left, day = left + 1440, day - 1 -%}
        {%- if day == 0 -%}
            {%- set year, month = (year, month - 1) if month > 1 else (year - 1, 12) -%}
            {%- set day = driftline._days_of_month(year, month) -%}
        {%- endif -%}
    {%- elif left >= 1440 -%}
        {%- set left, day = left - 1440, day + 1 -%}
        {%- if day > driftline._days_of_month(year, month) -%}
            {%- set day = 1 -%}
            {%- set year, month = (year, month + 1) if month < 12 else (year + 1, 1) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if not 1 <= year <= 9999 -%}{{- return(none) -}}{%- endif -%}
    {{- return(
        '%04d-%02d-%02d %02d:%02d' | format(year, month, day, left // 60, left % 60) ~ text[16:]
    ) -}}
{% endmacro %}


{#
    A time zone by the shape of its name: UTC, or Area/Location. Short names and offsets are refused, also those that
    one engine takes: UTC+9 is nine hours east on DuckDB and nine hours west on Postgres, CET has no summer time there.
#}
{% macro _check_zone(monitor, argument, given) %}
    {%- set areas = [
        'Africa', 'America', 'Antarctica', 'Arctic', 'Asia', 'Atlantic', 'Australia', 'Brazil',
        'Canada', 'Chile', 'Etc',
        'Europe', 'Indian', 'Mexico', 'Pacific', 'US',
    ] -%}
    {%- set countries = [
        'UTC', 'UCT', 'GMT', 'Greenwich', 'Universal', 'Zulu', 'Cuba', 'Egypt', 'Eire', 'GB', 'GB-Eire', 'Hongkong',
        'Iceland', 'Iran', 'Israel', 'Jamaica', 'Japan', 'Kwajalein', 'Libya', 'NZ', 'NZ-CHAT',
        'Navajo', 'PRC', 'Poland',
        'Portugal', 'ROC', 'ROK', 'Singapore', 'Turkey', 'W-SU',
    ] -%}
    {%- set sound = given is string and (given in countries or ('/' in given and given.split('/')[0] in areas)) -%}
    {%- if not sound -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), driftline._allowed_zones()) -}}
    {%- endif -%}
{% endmacro %}


{% macro _allowed_zones() %}
    {{- return("'UTC' or the IANA name of a time zone, spelt as there: 'Europe/London', 'Asia/Tokyo'") -}}
{% endmacro %}


{# And by the names the warehouse knows, where it can be asked. #}
{% macro _check_zone_is_known(monitor, argument, given) %}
    {%- set names = driftline._zones_like(given) -%}
    {%- if given != 'UTC' and names is not none and given not in names -%}
        {%- set near = " (this warehouse has '" ~ names[0] ~ "')" if names
            else ', which this warehouse does not know' -%}
        {{- driftline._fail(monitor, argument, tojson(given) ~ near, driftline._allowed_zones()) -}}
    {%- endif -%}
{% endmacro %}
