-- begin_provider_sign_in --
-- Keeps what the provider's answer is to be checked against.
select app.begin_provider_sign_in(
    %(state_hash)s::bytea, %(browser_hash)s::bytea, %(nonce)s::text, %(verifier)s::text, %(asked)s::text,
    %(proof_of)s::bytea, %(lifetime)s::interval
);

-- take_provider_sign_in --
-- What was kept for an answer of the provider, once.
select nonce, verifier, asked, proof_of, begun_at
from app.take_provider_sign_in(%(state_hash)s::bytea, %(browser_hash)s::bytea);

-- open_provider_session --
-- Opens a session for whom the provider names, and says what is still asked of them, or why there is none.
select stage, refusal
from app.open_provider_session(
    %(issuer)s::text, %(subject)s::text, %(email)s::text, %(token_hash)s::bytea, %(lifetime)s::interval,
    %(device)s::text, %(network)s::text
);

-- refuse_provider_sign_in --
-- Records in the audit trail an answer that let nobody in.
select app.refuse_provider_sign_in(%(reason)s::text, %(device)s::text, %(network)s::text);
