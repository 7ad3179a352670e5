-- A suspended account goes after a year, and so does an invitation that nobody ever followed; until now both stayed for ever.

set local role jarvis_owner;

alter table public.users add column suspended_at timestamptz;
comment on column public.users.suspended_at is 'Since when the person may not sign in; null while they may.';

-- Nobody wrote down when: their term begins today.
update public.users set suspended_at = now() where not is_active;
alter table public.users add constraint suspended_since_some_moment check (is_active = (suspended_at is null));

create function app.note_suspension() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    new.suspended_at := case when not new.is_active then coalesce(new.suspended_at, now()) end;
    return new;
end
$$;
create trigger a_suspension_has_its_moment before insert or update of is_active, suspended_at on public.users
    for each row execute function app.note_suspension();
revoke execute on function app.note_suspension() from public;

grant delete on public.users to jarvis_definer;

-- Accounts that are over since before the moment, suspended, or invited and never set up: counted when dry, else one batch
-- of them is gone, with all that hangs on the account; what they did stays in the trail by their id. How many.
create function app.forget_accounts(older_than timestamptz, most integer, is_dry boolean) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    old uuid[] := array(
        select users.id
        from public.users
        where coalesce(users.suspended_at, users.created_at) < older_than
            and (
                not users.is_active
                -- Whoever runs the network stays: an installation may wait a year for its first sign-in.
                or users.role <> 'super_admin'
                and not exists (select from public.user_credentials as known where known.user_id = users.id)
                and not exists (select from public.provider_identities as known where known.user_id = users.id)
                and not exists (
                    select from public.account_links as links where links.user_id = users.id and links.expires_at > now()
                )
            )
    );
    done integer;
begin
    if is_dry then
        return cardinality(old);
    end if;
    delete from public.users where users.id = any (old[1:most]);
    get diagnostics done = row_count;
    return done;
end
$$;
alter function app.forget_accounts(timestamptz, integer, boolean) owner to jarvis_definer;
revoke execute on function app.forget_accounts(timestamptz, integer, boolean) from public;
grant execute on function app.forget_accounts(timestamptz, integer, boolean) to jarvis_pipeline;
grant select, delete on app.retention_reasons to jarvis_definer;

reset role;
set local role jarvis_definer;

delete from app.retention_reasons where table_name = 'users';
insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position, is_by_gym) values
    ('accounts', 'users', 'Rouvrir un compte suspendu, et savoir de qui il était', 'intérêt légitime', 365, 'delete', 89, false);

reset role;
