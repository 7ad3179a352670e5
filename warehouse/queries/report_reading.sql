-- Reports as a person may read them: under their own rights, on the page, in the PDF and in the e-mail.

-- report --
-- One report, where the person sees it.
select
    reports.id,
    reports.gym_id,
    reports.franchise_id,
    reports.report_type,
    reports.period_start,
    reports.period_end,
    reports.title,
    reports.summary,
    reports.insights,
    reports.metrics,
    reports.recommendations,
    reports.trends,
    reports.status,
    reports.generated_at,
    reports.published_at
from public.insights_reports as reports
where reports.id = %(report_id)s::uuid and (%(shows_drafts)s::boolean or reports.status <> 'draft');

-- whom_to_call --
-- The members with the highest risk in the gyms that the report tells of and the person sees.
select
    members.id as member_id,
    members.first_name,
    members.last_name,
    gyms.name as gym_name,
    analytics.churn_risk_level,
    analytics.churn_factors
from public.member_analytics as analytics
inner join public.gym_members_v2 as members
    on analytics.gym_id = members.gym_id and analytics.member_id = members.id
inner join public.gyms on members.gym_id = gyms.id
where analytics.gym_id = any (%(gym_ids)s::uuid[])
    and members.is_active
    and analytics.churn_risk_level in ('high', 'critical')
order by analytics.churn_risk_score desc, members.id
limit %(asked)s::integer;

-- gyms_of_franchise --
-- The franchise's gyms that the person sees.
select gyms.id
from public.gyms
where gyms.franchise_id = %(franchise_id)s::uuid
order by gyms.id;
