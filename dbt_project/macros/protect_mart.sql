{#
    Row security, policies and grants of a mart, as one post-hook inside the transaction that swaps the table. A view
    runs with its reader's rights and needs no policy of its own. A table that says `meta: {is_shared: true}` speaks of
    no gym, such as the calendar: every reader sees all of it.
#}
{% macro protect_mart() -%}
    {% if model.config.meta.get('is_shared') %}
    drop policy if exists shared_reads on {{ this }};
    create policy shared_reads on {{ this }} for select to jarvis_dashboard, jarvis_analyst using (true);
    {% elif model.config.materialized != 'view' %}
    select app.protect_tenant_table('{{ this }}'::regclass, array['jarvis_dashboard', 'jarvis_analyst']);
    {% endif %}
    grant select on {{ this }} to jarvis_dashboard, jarvis_analyst
{%- endmacro %}
