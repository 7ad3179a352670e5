with

source as (
    select * from {{ source('jarvis', 'insights_reports') }}
),

renamed as (
    select
        -- ids
        id as report_id,
        gym_id,
        franchise_id,

        -- text (title, summary and findings stay in the source table)
        report_type,
        status as report_status,

        -- timestamps
        period_start as period_start_at,
        period_end as period_end_at,
        generated_at,
        published_at
    from source
)

select * from renamed
