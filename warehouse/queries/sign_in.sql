-- begin_sign_in --
-- What is needed to check one password; the try is counted before it is checked.
select user_id, password_hash, is_open
from app.begin_sign_in(%(email)s::text);

-- fail_sign_in --
-- Records a wrong password, or an e-mail that nobody has, in the audit trail.
select app.fail_sign_in(%(user_id)s::uuid, %(device)s::text, %(network)s::text);

-- fail_address --
-- Counts a refused sign-in of an address.
select app.fail_address(%(address_hash)s::bytea);

-- address_wait --
-- Seconds an address has to wait before its next try.
select app.address_wait(%(address_hash)s::bytea) as seconds;

-- take_token --
-- Counts one request of an address, and says how many its window holds.
select taken_count
from app.take_token(%(bucket)s::text, %(allowed_count)s::integer, %(window_seconds)s::integer);

-- open_session --
-- Opens a session for a person whose password was right, and says what is still asked of them.
select app.open_dashboard_session(
    %(user_id)s::uuid, %(token_hash)s::bytea, %(lifetime)s::interval, %(device)s::text, %(network)s::text
) as stage;

-- resolve_session --
-- Who holds this session now; no row where it opens no door.
select user_id, role, full_name, email, gym_id, gym_name, franchise_id, franchise_name
from app.resolve_dashboard_session(%(token_hash)s::bytea, %(idle_limit)s::interval, %(is_activity)s::boolean);

-- revoke_session --
-- Ends one session at once.
select app.revoke_dashboard_session(%(token_hash)s::bytea) as is_revoked;
