"""The marts' pages are written from the built database: every mart is in them, no password is."""

from urllib.parse import urlsplit

from dagster import ExecuteInProcessResult

from jarvis.documentation import Site, folder_of
from orchestration.schedules.documentation import write_marts_pages
from tests.conftest import Database


def test_every_mart_is_in_the_pages_and_no_password(simulated: Database, built: ExecuteInProcessResult) -> None:
    """One file, whole, in the folder that the dashboards serve, with the columns that the database has."""
    assert built.success
    page = write_marts_pages(simulated.settings)
    text = page.read_text("utf-8")
    assert page == folder_of(simulated.settings.home, Site.MARTS) / "index.html"
    assert sorted(path.name for path in page.parent.iterdir()) == ["entities.svg", "index.html", "lineage.svg"]
    assert "entities.svg" in text and "lineage.svg" in text
    with simulated.admin() as admin:
        marts = [row[0] for row in admin.execute("select tablename from pg_tables where schemaname = 'marts'")]
    assert marts
    assert [mart for mart in marts if f".jarvis.{mart}" not in text] == []
    assert str(urlsplit(simulated.url_for("pipeline")).password) not in text
