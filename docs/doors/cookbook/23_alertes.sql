-- Combien d'alertes restent ouvertes, et en combien de temps sont-elles traitées ?
-- Alertes des douze dernières semaines par salle et par type ; le délai est la médiane, en heures, de celles qui
-- sont closes.
-- Columns: gym_name text, alert_type text, alert_count bigint, open_alert_count bigint, median_hours_to_close
-- numeric
-- Rows: at least one row

select
    gyms.gym_name,
    alerts.alert_type,
    count(*) as alert_count,
    count(*) filter (where alerts.status in ('pending', 'in_progress')) as open_alert_count,
    round(
        (
            percentile_cont(0.5) within group (order by extract(epoch from alerts.resolved_at - alerts.created_at))
            / 3600
        )::numeric,
        1
    ) as median_hours_to_close
from public.manager_alerts as alerts
inner join marts.dim_gyms as gyms on alerts.gym_id = gyms.gym_id
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
where alerts.created_at >= built.last_date - 84
group by gyms.gym_name, alerts.alert_type
order by open_alert_count desc, gyms.gym_name, alerts.alert_type;
