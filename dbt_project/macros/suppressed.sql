{#
    A figure of fewer than five members is nobody's business outside their own gym: null in what compares gyms. Zero
    members are told, since nobody is behind them.
#}
{% macro suppressed(figure, member_count) -%}
    case when {{ member_count }} = 0 or {{ member_count }} >= {{ var('least_members') }} then {{ figure }} end
{%- endmacro %}
