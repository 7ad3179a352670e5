"""Who a script run answers, read anew each time, and what stands ready for the pages.

Streamlit runs a page's script on every click and every refresh, long after the websocket was let
through the gate. So each run, and each refresh of a fragment, asks the database whose session the
cookie still opens: a revoked session or a suspended person sees nothing more.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import NoReturn
from uuid import UUID

import psycopg
import streamlit as st
from psycopg_pool import PoolTimeout

from dashboards import cards, texts_fr
from dashboards.alerts import AlertDesk
from dashboards.conversation_search import ConversationSearch
from dashboards.gate import session_token
from dashboards.gateway_watch import GatewayWatch
from dashboards.invitations import Invitations
from dashboards.language import say
from dashboards.records import Records
from dashboards.report_desk import ReportDesk
from jarvis.logs import place_of
from jarvis.tenancy import Permission, Scope
from warehouse.stores.clients import Clients
from warehouse.stores.sign_in import SessionStore
from warehouse.stores.team import Team

_logger = logging.getLogger(__name__)

# The gym (its id and name) that somebody looks at as its manager does.
SEEN_GYM = "seen-gym"


@dataclass(frozen=True, slots=True)
class Door:
    """What the pages of this process work with."""

    sessions: SessionStore
    alerts: AlertDesk
    records: Records
    conversation_search: ConversationSearch
    reports: ReportDesk
    team: Team
    invitations: Invitations
    clients: Clients
    gateway_address: str
    """Where a kiosk's browser opens its page."""
    gateway: GatewayWatch
    negative_feedback_below: float
    """The mood under which a talk is negative feedback, for the whole network (settings)."""
    tells_operators: bool = True
    """False where no letter about failures can reach anybody (settings)."""


class DoorNotOpen(RuntimeError):
    """A page ran outside the app: start it with `python -m dashboards`."""


_installed: list[Door] = []


def install(door: Door) -> None:
    """Pages run from now on work with this door; called once, by the app's factory."""
    _installed[:] = [door]


def door() -> Door:
    """The door of this process.

    Raises:
        DoorNotOpen: when no app was made, for example under a bare `streamlit run`.
    """
    if not _installed:
        raise DoorNotOpen("found no running app, expected one made by dashboards.app: run python -m dashboards")
    return _installed[0]


def visitor(*, is_activity: bool) -> Scope | None:
    """The person whose session the browser's cookie opens now; None where there is nobody (any more)."""
    token = session_token(st.context.cookies.to_dict())
    return None if token is None else door().sessions.resolve(token, is_activity=is_activity)


def refresh() -> NoReturn:
    """The whole page runs again, and nobody has done anything."""
    st.session_state["is_refresh"] = True
    st.rerun()


def note_run() -> bool:
    """True where this run follows a click, a choice or an arrival, False after a `refresh`; the pages can ask again."""
    has_acted = not st.session_state.pop("is_refresh", False)
    st.session_state["has_acted"] = has_acted
    return has_acted


def has_acted() -> bool:
    """What `note_run` found for this run."""
    return bool(st.session_state.get("has_acted", True))


def current_scope(*, is_activity: bool = True) -> Scope:
    """As `signed_in`, narrowed to the gym they look at as its manager does, where they do."""
    return narrowed(signed_in(is_activity=is_activity))


def narrowed(person: Scope) -> Scope:
    """With the rights of the manager of the gym they look at as its manager does; as they are where they look at none.

    Args:
        person: with all their rights, as `signed_in` answers.
    """
    seen: tuple[UUID, str] | None = st.session_state.get(SEEN_GYM)
    return person if seen is None or not person.may(Permission.CHOOSE_GYM) else person.as_manager_of(*seen)


def signed_in(*, is_activity: bool = True) -> Scope:
    """The person this run answers, with all their rights; the run ends here, with a way back in, for nobody.

    Args:
        is_activity: False for a page's own refresh, which must not keep an empty chair signed in.
    """
    scope = visitor(is_activity=is_activity)
    if scope is None:
        # In the language they read, before it goes with the rest.
        sentence, way_back = say(texts_fr.SIGNED_OUT), cards.way_back_html()
        st.session_state.clear()
        st.warning(sentence, icon=":material/lock:")
        st.html(way_back)
        st.stop()
    # One browser, two people: what the first one typed and chose is not the second one's.
    if st.session_state.get("user_id", scope.user_id) != scope.user_id:
        st.session_state.clear()
    st.session_state["user_id"] = scope.user_id
    return scope


def require(permission: Permission, *, is_activity: bool = True) -> Scope:
    """The person this run answers, who may do this; the run ends here for anybody else."""
    scope = current_scope(is_activity=is_activity)
    if not scope.may(permission):
        st.info(say(texts_fr.NO_PAGE), icon=":material/block:")
        st.stop()
    return scope


def asked_id(name: str) -> UUID | None:
    """The id that the page's address gives under this name; None where it gives none, or something else."""
    try:
        return UUID(st.query_params.get(name, ""))
    except ValueError:
        return None


def asked_date(name: str) -> date | None:
    """The day that the page's address gives under this name; None where it gives none, or something else."""
    try:
        return date.fromisoformat(st.query_params.get(name, ""))
    except ValueError:
        return None


@contextmanager
def apology() -> Iterator[None]:
    """A failure inside becomes one French sentence; the log gets its kind and place, never its values."""
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        _logger.error("question took too long", extra={"place": place_of(error)})
        st.error(say(texts_fr.TOO_SLOW), icon=":material/hourglass_disabled:")
    except (psycopg.OperationalError, PoolTimeout) as error:
        _logger.error("database unreachable", extra={"error": type(error).__name__})
        st.error(say(texts_fr.UNREACHABLE), icon=":material/cloud_off:")
    except Exception as error:
        # The last resort (ASVS 16.5.4): a message could quote a member, so only its type and line are kept.
        _logger.error("page failed", extra={"error": type(error).__name__, "place": place_of(error)})
        st.error(say(texts_fr.FAILED), icon=":material/error:")
