-- A session says which notice was answered in it, so that "refused" and "never asked" are told apart.

set local role jarvis_owner;

alter table public.openai_realtime_sessions add column notice_version text;

-- The analysts' and the dashboards' grants on sessions are on the whole table and cover the new column.
create or replace function app.on_session_end() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.conversation_summaries (session_id, gym_id, member_id, kiosk_id, status, last_error)
    values (
        new.id, new.gym_id, new.member_id, new.kiosk_id,
        case when new.has_analysis_consent then 'pending' else 'skipped' end,
        case
            when new.has_analysis_consent then null
            when new.notice_version is null then 'nobody was asked to agree to the analysis'
            else 'the member did not agree to the analysis'
        end
    )
    on conflict on constraint session_is_summarised_once do nothing;
    if found and new.has_analysis_consent then
        perform pg_notify('session_closed', new.id::text);
    end if;
    return null;
end
$$;

reset role;
