-- Takes the shared counting of requests away again.
drop function app.take_token(text, integer, integer);
drop table app.rate_windows;
