-- Takes the kept replies away: a run that dies pays again.
drop table app.paid_replies;
