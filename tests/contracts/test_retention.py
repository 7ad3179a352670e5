"""Every table that holds something of a person says how long it is kept: by a rule, or by a reason."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import Database

# Whoever is behind one of these is a person, a conversation with one, or a machine somebody sits at.
TELLING = (
    "member_id", "session_id", "user_id", "actor_user_id", "recipient_user_id", "assigned_to", "corrected_by",
    "badge_id", "email", "first_name", "full_name", "ip", "address_hash", "browser_hash", "bucket",
)  # fmt: skip


@pytest.fixture(scope="module")
def admin(module_database: Database) -> Iterator[psycopg.Connection]:
    with module_database.admin() as connection:
        yield connection


def tables_about_people(connection: psycopg.Connection) -> set[str]:
    """Tables that point at members, users or sessions, or have a column that tells of one."""
    return {
        row[0]
        for row in connection.execute(
            """
            select distinct tables.relname
            from pg_class as tables
            inner join pg_namespace as schemas on tables.relnamespace = schemas.oid
            left join pg_attribute as columns on tables.oid = columns.attrelid and columns.attname = any (%(telling)s)
            left join pg_constraint as keys
                on tables.oid = keys.conrelid
                and keys.contype = 'f'
                and keys.confrelid = any (
                    '{public.gym_members_v2, public.users, public.openai_realtime_sessions}'::regclass[]
                )
            where schemas.nspname in ('public', 'app')
                and tables.relkind in ('r', 'p')
                and not tables.relispartition
                and (columns.attname is not null or keys.oid is not null)
            """,
            {"telling": list(TELLING)},
        )
    }


def with_a_term(connection: psycopg.Connection) -> set[str]:
    return {row[0] for row in connection.execute("select table_name from app.retention_rules")}


def with_a_reason(connection: psycopg.Connection) -> set[str]:
    return {row[0] for row in connection.execute("select table_name from app.retention_reasons")}


def test_what_is_kept_of_people_has_a_term_or_a_reason(admin: psycopg.Connection) -> None:
    """A new table about members comes with a row in one of the two."""
    assert tables_about_people(admin) - with_a_term(admin) - with_a_reason(admin) == set()


def test_reasons_are_of_tables_there_are_and_of_none_with_a_term(admin: psycopg.Connection) -> None:
    """Nothing is said of what is gone, and nothing twice."""
    tables = {row[0] for row in admin.execute("select relname from pg_class where relkind in ('r', 'p')")}
    reasons = with_a_reason(admin)
    assert reasons - tables == set()
    assert reasons & with_a_term(admin) == set()


def test_a_reason_names_rules_there_are(admin: psycopg.Connection) -> None:
    """« (règle sessions) » is a rule's name."""
    told = admin.execute(
        "select (regexp_matches(kept_while, 'règle ([a-z_]+)', 'g'))[1] from app.retention_reasons"
    ).fetchall()
    rules = {row[0] for row in admin.execute("select name from app.retention_rules")}
    assert told
    assert {row[0] for row in told} - rules == set()
