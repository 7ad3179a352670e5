-- Takes the memory of the last build away again: the next build makes everything.
drop table app.mart_builds;
