-- What was written on a closed alert goes after two years and the alert itself with the visits of its time: until then it is counted.

set local role jarvis_owner;

alter table public.manager_alerts
    add column words_forgotten_at timestamptz,
    add constraint forgotten_alert_has_no_words check (
        words_forgotten_at is null or (
            description is null and resolution_notes is null and assigned_to is null
            and recommended_actions = '[]'::jsonb
            and context = '{"turns": [], "session_ids": []}'::jsonb
        )
    );
create index closed_alerts_with_words on public.manager_alerts (resolved_at)
    where status in ('resolved', 'dismissed') and words_forgotten_at is null;

-- As in 0357, and words that end with their term.
create or replace function app.check_alert_transition() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- The words of a closed alert end with their term; only the pipeline may write the mark, and how it ended stays.
    if new.words_forgotten_at is not null and old.words_forgotten_at is null then
        if old.status not in ('resolved', 'dismissed') or new.status <> old.status
            or new.outcome_code is distinct from old.outcome_code or new.resolved_at is distinct from old.resolved_at
        then
            raise exception 'alert %: found words to forget of one that is open or changes, expected a closed one as it is',
                old.id
                using errcode = 'check_violation';
        end if;
        new.updated_at := now();
        return new;
    end if;
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

reset role;
set local role jarvis_definer;

insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position) values
    ('alert_words', 'manager_alerts', 'Agir sur une alerte, et savoir ce qui a été fait', 'intérêt légitime', 730, 'archive', 34),
    ('alerts', 'manager_alerts', 'Compter les alertes à côté des venues de leur temps', 'intérêt légitime', 1095, 'delete', 35),
    ('alert_choices', 'alert_choices', 'Mesurer l''effet d''un appel (groupe témoin)', 'intérêt légitime', 1095, 'delete', 36),
    ('report_deliveries', 'report_deliveries', 'Prouver l''envoi d''un rapport', 'intérêt légitime', 1095, 'delete', 37);

reset role;
