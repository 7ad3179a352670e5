"""Second factors for tests: set up as if by hand, and a code that is good now."""

import time
from uuid import UUID

import psycopg

from jarvis.second_factor import code_at, keys_of, new_recovery_codes, new_secret
from jarvis.settings import Settings


def plant_second_factor(admin: psycopg.Connection, settings: Settings, user_id: UUID) -> str:
    """The person has a second factor with one recovery code; its secret."""
    secret = new_secret()
    keys = keys_of(settings)
    admin.execute(
        "insert into second_factors (user_id, secret) values (%(id)s, %(secret)s) "
        "on conflict (user_id) do update set secret = excluded.secret, last_step = 0, failed_attempts = 0",
        {"id": user_id, "secret": keys.seal(secret)},
    )
    admin.execute("update users set mfa_enabled = true where id = %s", [user_id])
    return secret


def plant_recovery_code(admin: psycopg.Connection, settings: Settings, user_id: UUID) -> str:
    """The person has one more recovery code, which is answered."""
    code = new_recovery_codes()[0]
    admin.execute(
        "insert into recovery_codes (user_id, code_hash) values (%s, %s)",
        [user_id, keys_of(settings).recovery_hash(code)],
    )
    return code


def fresh_code(admin: psycopg.Connection, user_id: UUID, secret: str) -> str:
    """The code of this moment, good even where it was spent a second ago."""
    admin.execute("update second_factors set last_step = 0 where user_id = %s", [user_id])
    return code_at(secret, moment=time.time())
