-- Accounts are made and changed over the API after a proof of who asks, as in the pages: a found token lets nobody in.

set local role jarvis_owner;

create function app.create_account(
    session_token_hash bytea, proof_age interval, new_email text, new_full_name text, new_role text, in_franchise uuid,
    in_gym uuid, new_password_hash text
) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform app.require_proof(session_token_hash, proof_age);
    return app.create_user(new_email, new_full_name, new_role, in_franchise, in_gym, new_password_hash);
end
$$;

create function app.change_account(
    session_token_hash bytea, proof_age interval, which uuid, new_full_name text, new_is_active boolean,
    new_password_hash text
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform app.require_proof(session_token_hash, proof_age);
    return app.change_user(which, new_full_name, new_is_active, new_password_hash);
end
$$;

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.create_account(bytea, interval, text, text, text, uuid, uuid, text)',
        'app.change_account(bytea, interval, uuid, text, boolean, text)'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
-- What had no proof before goes through the functions above now.
revoke execute on function
    app.create_user(text, text, text, uuid, uuid, text),
    app.change_user(uuid, text, boolean, text)
    from jarvis_dashboard;
grant execute on function
    app.create_account(bytea, interval, text, text, text, uuid, uuid, text),
    app.change_account(bytea, interval, uuid, text, boolean, text)
    to jarvis_dashboard;

reset role;
