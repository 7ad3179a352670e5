with

gyms as (
    select * from {{ ref('stg_jarvis__gyms') }}
),

-- A second thought replaces the first; the same label under another version of the engine is another question.
judged as (
    select distinct on (
        corrections.session_id, corrections.turn_id, corrections.label_field, corrections.engine,
        corrections.engine_version
    )
        corrections.gym_id,
        date_trunc('month', corrections.corrected_at at time zone gyms.timezone)::date as local_month_date,
        case when corrections.turn_id is null then 'conversation' else 'turn' end as label_level,
        corrections.label_field,
        corrections.engine,
        corrections.engine_version,
        corrections.is_agreed
    from {{ ref('stg_jarvis__corrections') }} as corrections
    inner join gyms on corrections.gym_id = gyms.gym_id
    order by
        corrections.session_id, corrections.turn_id, corrections.label_field, corrections.engine,
        corrections.engine_version, corrections.correction_id desc
),

counted as (
    select
        gym_id,
        local_month_date,
        label_level,
        label_field,
        engine,
        engine_version,
        count(*)::integer as judged_count,
        (count(*) filter (where is_agreed))::integer as agreed_count
    from judged
    group by 1, 2, 3, 4, 5, 6
)

select
    md5(
        concat_ws('|', gym_id, local_month_date, label_level, label_field, engine, engine_version)
    ) as label_agreement_id,
    gym_id,
    local_month_date,
    label_level,
    label_field,
    engine,
    engine_version,
    judged_count,
    agreed_count,
    (agreed_count::numeric / judged_count)::numeric(5, 4) as agreement_rate,
    now() as built_at
from counted
