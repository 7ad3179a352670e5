-- Since when a kiosk is as it is: a manager reads « hors ligne depuis 2 h », and no heartbeat is counted for it.

set local role jarvis_owner;

-- Null for kiosks that stood before this column and have not changed since: nobody wrote down when they did.
alter table public.kiosks add column status_changed_at timestamptz;
alter table public.kiosks alter column status_changed_at set default now();

create function app.note_kiosk_status() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    new.status_changed_at := now();
    return new;
end
$$;
revoke execute on function app.note_kiosk_status() from public;
create trigger kiosk_status_change_is_dated before update of status on public.kiosks
    for each row when (old.status is distinct from new.status)
    execute function app.note_kiosk_status();

reset role;
