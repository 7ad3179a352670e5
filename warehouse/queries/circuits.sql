-- Whether a hosted engine's provider may be asked, for all workers together.

-- circuit_state --
-- Seconds until the provider may be tried again; null while its circuit is closed, no row before its first failure.
select extract(epoch from open_until - clock_timestamp())::double precision as seconds_left
from app.provider_circuits
where engine = %(engine)s::text;

-- take_probe --
-- Locks an open circuit whose time is over until the transaction ends; no row where another worker tries already.
select engine
from app.provider_circuits
where engine = %(engine)s::text and open_until <= clock_timestamp()
for update skip locked;

-- count_failure --
-- Counts one batch that failed as a whole; from the given number on the circuit opens, each time for twice as long.
insert into app.provider_circuits as circuits (engine, failed_count, open_until)
values (%(engine)s::text, 1, null)
on conflict (engine) do update
set failed_count = circuits.failed_count + 1,
    open_until = case
        when circuits.failed_count + 1 >= %(opens_at)s::integer
            then clock_timestamp() + least(
                %(first_wait)s::interval * power(2, least(circuits.failed_count + 1 - %(opens_at)s::integer, 20)),
                %(longest_wait)s::interval
            )
    end
where circuits.open_until is null or circuits.open_until <= clock_timestamp();

-- close_circuit --
-- The provider answered: failures in a row begin at none.
update app.provider_circuits
set failed_count = 0, open_until = null
where engine = %(engine)s::text and (failed_count > 0 or open_until is not null);
