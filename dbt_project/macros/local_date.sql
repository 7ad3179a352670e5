{# The day it was at the gym: a session at 23:30 UTC in July belongs to the next day in Paris. #}
{% macro local_date(moment, timezone) -%}
    ({{ moment }} at time zone {{ timezone }})::date
{%- endmacro %}
