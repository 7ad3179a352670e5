-- Takes the promises away again.
drop function app.freshness();
drop table app.asset_freshness;
