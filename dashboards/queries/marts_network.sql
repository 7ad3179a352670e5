-- months --
-- Each gym in view month by month between two months: visits of every one, the other figures of the last two only (from
-- `before` on), since a conversation is counted each time one asks; figures of fewer than five members are null.
select
    visits.gym_id,
    gyms.gym_name,
    gyms.franchise_name,
    gyms.active_member_count,
    gyms.built_at,
    visits.month_date,
    visits.visit_count,
    monthly.session_count,
    monthly.negative_session_count,
    monthly.analysed_session_count,
    monthly.mean_sentiment_score::double precision as mean_sentiment_score,
    monthly.churn_rate::double precision as churn_rate,
    monthly.alert_opened_count,
    monthly.cost_usd
from (
    select
        daily.gym_id,
        date_trunc('month', daily.local_date::timestamp)::date as month_date,
        sum(daily.visit_count)::bigint as visit_count
    from marts.fct_gym_daily as daily
    where daily.local_date >= %(since)s::date
        and daily.local_date < (%(until)s::date + interval '1 month')::date
    group by daily.gym_id, date_trunc('month', daily.local_date::timestamp)::date
) as visits
inner join marts.dim_gyms as gyms on gyms.gym_id = visits.gym_id
left join (
    select figures.*
    from marts.fct_franchise_gyms_monthly as figures
    where figures.month_date between %(before)s::date and %(until)s::date
) as monthly on monthly.gym_id = visits.gym_id and monthly.month_date = visits.month_date
order by gyms.gym_name, visits.gym_id, visits.month_date;
