"""The pool through which signed-in people ask, on a real database."""

from jarvis.tenancy import Scope, UserRole
from tests.conftest import Database
from tests.tenants import PERSON
from warehouse import people


def test_a_connection_that_the_server_ended_is_not_given_out(database: Database) -> None:
    """It is replaced on its way out of the pool, though an idle one is not asked whether it is there."""
    scope = Scope(user_id=PERSON["root"].id, role=UserRole.SUPER_ADMIN, full_name="Root")
    pool = people.Database(database.settings.database_url_for("dashboard"))
    pool.open()
    found = []
    try:
        for _ in range(2):
            with pool.person(scope) as connection:
                found.append(connection.info.backend_pid)
            with database.admin() as admin:
                assert admin.execute("select pg_terminate_backend(%s, 5000)", found[-1:]).fetchone() == (True,)
    finally:
        pool.close()
    assert found[0] != found[1]
