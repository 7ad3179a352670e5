-- No day is missing between the first and the last, and a zone's holidays are days of that holiday.
select calendar_date
from (
    select
        calendar_date,
        lead(calendar_date) over (order by calendar_date) as next_date,
        school_holiday_name,
        is_school_holiday_zone_a or is_school_holiday_zone_b or is_school_holiday_zone_c as is_school_holiday
    from {{ ref('dim_dates') }}
) as days
where next_date <> calendar_date + 1
    or (school_holiday_name is not null) <> is_school_holiday
