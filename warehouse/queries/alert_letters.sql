-- Letters about alerts that rose because nobody took them: who is told, and what became of it.

-- queue --
-- The letters of an alert that just rose: who answers for its gym, and the franchise's owners where it is urgent now.
insert into public.alert_letters (gym_id, alert_id, recipient_user_id, due_at)
select alerts.gym_id, alerts.id, told.user_id, %(now)s::timestamptz
from public.manager_alerts as alerts
inner join public.gyms on alerts.gym_id = gyms.id
inner join lateral (
    select in_charge.user_id
    from app.people_in_charge as in_charge
    where in_charge.gym_id = alerts.gym_id
    union
    select owners.id as user_id
    from public.users as owners
    where alerts.priority = 'urgent'
        and owners.role = 'franchise_owner' and owners.franchise_id = gyms.franchise_id and owners.is_active
) as told on true
where alerts.id = %(alert_id)s::uuid
on conflict on constraint escalation_is_told_once_to_a_person do nothing;

-- due --
-- One person's letters whose time has come, locked, with what they are about and what the person wants.
select
    letters.id,
    letters.recipient_user_id,
    letters.attempt_count,
    alerts.title,
    alerts.priority,
    alerts.created_at,
    alerts.status = 'pending' as is_waiting,
    gyms.name as gym_name,
    gyms.timezone,
    users.email,
    users.full_name,
    exists (select from app.served_gyms as served where served.gym_id = letters.gym_id) as is_served,
    users.is_active
        and (
            (users.role = 'gym_manager' and users.gym_id = letters.gym_id)
            or (users.role = 'franchise_owner' and users.franchise_id = gyms.franchise_id)
        ) as is_in_charge,
    coalesce('alert_escalation' = any (preferences.unsubscribed_kinds), false) as is_unsubscribed,
    coalesce(preferences.quiet_from, time '20:00') as quiet_from,
    coalesce(preferences.quiet_until, time '07:00') as quiet_until
from public.alert_letters as letters
inner join public.manager_alerts as alerts on letters.gym_id = alerts.gym_id and letters.alert_id = alerts.id
inner join public.gyms on letters.gym_id = gyms.id
inner join public.users on letters.recipient_user_id = users.id
left join public.mail_preferences as preferences on users.id = preferences.user_id
where letters.status = 'waiting' and letters.due_at <= %(now)s::timestamptz
    and letters.recipient_user_id = (
        select first_due.recipient_user_id
        from public.alert_letters as first_due
        where first_due.status = 'waiting' and first_due.due_at <= %(now)s::timestamptz
        order by first_due.due_at, first_due.recipient_user_id
        limit 1
    )
order by gyms.name, alerts.created_at, letters.id
for update of letters skip locked;

-- settle --
-- What became of some letters, or that they are on their way.
update public.alert_letters
set status = %(status)s::text,
    reason = %(reason)s::text,
    attempt_count = attempt_count + %(tried)s::integer,
    due_at = coalesce(%(due_at)s::timestamptz, due_at),
    attempted_at = %(now)s::timestamptz
where id = any (%(ids)s::uuid[]);

-- give_up_lost --
-- What a run left on its way is not sent a second time: nobody knows whether it arrived.
update public.alert_letters
set status = 'failed', reason = 'the run ended while the letter was on its way: it may have arrived'
where status = 'sending' and attempted_at < %(now)s::timestamptz - interval '1 hour';
