{#
    dbt moves what it rebuilds out of the way and, once the new relation stands, drops it with everything that stands on
    it: a build of one table would take views that nobody asked to build. Here they are first put on the new relation, in
    the transaction of the drop. dbt's memory forgot them with the old one and is told again.
#}
{% macro postgres__drop_relation(relation) -%}
    {%- set suffix = '__dbt_backup' -%}
    {%- if relation.identifier.endswith(suffix) -%}
        {%- set successor = relation.incorporate(
            path={'identifier': relation.identifier[:-(suffix | length)]}
        ) -%}
        {%- set views = run_query(
            "select * from app.retire_relation(to_regclass('" ~ relation ~ "'), to_regclass('" ~ successor ~ "'))"
        ) -%}
        {%- for view in views -%}
            {%- set told = api.Relation.create(
                database=relation.database, schema=view['schema_name'], identifier=view['view_name'], type='view'
            ) -%}
            {%- do adapter.cache_added(told) if view['is_standing'] else adapter.cache_dropped(told) -%}
        {%- endfor -%}
    {%- else -%}
        {{ default__drop_relation(relation) }}
    {%- endif -%}
{%- endmacro %}

{# A seed made anew takes the same way: it is moved aside, not dropped before the new one stands. #}
{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {%- if full_refresh -%}
        {#- One transaction renames and retires: whoever retires now reads the views on this seed. First its turn, then
            the table, as the others do; the other way round each would wait for the other. -#}
        {%- do run_query("select pg_advisory_xact_lock(hashtext('app.retire_relation'))") -%}
        {%- set backup_relation = make_backup_relation(old_relation, old_relation.type) -%}
        {%- do drop_relation_if_exists(load_relation(backup_relation)) -%}
        {%- do adapter.rename_relation(old_relation, backup_relation) -%}
        {%- set sql = create_csv_table(model, agate_table) -%}
        {%- do drop_relation_if_exists(backup_relation) -%}
        {{ return(sql) }}
    {%- else -%}
        {{ return(default__reset_csv_table(model, full_refresh, old_relation, agate_table)) }}
    {%- endif -%}
{%- endmacro %}
