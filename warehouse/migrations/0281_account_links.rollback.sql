-- Nobody sets a password by a link any more, and every closed account waits fifteen minutes again.
drop function app.reset_second_factor(uuid);
drop function app.renew_invitation(uuid, bytea, interval);
drop function app.invite_user(text, text, text, uuid, uuid, bytea, interval);
drop function app.use_account_link(bytea, text, text, text);
drop function app.read_account_link(bytea);
drop function app.issue_password_reset(text, bytea, interval, text, text);
drop function app.fail_address(bytea);
drop function app.address_wait(bytea);
drop function app.fail_sign_in(uuid, text, text);

set local role jarvis_owner;
revoke execute on function app.take_token(text, integer, integer) from jarvis_dashboard;
drop table app.sign_in_waits;
drop table public.account_links;

-- Reads what is needed to check one password, and counts the try before it is checked: guesses sent at the
-- same moment count too. The fifth wrong one in a row closes the account for fifteen minutes.
create or replace function app.begin_sign_in(sign_in_email text)
returns table (user_id uuid, password_hash text, is_open boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    tried record;
begin
    select users.id, users.gym_id, users.role, users.is_active, credentials.password_hash, credentials.locked_until
    into tried
    from public.users
    inner join public.user_credentials as credentials on credentials.user_id = users.id
    where users.email = lower(sign_in_email)
    for update of credentials;
    if not found then
        return;
    end if;
    if tried.locked_until > now() or not tried.is_active then
        return query select tried.id, tried.password_hash, false;
        return;
    end if;
    update public.user_credentials as credentials
    set failed_attempts = case when credentials.locked_until is null then credentials.failed_attempts + 1 else 1 end,
        locked_until = case
            when credentials.locked_until is null and credentials.failed_attempts >= 4 then now() + interval '15 minutes'
        end
    where credentials.user_id = tried.id;
    return query select tried.id, tried.password_hash, true;
end
$$;

-- Records a wrong password, and whether it closed the account.
create function app.fail_sign_in(person_id uuid) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id)
    select
        users.gym_id, users.id, users.role,
        case when credentials.locked_until > now() then 'sign_in_locked' else 'sign_in_failed' end,
        'users', users.id::text
    from public.users
    inner join public.user_credentials as credentials on credentials.user_id = users.id
    where users.id = person_id;
end
$$;

alter table public.user_credentials drop column last_tried_at;

alter function app.fail_sign_in(uuid) owner to jarvis_definer;
revoke execute on function app.fail_sign_in(uuid) from public;
grant execute on function app.fail_sign_in(uuid) to jarvis_dashboard;

reset role;
