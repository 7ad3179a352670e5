-- Back to alerts that are kept for ever; words that are gone stay gone.
set local role jarvis_definer;
delete from app.retention_runs where rule_name in ('alert_words', 'alerts', 'alert_choices', 'report_deliveries');
delete from app.retention_rules where name in ('alert_words', 'alerts', 'alert_choices', 'report_deliveries');
reset role;

set local role jarvis_owner;
create or replace function app.check_alert_transition() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.status is distinct from old.status and (old.status, new.status) not in (
        ('pending', 'in_progress'), ('pending', 'resolved'), ('pending', 'dismissed'),
        ('in_progress', 'pending'), ('in_progress', 'resolved'), ('in_progress', 'dismissed')
    ) then
        raise exception 'alert %: found a change from % to %, expected pending or in_progress before it: open a new alert',
            old.id, old.status, new.status
            using errcode = 'check_violation';
    end if;
    -- What was said at the end stands; only somebody who is no longer there goes from it.
    if old.status in ('resolved', 'dismissed') and (
        (new.resolution_notes, new.outcome_code) is distinct from (old.resolution_notes, old.outcome_code)
        or (new.assigned_to is distinct from old.assigned_to
            and (new.assigned_to is not null or exists (select from public.users where users.id = old.assigned_to)))
    ) then
        raise exception 'alert %: found a change of its ending, expected none once it is %: open a new alert',
            old.id, old.status
            using errcode = 'check_violation';
    end if;
    -- Figures of what helped count the codes, and the end is frozen: who resolves says how it ended, in a person's own
    -- codes. What the pipeline ends by itself says `cause_ended`, which is nobody's word.
    if auth.uid() is not null and (
        (new.status = 'resolved' and old.status <> 'resolved')
        or new.outcome_code is distinct from old.outcome_code and new.outcome_code is not null
    ) and coalesce(
        new.outcome_code not in ('solved', 'member_contacted', 'no_action_needed', 'false_alarm', 'duplicate'), true
    ) then
        raise exception 'alert %: found the outcome_code %, expected one of solved, member_contacted, no_action_needed, false_alarm, duplicate from a person: say how it ended',
            old.id, coalesce(new.outcome_code, 'null')
            using errcode = 'check_violation';
    end if;
    if new.status = 'dismissed' and old.status <> 'dismissed' and coalesce(trim(new.resolution_notes), '') = '' then
        raise exception 'alert %: found no reason for dismissing it, expected one in resolution_notes', old.id
            using errcode = 'check_violation';
    end if;
    -- A plain key on users would let one gym hand its alert to somebody of another.
    if new.assigned_to is distinct from old.assigned_to and new.assigned_to is not null
        and not coalesce(new.gym_id = any (app.gym_ids_seen_by(new.assigned_to)), false) then
        raise exception 'alert %: found an assignee who does not see its gym, expected one of its own people', old.id
            using errcode = 'check_violation';
    end if;
    if new.status is distinct from old.status then
        new.resolved_at := case when new.status in ('resolved', 'dismissed') then now() end;
        if new.status = 'pending' then
            new.assigned_to := null;
        end if;
        insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
        values (
            new.gym_id, auth.uid(), session_user, 'alert_' || new.status, 'manager_alerts', new.id::text,
            jsonb_build_object(
                'from', old.status, 'to', new.status, 'outcome_code', new.outcome_code, 'assigned_to', new.assigned_to
            )
        );
    elsif (new.resolution_notes, new.outcome_code, new.assigned_to)
        is distinct from (old.resolution_notes, old.outcome_code, old.assigned_to) then
        -- That the notes changed, not their words: an audit trail outlives what people wrote.
        insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
        values (
            new.gym_id, auth.uid(), session_user, 'alert_edited', 'manager_alerts', new.id::text,
            jsonb_build_object(
                'has_new_notes', new.resolution_notes is distinct from old.resolution_notes,
                'outcome_code', new.outcome_code,
                'assigned_from', old.assigned_to,
                'assigned_to', new.assigned_to
            )
        );
    end if;
    new.updated_at := now();
    return new;
end
$$;
alter table public.manager_alerts drop column words_forgotten_at;
reset role;
