{{ config(materialized="view") }}

{%- set talking = 'coalesce(talks.talking_member_count, 0)' %}
{%- set negative = 'coalesce(talks.negative_session_count, 0)' %}
{%- set analysed = 'coalesce(talks.analysed_session_count, 0)' %}
{%- set members = 'coalesce(churn.member_count, 0)' %}

with

-- A count that is null is not told: a month without a conversation counts zero. Cast, because a view's numbers have no
-- precision of their own.
gyms as (
    select * from {{ ref('dim_gyms') }}
),

-- Each gym's months, from its first day to its last: both are read off the key.
months as (
    select
        gyms.gym_id,
        gyms.franchise_id,
        calendar.moment::date as month_date,
        (calendar.moment + interval '1 month')::date as next_month_date
    from gyms
    cross join lateral (
        select daily.local_date
        from {{ ref('fct_gym_daily') }} as daily
        where daily.gym_id = gyms.gym_id
        order by daily.local_date
        limit 1
    ) as first_days
    cross join lateral (
        select daily.local_date
        from {{ ref('fct_gym_daily') }} as daily
        where daily.gym_id = gyms.gym_id
        order by daily.local_date desc
        limit 1
    ) as last_days
    cross join lateral generate_series(
        date_trunc('month', first_days.local_date::timestamp), last_days.local_date::timestamp, interval '1 month'
    ) as calendar (moment)
)

select
    months.gym_id,
    months.franchise_id,
    months.month_date,
    {{ suppressed('visits.visit_count', ['visits.visit_count']) }}::bigint as visit_count,
    {{ suppressed('visits.session_count', ['visits.session_count']) }}::bigint as session_count,
    {{ suppressed('visits.alert_opened_count', ['visits.alert_opened_count']) }}::bigint as alert_opened_count,
    visits.cost_usd::numeric(14, 6) as cost_usd,
    {{ suppressed('visits.cost_usd / nullif(churn.member_count, 0)', [members]) }}::numeric(14, 6)
        as cost_per_member_usd,
    {{ suppressed(talking, [talking]) }}::bigint as talking_member_count,
    {{ suppressed(negative, [talking, negative]) }}::bigint as negative_session_count,
    {{ suppressed(analysed, [talking, analysed]) }}::bigint as analysed_session_count,
    {{ suppressed('talks.mean_sentiment_score', [talking]) }}::numeric(4, 3) as mean_sentiment_score,
    {{ suppressed('churn.left_count', [members, 'coalesce(churn.left_count, 0)']) }}::integer as left_count,
    {{ suppressed('churn.churn_rate', [members]) }}::numeric(5, 4) as churn_rate
from months
-- By the days' and the sessions' indexes, month by month: whoever asks for a few months pays for those.
cross join lateral (
    select
        sum(daily.visit_count) as visit_count,
        sum(daily.session_count) as session_count,
        sum(daily.alert_opened_count) as alert_opened_count,
        sum(daily.cost_usd) as cost_usd
    from {{ ref('fct_gym_daily') }} as daily
    where daily.gym_id = months.gym_id
        and daily.local_date >= months.month_date
        and daily.local_date < months.next_month_date
) as visits
left join lateral (
    select
        count(distinct sessions.member_id) as talking_member_count,
        count(sessions.sentiment_score) as analysed_session_count,
        avg(sessions.sentiment_score) as mean_sentiment_score,
        count(*) filter (where sessions.sentiment_label = 'negative') as negative_session_count
    from {{ ref('fct_sessions') }} as sessions
    where sessions.gym_id = months.gym_id
        and sessions.local_date >= months.month_date
        and sessions.local_date < months.next_month_date
    having count(*) > 0
) as talks on true
left join {{ ref('fct_churn_monthly') }} as churn
    on months.gym_id = churn.gym_id and months.month_date = churn.month_date
