-- Drafts of what a manager could write to a member.

-- undrafted --
-- Open alerts about a member that have no draft yet, with how the member likes to be spoken to.
select
    alerts.id as alert_id,
    alerts.gym_id,
    alerts.alert_type,
    -- A gym that keeps no personal data has no name in what it drafts.
    case when gyms.storage_level = 'all' then members.first_name end as first_name,
    coalesce(preferences.language, 'fr') as language,
    coalesce(preferences.communication_style, 'friendly') as style,
    gyms.name as gym_name,
    alerts.context ->> 'topic' as topic,
    alerts.context ->> 'factors' as factors,
    case
        when alerts.alert_type = 'milestone'
            then split_part(alerts.dedup_key, ':', 3)
                || case when split_part(alerts.dedup_key, ':', 4) = '' then '' else ':' || split_part(alerts.dedup_key, ':', 4) end
    end as milestone
from public.manager_alerts as alerts
inner join public.gyms on alerts.gym_id = gyms.id
inner join public.gym_members_v2 as members on alerts.gym_id = members.gym_id and alerts.member_id = members.id
left join public.member_preferences as preferences
    on members.gym_id = preferences.gym_id and members.id = preferences.member_id
where alerts.status in ('pending', 'in_progress')
    and alerts.alert_type = any (%(alert_types)s::text[])
    and not exists (
        select from public.alert_messages as messages
        where messages.gym_id = alerts.gym_id and messages.alert_id = alerts.id
    )
order by alerts.created_at
limit %(batch_size)s::integer;

-- keep_draft --
-- The draft stands; one that is there already stays.
insert into public.alert_messages (gym_id, alert_id, language, text)
values (%(gym_id)s::uuid, %(alert_id)s::uuid, %(language)s::text, %(text)s::text)
on conflict on constraint alert_has_one_message do nothing;
