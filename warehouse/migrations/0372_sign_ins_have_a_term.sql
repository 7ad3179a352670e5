-- Sessions and links that are long over go, also those of somebody who never comes back.

set local role jarvis_owner;

-- Those that ended before the moment: counted when dry, else one batch of them is gone; how many.
create function app.forget_sign_ins(older_than timestamptz, most integer, is_dry boolean) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    sessions_done integer;
    links_done integer;
begin
    if is_dry then
        return (select count(*) from public.dashboard_sessions as sessions where sessions.expires_at < older_than)
            + (select count(*) from public.account_links as links where links.expires_at < older_than);
    end if;
    delete from public.dashboard_sessions as sessions
    where sessions.token_hash in (
        select old.token_hash from public.dashboard_sessions as old where old.expires_at < older_than limit most
    );
    get diagnostics sessions_done = row_count;
    delete from public.account_links as links
    where links.token_hash in (
        select old.token_hash from public.account_links as old where old.expires_at < older_than limit most
    );
    get diagnostics links_done = row_count;
    return sessions_done + links_done;
end
$$;
alter function app.forget_sign_ins(timestamptz, integer, boolean) owner to jarvis_definer;
revoke execute on function app.forget_sign_ins(timestamptz, integer, boolean) from public;
grant execute on function app.forget_sign_ins(timestamptz, integer, boolean) to jarvis_pipeline;

reset role;
set local role jarvis_definer;

insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position, is_by_gym) values
    ('sign_ins', 'dashboard_sessions', 'Ouvrir les pages à qui s''est connecté', 'contrat', 30, 'delete', 85, false);

reset role;
