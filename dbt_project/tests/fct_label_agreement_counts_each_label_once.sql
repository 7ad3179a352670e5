-- Every label that a person looked at is counted, and counted once however often they thought again.

with

built as (
    select coalesce(min(built_at), now()) as built_at from {{ ref('fct_label_agreement') }}
),

counted as (
    select
        gym_id,
        sum(judged_count) as judged_count
    from {{ ref('fct_label_agreement') }}
    group by gym_id
),

labels as (
    select
        corrections.gym_id,
        count(distinct (
            corrections.session_id, corrections.turn_id, corrections.label_field, corrections.engine,
            corrections.engine_version
        )) as judged_count,
        count(distinct (
            corrections.session_id, corrections.turn_id, corrections.label_field, corrections.engine,
            corrections.engine_version
        )) filter (
            where corrections.corrected_at < {{ settled_before('built.built_at') }}
        ) as settled_judged_count
    from {{ ref('stg_jarvis__corrections') }} as corrections
    cross join built
    group by corrections.gym_id
)

select labels.gym_id
from labels
left join counted on labels.gym_id = counted.gym_id
where
    coalesce(counted.judged_count, 0) < labels.settled_judged_count
    or coalesce(counted.judged_count, 0) > labels.judged_count
