{{ config(meta={"is_shared": true}) }}

with

holidays as (
    select * from {{ ref('french_holidays') }}
),

-- No decree names days beyond these: a guess would be worse than no row.
days as (
    select calendar.moment::date as calendar_date
    from holidays
    cross join lateral
        generate_series(holidays.first_date::timestamp, holidays.last_date::timestamp, interval '1 day')
            as calendar (moment)
    where holidays.kind = 'known'
),

described as (
    select
        days.calendar_date,
        date_trunc('week', days.calendar_date)::date as week_start_date,
        date_trunc('month', days.calendar_date)::date as month_start_date,
        to_char(days.calendar_date, 'YYYY-"Q"Q') as quarter,
        extract(isodow from days.calendar_date)::integer as weekday_number,
        extract(isodow from days.calendar_date) >= 6 as is_weekend,
        (max(holidays.name_fr) filter (where holidays.kind = 'public' and holidays.area = 'mainland'))::text
            as public_holiday_name,
        (array_agg(holidays.area::text order by holidays.area) filter (
            where holidays.kind = 'public' and holidays.area <> 'mainland'
        )) as holiday_regions,
        (max(holidays.name_fr) filter (where holidays.kind = 'school'))::text as school_holiday_name,
        coalesce(bool_or(holidays.kind = 'public' and holidays.area = 'mainland'), false) as is_public_holiday,
        coalesce(bool_or(holidays.kind = 'school' and holidays.area = 'A'), false) as is_school_holiday_zone_a,
        coalesce(bool_or(holidays.kind = 'school' and holidays.area = 'B'), false) as is_school_holiday_zone_b,
        coalesce(bool_or(holidays.kind = 'school' and holidays.area = 'C'), false) as is_school_holiday_zone_c,
        now() as built_at
    from days
    left join holidays
        on days.calendar_date between holidays.first_date and holidays.last_date
        and holidays.kind <> 'known'
    group by days.calendar_date
)

select * from described
