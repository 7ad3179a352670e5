"""Reports read in full, and as a PDF, in the rights of whoever reads them."""

from typing import cast
from uuid import UUID

from psycopg import Connection

from dashboards.cards import masked
from jarvis.report_pdf import render_pdf
from jarvis.reports import ReadReport
from jarvis.tenancy import Scope
from warehouse.people import Database
from warehouse.stores import report_reading


class ReportGone(LookupError):
    """Whoever asked for a report's pages does not see it (any more)."""


class ReportDesk:
    """The reports of Postgres, as the person of the scope may see them."""

    def __init__(self, database: Database, *, link: str) -> None:
        """Reads through this database.

        Args:
            link: where JARVIS is opened; the evidence in a PDF leads there.
        """
        self._database = database
        self._link = link

    def read(self, scope: Scope, report_id: UUID) -> ReadReport | None:
        """The report with the members to call; a draft for whoever may publish it; None where they see none."""
        with self._database.person(scope) as people:
            return report_reading.read(cast(Connection, people), report_id, masked=masked, shows_drafts=True)

    def pdf(self, scope: Scope, report_id: UUID) -> bytes:
        """The report's pages, read anew: a right that ended since the page was placed has ended here.

        Raises:
            ReportGone: when the person sees no such report.
        """
        read = self.read(scope, report_id)
        if read is None:
            raise ReportGone("found no such report for this person, expected one they see: open the list again")
        return render_pdf(read, link=self._link)
