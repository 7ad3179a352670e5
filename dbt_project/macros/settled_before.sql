{#
    Sources go on changing while a build runs. A mart must hold every row that was there a minute before it was built;
    younger rows may or may not be in it yet, and a test that compares with the sources leaves them out.
#}
{% macro settled_before(built_at) -%}
    ({{ built_at }} - interval '1 minute')
{%- endmacro %}
