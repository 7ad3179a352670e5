"""Every named SQL block plans on the migrated database, under the role of the door that runs it."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import LiteralString, cast

import psycopg
import pytest

from jarvis.settings import Settings
from tests.conftest import REPOSITORY, cloned_database
from warehouse.sql import QUERIES, read_blocks

# What asks the marts plans on a built database only: tests/integration/test_dbt_build.py has one.
FILES = (
    *sorted(QUERIES.glob("*.sql")),
    *(path for path in sorted((REPOSITORY / "dashboards").glob("**/*.sql")) if not path.name.startswith("marts_")),
)

# Which logins run the blocks of a file; a block must plan for one of them, with that role's grants.
ROLES_OF_FILE = {
    "warehouse/queries/absences.sql": ("jarvis_gateway",),
    "warehouse/queries/analysts.sql": ("jarvis_pipeline",),
    "warehouse/queries/accounts.sql": ("jarvis_dashboard",),
    "warehouse/queries/alerts.sql": ("jarvis_pipeline",),
    "warehouse/queries/alert_choices.sql": ("jarvis_pipeline",),
    "warehouse/queries/alert_digests.sql": ("jarvis_pipeline",),
    "warehouse/queries/alert_letters.sql": ("jarvis_pipeline",),
    "warehouse/queries/action_items.sql": ("jarvis_dashboard",),
    "warehouse/queries/alert_messages.sql": ("jarvis_pipeline",),
    "warehouse/queries/alert_previews.sql": ("jarvis_dashboard", "jarvis_pipeline"),
    "warehouse/queries/alert_thresholds.sql": ("jarvis_pipeline",),
    "warehouse/queries/alert_upkeep.sql": ("jarvis_pipeline",),
    "warehouse/queries/circuits.sql": ("jarvis_pipeline",),
    "warehouse/queries/churn.sql": ("jarvis_pipeline",),
    "warehouse/queries/classes.sql": ("jarvis_gateway",),
    "warehouse/queries/budgets.sql": ("jarvis_gateway", "jarvis_pipeline"),
    "warehouse/queries/conversations.sql": ("jarvis_pipeline",),
    "warehouse/queries/comparison.sql": ("jarvis_pipeline",),
    "warehouse/queries/corrections.sql": ("jarvis_dashboard",),
    "warehouse/queries/evidence.sql": ("jarvis_pipeline",),
    "warehouse/queries/desk.sql": ("jarvis_dashboard", "jarvis_pipeline"),
    "warehouse/queries/demo.sql": ("jarvis_pipeline",),
    "warehouse/queries/enrichments.sql": ("jarvis_pipeline",),
    "warehouse/queries/engine_versions.sql": ("jarvis_pipeline",),
    "warehouse/queries/export.sql": ("jarvis_analyst",),
    "warehouse/queries/freshness.sql": ("jarvis_pipeline",),
    "warehouse/queries/golden.sql": ("jarvis_pipeline",),
    "warehouse/queries/holdings.sql": ("jarvis_pipeline",),
    "warehouse/queries/gym_settings.sql": ("jarvis_dashboard",),
    "warehouse/queries/goals.sql": ("jarvis_gateway",),
    "warehouse/queries/mail_preferences.sql": ("jarvis_dashboard", "jarvis_pipeline"),
    "warehouse/queries/marts.sql": ("jarvis_pipeline",),
    "warehouse/queries/kiosks.sql": ("jarvis_gateway", "jarvis_pipeline"),
    "warehouse/queries/kiosk_health.sql": ("jarvis_pipeline",),
    "warehouse/queries/incidents.sql": ("jarvis_pipeline",),
    "warehouse/queries/kiosk_badges.sql": ("jarvis_gateway",),
    "warehouse/queries/gyms.sql": ("jarvis_pipeline",),
    "warehouse/queries/kiosk_settings.sql": ("jarvis_gateway", "jarvis_pipeline"),
    "warehouse/queries/limits.sql": ("jarvis_gateway",),
    "warehouse/queries/machine_incidents.sql": ("jarvis_dashboard", "jarvis_pipeline"),
    "warehouse/queries/members.sql": ("jarvis_pipeline",),
    "warehouse/queries/network.sql": ("jarvis_dashboard",),
    "warehouse/queries/paid_replies.sql": ("jarvis_pipeline",),
    "warehouse/queries/overview.sql": ("jarvis_dashboard",),
    "warehouse/queries/page_views.sql": ("jarvis_dashboard",),
    "warehouse/queries/privacy.sql": ("jarvis_pipeline",),
    "warehouse/queries/quality.sql": ("jarvis_pipeline",),
    "warehouse/queries/retention.sql": ("jarvis_pipeline",),
    "warehouse/queries/reports.sql": ("jarvis_pipeline",),
    "warehouse/queries/report_reading.sql": ("jarvis_dashboard",),
    "warehouse/queries/requests.sql": ("jarvis_gateway",),
    "warehouse/queries/search.sql": ("jarvis_dashboard",),
    "warehouse/queries/sessions.sql": ("jarvis_gateway",),
    "warehouse/queries/identity_providers.sql": ("jarvis_dashboard",),
    "warehouse/queries/sign_in.sql": ("jarvis_dashboard",),
    "warehouse/queries/team.sql": ("jarvis_dashboard",),
    "warehouse/queries/words.sql": ("jarvis_pipeline",),
    "warehouse/queries/voice.sql": ("jarvis_gateway",),
    "warehouse/queries/operator_accounts.sql": ("jarvis_pipeline",),
    "dashboards/queries/alerts.sql": ("jarvis_dashboard",),
    "dashboards/queries/clients.sql": ("jarvis_dashboard",),
    "dashboards/queries/incidents.sql": ("jarvis_dashboard",),
    "dashboards/queries/context.sql": ("jarvis_dashboard",),
    "dashboards/queries/conversations.sql": ("jarvis_dashboard",),
    "dashboards/queries/costs.sql": ("jarvis_dashboard",),
    "dashboards/queries/supervision.sql": ("jarvis_dashboard",),
    "dashboards/queries/kiosks.sql": ("jarvis_dashboard",),
    "dashboards/queries/journal.sql": ("jarvis_dashboard",),
    "dashboards/queries/members.sql": ("jarvis_dashboard",),
    "dashboards/queries/recommendations.sql": ("jarvis_dashboard",),
}

# Commands that Postgres has no plan for: they are run, and taken back.
UTILITY = re.compile(r"^listen\b")

_PARAMETER = re.compile(r"%\((\w+)\)s")

BLOCKS = [
    pytest.param(path, name, id=f"{path.relative_to(REPOSITORY)}:{name}")
    for path in FILES
    for name in read_blocks(path)
]


def statement_of(path: Path, name: str) -> str:
    """A block without its comment lines."""
    lines = [line for line in read_blocks(path)[name].splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().removesuffix(";")


def with_numbers(statement: str) -> LiteralString:
    """The statement as the server gets it: `%(name)s` is $1, the same name the same number, and `%%` is %."""
    numbers: dict[str, int] = {}
    numbered = _PARAMETER.sub(lambda match: f"${numbers.setdefault(match[1], len(numbers) + 1)}", statement)
    return cast(LiteralString, numbered.replace("%%", "%"))


@pytest.fixture(scope="module")
def migrated(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection]:
    """The superuser's connection, from which each role is taken."""
    home = tmp_path_factory.mktemp("queries")
    with (
        cloned_database(server_settings, template_database, home) as database,
        database.admin() as admin,
    ):
        yield admin


def plans_as(connection: psycopg.Connection, role: str, statement: str) -> psycopg.Error | None:
    """None when the statement has a plan and the role may run it, else what Postgres says."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("select set_config('role', %s, true)", [role])
            # The plan is for any value of each $n; making it checks the role's grants too.
            prefix = "" if UTILITY.match(statement) else "explain (generic_plan) "
            connection.execute((prefix + with_numbers(statement)).encode())
    except psycopg.Error as error:
        return error
    return None


@pytest.mark.parametrize(("path", "name"), BLOCKS)
def test_a_block_plans_for_its_door(migrated: psycopg.Connection, path: Path, name: str) -> None:
    """Tables, columns, types and grants are there: a typo or a missing grant fails here and not at night."""
    roles = ROLES_OF_FILE.get(str(path.relative_to(REPOSITORY)), ())
    assert roles, f"{path.name}: found no login, expected one in ROLES_OF_FILE"
    statement = statement_of(path, name)
    problems = [plans_as(migrated, role, statement) for role in roles]
    assert None in problems, f"{name}: {problems}"


@pytest.mark.parametrize(("path", "name"), BLOCKS)
def test_a_block_says_what_it_does(path: Path, name: str) -> None:
    """A sentence of comment comes first, then one statement."""
    lines = read_blocks(path)[name].splitlines()
    comment = list(takewhile(lambda line: line.startswith("-- "), lines))
    assert comment
    assert comment[-1].endswith(".")
    assert ";" not in statement_of(path, name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_query_file_has_a_login(path: Path) -> None:
    """A new file says here which door runs it, and holds nothing but named blocks."""
    assert ROLES_OF_FILE.get(str(path.relative_to(REPOSITORY)))
    assert read_blocks(path)


def test_every_login_has_its_query_file() -> None:
    """The files are found on disk: a file that went away, or lies where nobody looks, is told here."""
    assert {str(path.relative_to(REPOSITORY)) for path in FILES} == set(ROLES_OF_FILE)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("select nothing_like_it from public.gyms", "does not exist"),
        ("select id from public.user_credentials", "does not exist"),
        ("select password_hash from public.user_credentials", "permission denied"),
        ("update public.gyms set name = %(name)s", "permission denied"),
        ("select id from public.gyms where name = %(id)s::uuid", "operator does not exist"),
    ],
)
def test_a_block_that_cannot_run_is_found(migrated: psycopg.Connection, statement: str, reason: str) -> None:
    """The check can fail: a wrong column, a wrong type, a grant that is not there."""
    error = plans_as(migrated, "jarvis_dashboard", statement)
    assert error is not None
    assert reason in str(error)


def test_parameters_become_numbers() -> None:
    """The same name is the same number, and a doubled percent sign is one."""
    assert with_numbers("a = %(x)s and b %% 2 = %(y)s or c = %(x)s") == "a = $1 and b % 2 = $2 or c = $1"
