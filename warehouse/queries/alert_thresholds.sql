-- From when on gyms are told of silent kiosks, visits and missing check-ins, as an operator sets it.

-- set_of_gym --
-- One threshold of a gym, null for what its franchise says; audited. What holds now, no row without such a gym.
with changed as (
    update public.gyms
    set kiosk_silence_minutes = case %(kind)s::text
            when 'kiosk_offline' then (%(steps)s::integer[])[1] else kiosk_silence_minutes end,
        milestone_visits = case %(kind)s::text when 'milestone' then %(steps)s::integer[] else milestone_visits end,
        checkins_silent_hours = case %(kind)s::text
            when 'data_quality' then (%(steps)s::integer[])[1] else checkins_silent_hours end
    where gyms.slug = %(gym_slug)s::text
    returning gyms.id, gyms.franchise_id, gyms.kiosk_silence_minutes, gyms.milestone_visits, gyms.checkins_silent_hours
),

noted as (
    insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
    select
        changed.id, session_user, 'alert_settings_changed', 'gyms', changed.id::text,
        jsonb_build_object('alert_type', %(kind)s::text, 'to', %(steps)s::integer[])
    from changed
)

select
    coalesce(changed.kiosk_silence_minutes, franchises.kiosk_silence_minutes) as kiosk_silence_minutes,
    coalesce(changed.milestone_visits, franchises.milestone_visits) as milestone_visits,
    coalesce(changed.checkins_silent_hours, franchises.checkins_silent_hours) as checkins_silent_hours
from changed
left join public.franchises on changed.franchise_id = franchises.id;

-- set_of_franchise --
-- One threshold of a franchise, for its gyms without their own; null for the rules' own; audited. What holds now.
with changed as (
    update public.franchises
    set kiosk_silence_minutes = case %(kind)s::text
            when 'kiosk_offline' then (%(steps)s::integer[])[1] else kiosk_silence_minutes end,
        milestone_visits = case %(kind)s::text when 'milestone' then %(steps)s::integer[] else milestone_visits end,
        checkins_silent_hours = case %(kind)s::text
            when 'data_quality' then (%(steps)s::integer[])[1] else checkins_silent_hours end
    where franchises.name = %(franchise)s::text
    returning
        franchises.id, franchises.kiosk_silence_minutes, franchises.milestone_visits, franchises.checkins_silent_hours
),

noted as (
    insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
    select
        null, session_user, 'alert_settings_changed', 'franchises', changed.id::text,
        jsonb_build_object('alert_type', %(kind)s::text, 'to', %(steps)s::integer[])
    from changed
)

select changed.kiosk_silence_minutes, changed.milestone_visits, changed.checkins_silent_hours
from changed;
