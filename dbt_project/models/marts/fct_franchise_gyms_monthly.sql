{{ config(materialized="view") }}

{%- set talking = 'coalesce(talks.talking_member_count, 0)' %}
{%- set members = 'coalesce(churn.member_count, 0)' %}

with

-- Cast, because a view's numbers have no precision of their own. Days are taken as moments without a zone: looking one
-- up for each day of two years costs more than the rest.
visits as (
    select
        gym_id,
        date_trunc('month', local_date::timestamp)::date as month_date,
        sum(visit_count) as visit_count,
        sum(session_count) as session_count,
        sum(alert_opened_count) as alert_opened_count,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_gym_daily') }}
    group by 1, 2
)

select
    visits.gym_id,
    gyms.franchise_id,
    visits.month_date,
    {{ suppressed('visits.visit_count', ['visits.visit_count']) }}::bigint as visit_count,
    {{ suppressed('visits.session_count', ['visits.session_count']) }}::bigint as session_count,
    {{ suppressed('visits.alert_opened_count', ['visits.alert_opened_count']) }}::bigint as alert_opened_count,
    visits.cost_usd::numeric(14, 6) as cost_usd,
    {{ suppressed('visits.cost_usd / nullif(churn.member_count, 0)', [members]) }}::numeric(14, 6)
        as cost_per_member_usd,
    {{ suppressed('talks.talking_member_count', [talking]) }}::bigint as talking_member_count,
    {{ suppressed('talks.negative_session_count', [talking, 'coalesce(talks.negative_session_count, 0)']) }}::bigint
        as negative_session_count,
    {{ suppressed('talks.analysed_session_count', [talking, 'coalesce(talks.analysed_session_count, 0)']) }}::bigint
        as analysed_session_count,
    {{ suppressed('talks.mean_sentiment_score', [talking]) }}::numeric(4, 3) as mean_sentiment_score,
    {{ suppressed('churn.left_count', [members, 'coalesce(churn.left_count, 0)']) }}::integer as left_count,
    {{ suppressed('churn.churn_rate', [members]) }}::numeric(5, 4) as churn_rate
from visits
inner join {{ ref('dim_gyms') }} as gyms on visits.gym_id = gyms.gym_id
-- By the sessions' index, month by month: whoever asks for a few months pays for those.
left join lateral (
    select
        count(distinct sessions.member_id) as talking_member_count,
        count(sessions.sentiment_score) as analysed_session_count,
        avg(sessions.sentiment_score) as mean_sentiment_score,
        count(*) filter (where sessions.sentiment_label = 'negative') as negative_session_count
    from {{ ref('fct_sessions') }} as sessions
    where sessions.gym_id = visits.gym_id
        and sessions.local_date >= visits.month_date
        and sessions.local_date < (visits.month_date + interval '1 month')::date
    having count(*) > 0
) as talks on true
left join {{ ref('fct_churn_monthly') }} as churn
    on visits.gym_id = churn.gym_id and visits.month_date = churn.month_date
