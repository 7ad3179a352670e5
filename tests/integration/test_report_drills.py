"""A weekly report's figures beside the rows that their links lead to: the pages are run there, and counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from dagster import ExecuteInProcessResult
from streamlit.testing.v1 import AppTest

from dashboards import access, navigation, report_file
from dashboards.alert_desk import DatabaseAlertDesk
from dashboards.alerts import AlertChoice, AlertPage
from dashboards.app_pages.manager import trends
from dashboards.conversation_list import MOST_SHOWN
from dashboards.records import Records, Row
from dashboards.report_desk import ReportDesk
from jarvis.reports import ReportKind
from jarvis.tenancy import Scope, UserRole
from orchestration import reports
from tests.conftest import Database
from tests.support.built_marts import NOW
from warehouse.people import Database as Pool

# The Tuesday after the simulated network's last day.
READ_AT = NOW + timedelta(days=2, hours=-6)


class Watching:
    """The pages' own ways to the database, and what they answered last: rows by question, alerts by their number."""

    def __init__(self, pool: Pool) -> None:
        self._records, self._alerts = Records(pool), DatabaseAlertDesk(pool)
        self.answered: dict[str, Sequence[Row]] = {}
        self.alert_count = -1

    def rows(self, scope: Scope, question: str, **values: Any) -> Sequence[Row]:
        self.answered[question] = self._records.rows(scope, question, **values)
        return self.answered[question]

    def row(self, scope: Scope, question: str, **values: Any) -> Row | None:
        found = self.rows(scope, question, **values)
        return found[0] if found else None

    def alerts(self, scope: Scope, choice: AlertChoice, **more: Any) -> AlertPage:
        found = self._alerts.alerts(scope, choice, **more)
        self.alert_count = found.chosen_count
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._alerts, name)


class ReadThen(datetime):
    """The moment at which the report is read."""

    @classmethod
    def now(cls, tz: Any = None) -> "datetime":  # type: ignore[override]
        return READ_AT


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    import streamlit

    from dashboards import navigation

    walked = streamlit.session_state["walked"]
    next(entry for entry in navigation.ENTRIES if entry.url_path == walked).place()


@pytest.fixture(scope="module")
def pool(simulated: Database, built: ExecuteInProcessResult) -> Iterator[Pool]:
    """The pages' connections, and the network's weekly reports published."""
    assert built.success
    with simulated.connect("pipeline") as pipeline:
        reports.write_reports(pipeline, ReportKind.WEEKLY, now=READ_AT)
    with closing(Pool(simulated.settings.database_url_for("dashboard"))) as opened:
        opened.open()
        yield opened
    with simulated.admin() as admin:
        admin.execute("delete from insights_reports")


@pytest.fixture
def rows_at(
    pool: Pool, scope_of: Callable[[UserRole], Scope], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Mapping[str, str]], Watching]:
    """What a page asked and was answered when the gym's manager opened it at an address."""
    scope = scope_of(UserRole.GYM_MANAGER)

    def opened(url_path: str, query: Mapping[str, str]) -> Watching:
        watching = Watching(pool)
        door = SimpleNamespace(records=watching, alerts=watching, conversation_search=None)
        for name in ("require", "current_scope"):
            monkeypatch.setattr(access, name, lambda *_, **__: scope)
        monkeypatch.setattr(access, "door", lambda: door)
        # A link needs a running app's menu; the browser tests follow it.
        monkeypatch.setattr(navigation, "link", lambda *_: None)
        monkeypatch.setattr(trends, "datetime", ReadThen)
        page = AppTest.from_function(script, default_timeout=60)
        page.session_state["walked"] = url_path
        for name, value in query.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception, page.exception
        return watching

    return opened


@pytest.fixture
def report(pool: Pool, simulated: Database, scope_of: Callable[[UserRole], Scope]) -> Any:
    """The weekly report of the manager's gym, as they read it."""
    scope = scope_of(UserRole.GYM_MANAGER)
    with simulated.admin() as admin:
        row = admin.execute("select id from insights_reports where gym_id = %s", [scope.gym_id]).fetchone()
    assert row is not None
    read = ReportDesk(pool, link="").read(scope, row[0])
    assert read is not None
    return read.report


def counted(watching: Watching, url_path: str, *, first: date, last: date) -> int:
    """How many rows the page shows, or leads on to, of those days."""
    if url_path == "conversations":
        shown = len(watching.answered["conversations.listing"])
        if shown <= MOST_SHOWN:
            return shown
        [row] = watching.answered["conversations.listing_count"]
        return int(row["chosen_count"])
    if url_path == "alertes":
        return watching.alert_count
    if url_path == "adherents":
        return len(watching.answered["members.listing"])
    days = watching.answered["marts_trends.days"]
    return sum(row["visit_count"] for row in days if first <= row["local_date"] <= last)


def test_every_figure_s_link_leads_to_as_many_rows(rows_at: Callable[..., Watching], report: Any) -> None:
    """Conversations, the negative ones, visits and new alerts of the week, one by one."""
    first, last = (date.fromisoformat(report.metrics["period"][end]) for end in ("first", "last"))
    figures = report.metrics["figures"]
    ways = report_file.figure_ways(report)
    found = {
        name: counted(rows_at(url_path, query), url_path, first=first, last=last)
        for name, (url_path, _, query) in ways.items()
    }
    assert found == {name: figures[name]["now"] for name in ways}
    assert all(found.values()), "a figure of nothing would be equal to any link that finds nothing"


def test_every_finding_s_link_leads_to_what_it_was_counted_over(rows_at: Callable[..., Watching], report: Any) -> None:
    """A topic's conversations, the members at risk; a conversation that is named opens as that conversation."""
    first, last = (date.fromisoformat(report.metrics["period"][end]) for end in ("first", "last"))
    kinds = set()
    for insight in report.insights:
        for url_path, _, query in report_file.ways(insight, report):
            if "conversation" in query:
                [row] = rows_at(url_path, query).answered["conversations.conversation"]
                assert row["id"] == UUID(query["conversation"])
                continue
            kinds.add(insight["kind"])
            found = counted(rows_at(url_path, query), url_path, first=first, last=last)
            assert found == insight["evidence_count"], insight
    assert len(kinds) > 1, kinds
