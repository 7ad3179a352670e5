{# Schemas are exactly staging and marts: they exist already, with their grants, made by the migrations. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name is not none else target.schema }}
{%- endmacro %}
