-- The trail goes after a year (CNIL: six to twelve months for logs); what figures and proofs rest on stays longer, without who.

set local role jarvis_owner;

grant update (actor_user_id, details), delete on public.audit_log to jarvis_definer;

-- One batch of the trail before the moment is dealt with; how many entries. Nobody else updates or deletes any, and
-- nobody, whoever asks, one of the last half year.
--   log: whatever is neither a proof nor a move of an alert goes.
--   moves: an alert's moves say when and what, no longer who.
--   proofs: erasures, and the moves, go as well.
create function app.forget_trail(part text, older_than timestamptz, most integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    done integer;
begin
    if part not in ('log', 'moves', 'proofs') then
        raise exception 'found the part % of the trail, expected log, moves or proofs', part
            using errcode = 'invalid_parameter_value';
    end if;
    if older_than > now() - interval '180 days' then
        raise exception 'found a trail of less than 180 days to forget, expected an older one: keep it for at least so long'
            using errcode = 'check_violation';
    end if;
    if part = 'moves' then
        update public.audit_log as trail
        set actor_user_id = null, details = '{}'::jsonb
        where trail.id in (
            select old.id
            from public.audit_log as old
            where old.occurred_at < older_than
                and old.subject_table = 'manager_alerts'
                and (old.actor_user_id is not null or old.details <> '{}'::jsonb)
            order by old.id
            limit most
        );
    else
        delete from public.audit_log as trail
        where trail.id in (
            select old.id
            from public.audit_log as old
            where old.occurred_at < older_than
                and (part = 'proofs' or (old.subject_table <> 'manager_alerts' and old.action <> 'member_erased'))
            order by old.id
            limit most
        );
    end if;
    get diagnostics done = row_count;
    return done;
end
$$;
alter function app.forget_trail(text, timestamptz, integer) owner to jarvis_definer;
revoke execute on function app.forget_trail(text, timestamptz, integer) from public;
grant execute on function app.forget_trail(text, timestamptz, integer) to jarvis_pipeline;

reset role;
set local role jarvis_definer;

-- A gym keeps no shorter trail of itself.
insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position, is_by_gym) values
    ('audit_log', 'audit_log', 'Savoir qui a fait quoi, et qui est entré', 'intérêt légitime', 365, 'delete', 86, false),
    ('audit_moves', 'audit_log', 'Mesurer en combien de temps une alerte est prise', 'intérêt légitime', 365, 'aggregate', 87, false),
    ('audit_proofs', 'audit_log', 'Prouver un effacement', 'obligation légale', 1825, 'delete', 88, false);

reset role;
