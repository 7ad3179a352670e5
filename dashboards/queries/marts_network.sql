-- months --
-- Each gym in view month by month between two months; figures of fewer than five members are null.
select
    monthly.gym_id,
    gyms.gym_name,
    gyms.franchise_name,
    gyms.active_member_count,
    gyms.built_at,
    monthly.month_date,
    monthly.visit_count,
    monthly.session_count,
    monthly.negative_session_count,
    monthly.mean_sentiment_score::double precision as mean_sentiment_score,
    monthly.talking_member_count,
    monthly.left_count,
    monthly.churn_rate::double precision as churn_rate,
    monthly.alert_opened_count,
    monthly.cost_usd
from marts.fct_franchise_gyms_monthly as monthly
inner join marts.dim_gyms as gyms on monthly.gym_id = gyms.gym_id
where monthly.month_date between %(since)s::date and %(until)s::date
order by gyms.gym_name, monthly.gym_id, monthly.month_date;
