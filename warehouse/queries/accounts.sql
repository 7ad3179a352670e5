-- visit --
-- What the sign-in's own pages need to know of a session, at any stage.
select session_id, user_id, email, full_name, role, stage, is_proven, has_password, has_second_factor,
    recovery_codes_left, language
from app.visit_dashboard_session(%(token_hash)s::bytea, %(idle_limit)s::interval, %(proof_age)s::interval);

-- begin_second_factor --
-- What is needed to check one code; the try is counted before it is checked.
select secret, last_step, is_open
from app.begin_second_factor(%(token_hash)s::bytea);

-- fail_second_factor --
-- Records a wrong code in the audit trail.
select app.fail_second_factor(%(token_hash)s::bytea);

-- pass_second_factor --
-- Spends the code of a step and opens the session under a new token.
select app.pass_second_factor(
    %(token_hash)s::bytea, %(new_token_hash)s::bytea, %(step)s::bigint, %(lifetime)s::interval
) as is_done;

-- spend_recovery_code --
-- Spends a recovery code and opens the session under a new token.
select app.spend_recovery_code(
    %(token_hash)s::bytea, %(new_token_hash)s::bytea, %(code_hash)s::bytea, %(lifetime)s::interval
) as is_done;

-- prove_session --
-- The session is freshly proven by a password, under a new token.
select app.prove_session(%(token_hash)s::bytea, %(new_token_hash)s::bytea, %(lifetime)s::interval) as is_done;

-- offer_second_factor --
-- Keeps a secret that waits for its first code.
select app.offer_second_factor(%(token_hash)s::bytea, %(secret)s::bytea, %(proof_age)s::interval) as is_done;

-- offered_second_factor --
-- The secret that waits for its first code.
select app.offered_second_factor(%(token_hash)s::bytea, %(proof_age)s::interval) as secret;

-- confirm_second_factor --
-- The offered secret holds from now on, with new recovery codes.
select app.confirm_second_factor(
    %(token_hash)s::bytea, %(new_token_hash)s::bytea, %(step)s::bigint, %(code_hashes)s::bytea[],
    %(lifetime)s::interval, %(proof_age)s::interval
) as is_done;

-- replace_recovery_codes --
-- New recovery codes; those before are worth nothing.
select app.replace_recovery_codes(
    %(token_hash)s::bytea, %(new_token_hash)s::bytea, %(code_hashes)s::bytea[], %(lifetime)s::interval,
    %(proof_age)s::interval
) as is_done;

-- drop_second_factor --
-- Takes the second factor away where the role may do without.
select app.drop_second_factor(
    %(token_hash)s::bytea, %(new_token_hash)s::bytea, %(lifetime)s::interval, %(proof_age)s::interval
) as is_done;

-- change_password --
-- A new password of one's own.
select app.change_own_password(
    %(token_hash)s::bytea, %(new_token_hash)s::bytea, %(password_hash)s::text, %(lifetime)s::interval,
    %(proof_age)s::interval
) as is_done;

-- sessions --
-- The open sessions of the person who asks.
select id, is_this_one, device, network, created_at, last_seen_at, expires_at
from app.own_sessions(%(token_hash)s::bytea, %(idle_limit)s::interval);

-- revoke_sessions --
-- Ends one session of the person who asks, or all but theirs.
select app.revoke_own_sessions(%(token_hash)s::bytea, %(session_id)s::uuid) as revoked_count;

-- issue_password_reset --
-- A link for the person with this e-mail; no row where there is nobody to send it to.
select email, full_name
from app.issue_password_reset(
    %(email)s::text, %(token_hash)s::bytea, %(valid_for)s::interval, %(device)s::text, %(network)s::text
);

-- read_link --
-- Whose link this is and what for.
select email, full_name, purpose, language
from app.read_account_link(%(token_hash)s::bytea);

-- use_link --
-- Sets the password of the link's person, once.
select app.use_account_link(
    %(token_hash)s::bytea, %(password_hash)s::text, %(device)s::text, %(network)s::text
) as is_done;
