"""How an open page keeps up: one small question every few seconds, and the page again only when the answer changed.

The look is a fragment of its own that places nothing, so what is shown stays as it is while nothing happens. Nobody's
session lives longer because a page looks. `alert_list.py` and `kiosk_wall.py` each watch what they show.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from dashboards import access
from jarvis.tenancy import Scope

State = tuple[Scope, Hashable, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What one page looks at, and how often."""

    name: str
    """Under which the page's session keeps what is shown."""
    seconds: float
    """A change is on the page this soon, and the moment it takes to draw."""
    ask: Callable[[Scope], Hashable]
    """The small question: an answer that differs once anything shown came, changed or went."""

    def place(self) -> None:
        """The open page looks whether it is still true; placed anew by every run."""
        st.session_state[f"is_first_look_at_{self.name}"] = True
        st.fragment(self.look, run_every=self.seconds)()

    def look(self) -> None:
        """The page runs again where the answer, the person's rights or the minute are no longer those it shows."""
        if st.session_state.pop(f"is_first_look_at_{self.name}", False):
            # The page is being placed: there is nothing to compare with.
            return
        with access.apology():
            scope = access.visitor(is_activity=False)
            if scope is None or self.state(scope, now=datetime.now(UTC)) != st.session_state.get(self._shown):
                access.refresh()

    def state(self, scope: Scope, *, now: datetime) -> State:
        """What the page depends on: the person, the answer, and the minute (« il y a 5 min »)."""
        return scope, self.ask(scope), now.replace(second=0, microsecond=0)

    def forget(self) -> None:
        """The page shows no state yet: one that fails to come is asked for at every look."""
        st.session_state.pop(self._shown, None)

    def remember(self, shown: State) -> None:
        """The page shows this state, read before its rows: what changed in between is seen at the next look."""
        st.session_state[self._shown] = shown

    @property
    def _shown(self) -> str:
        return f"shown_{self.name}"
