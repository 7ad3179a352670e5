-- A message a manager may send a member, drafted and never sent by itself: who changed it and who used it is kept.

set local role jarvis_owner;

create table public.alert_messages (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    alert_id uuid not null,
    language text not null constraint message_language_is_written check (language in ('fr', 'en', 'es')),
    text text not null constraint message_text_length_in_range check (length(text) between 1 and 2000),
    created_at timestamptz not null default now(),
    edited_by uuid references public.users (id) on delete set null,
    edited_at timestamptz,
    -- Somebody said that they sent it, by whatever way: nothing here sends.
    used_by uuid references public.users (id) on delete set null,
    used_at timestamptz,
    constraint alert_has_one_message unique (gym_id, alert_id),
    constraint message_belongs_to_an_alert_of_its_gym
        foreign key (gym_id, alert_id) references public.manager_alerts (gym_id, id) on delete cascade
);
create index alert_messages_by_editor on public.alert_messages (edited_by);
create index alert_messages_by_user on public.alert_messages (used_by);

create function app.check_alert_message() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Somebody who is no longer there goes from it; the words stay.
    if old.used_at is not null and (new.text, new.used_at, new.language)
        is distinct from (old.text, old.used_at, old.language) then
        raise exception 'message %: found a change after its use, expected none: what was sent stands', old.id
            using errcode = 'check_violation';
    end if;
    if new.text is distinct from old.text then
        new.edited_by := auth.uid();
        new.edited_at := now();
    end if;
    if old.used_at is null and new.used_at is not null then
        if auth.uid() is null then
            raise exception 'message %: found nobody who used it, expected a person: nothing sends it by itself', old.id
                using errcode = 'check_violation';
        end if;
        new.used_by := auth.uid();
        new.used_at := now();
        -- That it was used, not its words: an audit trail outlives what people wrote.
        insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
        values (
            new.gym_id, auth.uid(), session_user, 'alert_message_used', 'manager_alerts', new.alert_id::text,
            jsonb_build_object('language', new.language, 'is_edited', new.edited_at is not null)
        );
    end if;
    return new;
end
$$;
alter function app.check_alert_message() owner to jarvis_definer;
revoke execute on function app.check_alert_message() from public;
create trigger alert_message_is_kept before update on public.alert_messages
    for each row execute function app.check_alert_message();

select app.protect_tenant_table('public.alert_messages', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
create policy managers_update on public.alert_messages for update to jarvis_dashboard
    using (gym_id = any ((select app.managed_gym_ids())::uuid[]))
    with check (gym_id = any ((select app.managed_gym_ids())::uuid[]));

grant select on public.alert_messages to jarvis_dashboard;
grant update (text, used_at) on public.alert_messages to jarvis_dashboard;
grant select, insert, update, delete on public.alert_messages to jarvis_pipeline;

reset role;
