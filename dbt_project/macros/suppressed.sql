{#
    Where gyms are compared, a number of one to four is not told: neither itself, nor what is reckoned from so few. Zero
    is told, since nobody is behind it. jarvis/small_numbers.py is the same rule outside the warehouse.
#}
{% macro suppressed(figure, counts) -%}
    case when {% for count in counts -%}
        ({{ count }} = 0 or {{ count }} >= {{ var('least_members') }})
        {%- if not loop.last %} and {% endif %}
    {%- endfor %} then {{ figure }} end
{%- endmacro %}
