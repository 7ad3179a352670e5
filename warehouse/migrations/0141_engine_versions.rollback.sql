-- Any number of engine versions may be in service again.
drop index public.one_engine_version_in_service;
