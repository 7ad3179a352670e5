-- Gyms by the slug that an operator types.

-- gym_of_slug --
-- The gym of a slug.
select gyms.id
from public.gyms
where gyms.slug = %(slug)s::text;

-- slugs --
-- The first gyms, to be named where one is not found.
select slug from public.gyms order by created_at, slug limit %(limit)s::integer;
