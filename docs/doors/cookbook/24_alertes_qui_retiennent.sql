-- Les alertes retiennent-elles des adhérents ?
-- Départs à soixante jours, avec alerte et sans (tirés au sort), en points ; certain seulement si tout
-- l'intervalle est au-dessus de zéro.
-- Columns: gym_name text, choice_period text, alerted_count integer, control_count integer, alerted_left_percent
-- numeric, control_left_percent numeric, uplift_low_points numeric, uplift_high_points numeric, is_certain boolean
-- Rows: may be empty: nobody was drawn more than sixty days ago

select
    gyms.gym_name,
    uplift.choice_period,
    uplift.alerted_count,
    uplift.control_count,
    round(100 * uplift.alerted_left_rate, 1) as alerted_left_percent,
    round(100 * uplift.control_left_rate, 1) as control_left_percent,
    round(100 * uplift.uplift_low_rate, 1) as uplift_low_points,
    round(100 * uplift.uplift_high_rate, 1) as uplift_high_points,
    coalesce(uplift.uplift_low_rate > 0, false) as is_certain
from marts.fct_alert_uplift as uplift
inner join marts.dim_gyms as gyms on uplift.gym_id = gyms.gym_id
order by uplift.choice_period desc, gyms.gym_name;
