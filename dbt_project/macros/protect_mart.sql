{# Row security, policies and grants of a mart, as one post-hook inside the transaction that swaps the table. #}
{% macro protect_mart() -%}
    select app.protect_tenant_table('{{ this }}'::regclass, array['jarvis_dashboard', 'jarvis_analyst']);
    grant select on {{ this }} to jarvis_dashboard, jarvis_analyst
{%- endmacro %}
