-- Takes the history of quality away again.
drop table app.quality_results;
