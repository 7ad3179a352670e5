"""The pages there are, who is offered each, and the way from one to another.

The menu is a convenience, not a right: every page asks for its permission itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any, cast

import streamlit as st

from dashboards.language import say
from jarvis.tenancy import Permission, Scope

# In an address, the part of a page that is open.
_PART = "partie"


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the menu."""

    module: str
    """Under `app_pages`, by its name: pages link to one another, so nothing here imports them."""
    title: str
    url_path: str
    icon: str
    permission: Permission
    section: str
    unless: Permission | None = None
    """Not offered to whoever has this one: they have a page that shows more."""

    @property
    def place(self) -> Callable[[], None]:
        """What places the page."""
        return cast("Callable[[], None]", import_module(f"dashboards.app_pages.{self.module}").page)


GYM, NETWORK, ADMINISTRATION = "Ma salle", "Réseau", "Administration"

ENTRIES: tuple[Entry, ...] = (
    Entry("manager.today", "Aujourd'hui", "aujourdhui", "today", Permission.SEE_ALERTS, GYM),
    Entry("manager.members", "Adhérents", "adherents", "group", Permission.SEE_MEMBERS, GYM),
    Entry("manager.conversations", "Conversations", "conversations", "forum", Permission.SEE_CONVERSATIONS, GYM),
    Entry("manager.trends", "Analyses", "analyses", "monitoring", Permission.SEE_CONVERSATIONS, GYM),
    Entry(
        "manager.recommendations", "Recommandations", "recommandations", "lightbulb", Permission.SEE_CONVERSATIONS, GYM
    ),
    Entry("manager.alerts", "Alertes", "alertes", "notifications", Permission.SEE_ALERTS, GYM),
    Entry("manager.incidents", "Incidents", "incidents", "build", Permission.SEE_ALERTS, GYM),
    Entry("manager.kiosks", "Bornes", "bornes", "tablet", Permission.SEE_KIOSKS, GYM),
    Entry("franchise.network", "Réseau", "reseau", "hub", Permission.CHOOSE_GYM, NETWORK),
    Entry("franchise.costs", "Coûts", "couts", "payments", Permission.SEE_COSTS, NETWORK),
    Entry("manager.team", "Équipe", "equipe", "badge", Permission.MANAGE_GYMS, GYM, Permission.MANAGE_NETWORK),
    Entry("manager.settings", "Réglages", "reglages", "settings", Permission.SEE_ALERTS, GYM),
    Entry("admin.clients", "Clients", "clients", "domain", Permission.MANAGE_NETWORK, ADMINISTRATION),
    Entry("admin.franchises", "Franchises", "franchises", "store", Permission.MANAGE_NETWORK, ADMINISTRATION),
    Entry("admin.gyms", "Salles", "salles", "fitness_center", Permission.MANAGE_NETWORK, ADMINISTRATION),
    Entry("admin.users", "Utilisateurs", "utilisateurs", "manage_accounts", Permission.MANAGE_NETWORK, ADMINISTRATION),
    Entry("admin.supervision", "Supervision", "supervision", "monitor_heart", Permission.SUPERVISE, ADMINISTRATION),
    Entry("admin.journal", "Journal", "journal", "history", Permission.SEE_AUDIT, ADMINISTRATION),
)


def offered(scope: Scope) -> list[Entry]:
    """The pages of this person's permissions; the first one is where they arrive."""
    return [
        entry for entry in ENTRIES
        if scope.may(entry.permission) and not (entry.unless is not None and scope.may(entry.unless))
    ]  # fmt: skip


def menu(scope: Scope) -> Mapping[str, list[Any]]:
    """The pages this person is offered, as Streamlit's own, by section."""
    entries = offered(scope)
    sections: dict[str, list[Any]] = {}
    for entry in entries:
        sections.setdefault(say(entry.section), []).append(_page(entry, is_default=entry is entries[0]))
    return sections


@contextmanager
def part(parts: Sequence[str]) -> Iterator[str]:
    """The part of a page that is open: the first, or the one that the address names as `partie`; told inside its tab.

    A browser takes most of its time to draw, so a long page reads and draws the part that somebody opened.

    Args:
        parts: French labels.
    """
    asked = st.query_params.get(_PART, parts[0])
    tabs = st.tabs(
        [say(one) for one in parts], default=say(asked) if asked in parts else None, key=_PART, on_change="rerun"
    )
    opened, tab = next((one, tab) for one, tab in zip(parts, tabs, strict=True) if tab.open)
    # The address is written here and not bound: Streamlit refuses to keep an address that a widget holds.
    if opened != asked:
        st.query_params[_PART] = opened
    with tab:
        yield opened


def days(first: date, last: date) -> dict[str, str]:
    """Both days and those between, as an address says them."""
    return {"du": first.isoformat(), "au": last.isoformat()}


def link(url_path: str, label: str, query: Mapping[str, str] | None = None) -> None:
    """A link to another page of the menu, with what it should show."""
    st.page_link(_page(_entry(url_path)), label=label, query_params=dict(query or {}))


def keep_address() -> None:
    """The browser's address is the one this run was asked with.

    Streamlit's link to the page that is open asks it anew and leaves the address as it was: the next run, after a
    form, asked for what stood there before. Where the two are equal already the browser does nothing.
    """
    st.query_params.from_dict({name: st.query_params.get_all(name) for name in st.query_params})


def go(url_path: str, query: Mapping[str, str] | None = None) -> None:
    """The run ends, and another page of the menu begins."""
    st.switch_page(_page(_entry(url_path)), query_params=dict(query or {}))


def follow(picked: Any, rows: Sequence[Mapping[str, Any]], url_path: str, *, named: str, field: str = "id") -> None:
    """Where a line of a table was clicked, the run ends and the page of its row begins.

    Args:
        picked: what `st.dataframe` answered.
        rows: those of the table, in its order.
        named: under which the address gives the row's id to the page.
        field: where the row holds that id.
    """
    if picked.selection.rows:
        go(url_path, {named: str(rows[picked.selection.rows[0]][field])})


def _entry(url_path: str) -> Entry:
    return next(entry for entry in ENTRIES if entry.url_path == url_path)


def _page(entry: Entry, *, is_default: bool = False) -> Any:
    return st.Page(
        entry.place, title=say(entry.title), icon=f":material/{entry.icon}:", url_path=entry.url_path,
        default=is_default,
    )  # fmt: skip
