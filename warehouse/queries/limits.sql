-- take_token --
-- Counts one request of a caller over all gateway processes, and says how many its window holds and for how long.
select taken_count, seconds_left
from app.take_token(%(bucket)s::text, %(allowed_count)s::integer, %(window_seconds)s::integer);
