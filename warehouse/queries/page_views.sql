-- Which pages people use: counted per person and day, never with what stood on them.

-- note --
-- The person has arrived at a page.
select app.note_page_view(%(page)s::text) as is_noted;

-- by_person --
-- Per person and page since a day, for who runs the network; the most used first.
select
    views.user_id, views.full_name, views.email, views.role, views.gym_name, views.page, views.view_count,
    views.day_count, views.last_date
from app.page_views_since(%(since)s::date) as views
order by views.full_name nulls last, views.email, views.view_count desc, views.page;
