-- A score that is held back is no ground to call: who is at risk and whom to call are decided in one place.

set local role jarvis_owner;

alter table public.member_analytics
    -- Why the shown score is not to be acted on; null where it may be.
    add column churn_held_back_reason text
        constraint shown_held_back_reason_is_known check (
            churn_held_back_reason in ('declared_absence', 'gym_closed', 'checkins_silent', 'features_drifted')
        ),
    add column is_at_risk boolean not null generated always as (
        coalesce(churn_risk_level in ('high', 'critical'), false) and churn_held_back_reason is null
    ) stored;

-- Members at risk of the gyms that the person sees, the highest score first, without this quarter's control group:
-- the answer names only whom to call, so that nobody learns who is held back.
create function app.members_to_call(of_gyms uuid[], most integer) returns table (member_id uuid, place bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        analytics.member_id,
        row_number() over (order by analytics.churn_risk_score desc, analytics.member_id) as place
    from public.member_analytics as analytics
    inner join public.gym_members_v2 as members
        on analytics.gym_id = members.gym_id and analytics.member_id = members.id
    where analytics.gym_id = any (of_gyms)
        and analytics.gym_id = any ((select app.visible_gym_ids())::uuid[])
        and analytics.is_at_risk
        and members.is_active
        and not exists (
            select from public.alert_choices as choices
            where choices.gym_id = analytics.gym_id
                and choices.member_id = analytics.member_id
                and choices.decision = 'control'
                -- As `jarvis.alert_choices.period_of`: the quarter in which the week began.
                and choices.period = to_char(date_trunc('week', now() at time zone 'UTC'), 'YYYY"-Q"Q')
        )
    order by place
    limit most;
end;

grant select on public.member_analytics, public.gym_members_v2, public.alert_choices to jarvis_definer;
alter function app.members_to_call(uuid[], integer) owner to jarvis_definer;
revoke execute on function app.members_to_call(uuid[], integer) from public;
grant execute on function app.members_to_call(uuid[], integer) to jarvis_dashboard;

reset role;

update public.member_analytics as analytics
set churn_held_back_reason = newest.held_back_reason
from (
    select distinct on (scores.gym_id, scores.member_id) scores.gym_id, scores.member_id, scores.held_back_reason
    from public.churn_scores as scores
    order by scores.gym_id, scores.member_id, scores.as_of_date desc
) as newest
where analytics.gym_id = newest.gym_id
    and analytics.member_id = newest.member_id
    and analytics.churn_risk_level is not null
    and newest.held_back_reason is not null;
