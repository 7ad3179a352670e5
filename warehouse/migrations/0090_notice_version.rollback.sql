-- Sessions forget which notice was answered; every skipped one counts as refused again.

set local role jarvis_owner;

create or replace function app.on_session_end() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.conversation_summaries (session_id, gym_id, member_id, kiosk_id, status, last_error)
    values (
        new.id, new.gym_id, new.member_id, new.kiosk_id,
        case when new.has_analysis_consent then 'pending' else 'skipped' end,
        case when not new.has_analysis_consent then 'the member did not agree to the analysis' end
    )
    on conflict on constraint session_is_summarised_once do nothing;
    if found and new.has_analysis_consent then
        perform pg_notify('session_closed', new.id::text);
    end if;
    return null;
end
$$;

alter table public.openai_realtime_sessions drop column notice_version;

reset role;
