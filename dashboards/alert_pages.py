"""The pages of the alerts list: which one is shown, where it stands among all, and the way to the others.

The page's session keeps the number, so that the list's own refreshes leave somebody where they read; another choice
of alerts begins at the first page.

Streamlit's row of pages turns only under a person's hand: the browser keeps what they chose, and a number that we set
for it beside its first one is logged as a mistake. So where we decide the page, a new row begins at it.
"""

from dataclasses import dataclass

import streamlit as st

from dashboards import formats
from dashboards.alerts import AlertChoice, AlertPage
from dashboards.language import say

_ROW, _CHOSEN, _TURNED = "alert_pages_row", "paged_choice", "has_turned_page"


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of pages, as long as nobody but the person turns it."""

    place: int
    """Among those of this tab, from 1."""
    first: int
    """The page it began at."""

    @property
    def key(self) -> str:
        """Under which Streamlit keeps it."""
        return f"alert_page-{self.place}"

    @property
    def number(self) -> int:
        """The page it stands at."""
        number: int = st.session_state.get(self.key, self.first)
        return number


# The way to the others stands below the last card, and the next page is read from its first one: so the window, and
# the keyboard with it, goes back to the head of the list. Streamlit has no word for it.
_TURNING_LEADS_TO_THE_HEAD = """<script>
if (!window.turningLeadsToTheHead) {
    window.turningLeadsToTheHead = true;
    document.addEventListener("click", (event) => {
        const head = document.querySelector(".st-key-pages-head");
        if (!head || !event.target.closest("[class*=st-key-alert_page-] button")) return;
        head.setAttribute("tabindex", "-1");
        head.focus({preventScroll: true});
        head.scrollIntoView({block: "center"});
    });
}
</script>"""


def asked(choice: AlertChoice) -> int:
    """The number of the page that is asked for, from 1: the first one where other alerts are chosen than before."""
    if st.session_state.get(_CHOSEN) != choice:
        st.session_state[_CHOSEN] = choice
        _begin_at(1)
    return _row().number


def was_turned() -> bool:
    """True once after somebody turned to another page: reading on is activity, a refresh is none."""
    return bool(st.session_state.pop(_TURNED, False))


def place_head(page: AlertPage) -> None:
    """How many alerts are chosen and which page is shown; nothing where one page holds all."""
    if page.page_count == 1:
        return
    words = say("{count} alertes, page {number} sur {page_count}").format(
        count=formats.number(page.chosen_count), number=page.number, page_count=page.page_count
    )
    with st.container(gap=None, key="pages-head"):
        st.caption(words)
        st.html(_TURNING_LEADS_TO_THE_HEAD, unsafe_allow_javascript=True)


def place_turn(page: AlertPage) -> None:
    """The way to the other pages; nothing where one page holds all."""
    # The number asked for may lie past the alerts that are left: from here on it is the one that is shown.
    if _row().number != page.number:
        _begin_at(page.number)
    if page.page_count > 1:
        st.pagination(
            page.page_count, default=min(_row().first, page.page_count), key=_row().key, on_change=_turn,
            persist_state="page", width="stretch",
        )  # fmt: skip


def _row() -> _Row:
    row: _Row = st.session_state[_ROW]
    return row


def _begin_at(number: int) -> None:
    last: _Row | None = st.session_state.get(_ROW)
    st.session_state[_ROW] = _Row(1 if last is None else last.place + 1, number)


def _turn() -> None:
    st.session_state[_TURNED] = True
