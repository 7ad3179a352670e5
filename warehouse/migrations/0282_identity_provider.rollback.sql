-- People sign in with a password again, and with nothing else.
drop function app.open_provider_session(text, text, text, bytea, interval, text, text);
drop function app.refuse_provider_sign_in(text, text, text);
drop function app.open_session_by(uuid, bytea, interval, text, text, text);
drop function app.take_provider_sign_in(bytea, bytea);
drop function app.begin_provider_sign_in(bytea, bytea, text, text, text, bytea, interval);

set local role jarvis_owner;

create or replace function app.open_dashboard_session(
    person_id uuid, session_token_hash bytea, lifetime interval, from_device text, from_network text
) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    person record;
    begins_as text;
begin
    select users.id, users.role, factors.secret is not null as has_second_factor
    into person
    from public.users
    left join public.second_factors as factors on factors.user_id = users.id
    where users.id = person_id and users.is_active;
    if not found then
        return null;
    end if;
    begins_as := case
        when person.has_second_factor then 'awaits_code'
        -- Whoever runs the network reaches nothing with a password alone.
        when person.role = 'super_admin' then 'awaits_enrolment'
        else 'open'
    end;
    update public.user_credentials as credentials
    set failed_attempts = 0, locked_until = null
    where credentials.user_id = person.id;
    delete from public.dashboard_sessions as sessions
    where sessions.user_id = person.id and sessions.expires_at < now() - interval '7 days';
    insert into public.dashboard_sessions (token_hash, user_id, expires_at, stage, device, network)
    values (
        session_token_hash, person.id,
        now() + case when begins_as = 'open' then lifetime else least(lifetime, interval '15 minutes') end,
        begins_as, left(from_device, 80), left(from_network, 50)
    );
    perform app.audit_sign_in(
        person.id,
        case when begins_as = 'open' then 'signed_in' else 'password_accepted' end,
        jsonb_build_object('network', from_network, 'device', from_device)
    );
    return begins_as;
end
$$;

drop table app.provider_sign_ins;
drop table public.provider_identities;

reset role;
