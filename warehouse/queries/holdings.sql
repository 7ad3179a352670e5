-- What the tables of the Python assets hold: rows by label, for the data team's eyes. No row of a person, and no name.
-- Of conversations, which never stop growing, only the last day's: they are counted while a live run has others waiting.

-- engine_versions --
-- Versions of the engines by kind and standing.
select kind, status, count(*) as row_count
from public.model_versions
where kind <> 'churn'
group by 1, 2
order by 1, 2;

-- conversation_summaries --
-- Conversations that were analysed in the last day, by sentiment.
select sentiment_label, count(*) as row_count_of_last_day
from public.conversation_summaries
where status = 'completed' and analysed_at > now() - interval '1 day'
group by 1
order by 1;

-- enriched_conversations --
-- Conversations that were analysed in the last day, by where the second tier stands.
select tier, enrichment_state, count(*) as row_count_of_last_day
from public.conversation_summaries
where status = 'completed' and analysed_at > now() - interval '1 day'
group by 1, 2
order by 1, 2;

-- member_analytics --
-- Members by risk of leaving, by an index alone.
select churn_risk_level, count(*) as row_count
from public.member_analytics
group by 1
order by 1;

-- manager_alerts --
-- Alerts by kind and standing.
select alert_type, status, count(*) as row_count
from public.manager_alerts
group by 1, 2
order by 1, 2;

-- kiosk_health --
-- Kiosks by standing.
select status, count(*) as row_count
from public.kiosks
group by 1
order by 1;

-- churn_scores --
-- Scores of the newest day by level, and those of all days before.
select
    case when scores.as_of_date = newest.as_of_date then scores.as_of_date::text else 'before' end as as_of_date,
    case when scores.as_of_date = newest.as_of_date then scores.level end as risk_level,
    count(*) as row_count
from public.churn_scores as scores
cross join (select max(as_of_date) as as_of_date from public.churn_scores) as newest
group by 1, 2
order by 1, 2;

-- churn_model --
-- Churn models by standing.
select status, count(*) as row_count
from public.model_versions
where kind = 'churn'
group by 1
order by 1;

-- alert_choices --
-- Choices of the newest week by decision, and those of all weeks before.
select
    case when choices.week_starts_on = newest.week_starts_on then choices.week_starts_on::text else 'before' end
        as week_starts_on,
    case when choices.week_starts_on = newest.week_starts_on then choices.decision end as decision,
    count(*) as row_count
from public.alert_choices as choices
cross join (select max(week_starts_on) as week_starts_on from public.alert_choices) as newest
group by 1, 2
order by 1, 2;

-- alert_digests --
-- Letters of the digest by what became of them.
select status, count(*) as row_count
from public.alert_digest_deliveries
group by 1
order by 1;

-- insights_reports --
-- Reports by kind and standing.
select report_type, status, count(*) as row_count
from public.insights_reports
group by 1, 2
order by 1, 2;

-- report_deliveries --
-- Deliveries by what became of them.
select channel, status, count(*) as row_count
from public.report_deliveries
group by 1, 2
order by 1, 2;

-- retention --
-- Proofs by rule, with those that only counted apart.
select rule_name, is_dry, count(*) as row_count
from app.retention_runs
group by 1, 2
order by 1, 2;
