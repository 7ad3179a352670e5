"""What is asked before somebody's access changes, and how it is carried out: a proof, a confirmation, one sentence.

A change is asked for by a click, which opens one form at a time; what was done is said until the next act.
"""

from collections.abc import Callable
from html import escape
from urllib.parse import quote
from uuid import UUID

import streamlit as st

from dashboards import access, changes
from dashboards.gate import session_token
from dashboards.invitations import Sent
from dashboards.language import say
from dashboards.people import REFUSALS
from warehouse.stores.team import Refusal, TeamRefused

_OPEN, _FOR = "people-open-form", "people-form-for"


def token() -> str:
    """The session token of the browser this run answers; the scope was found by it a moment ago."""
    return session_token(st.context.cookies.to_dict()) or ""


def open_form() -> str | None:
    """The form that is open: a step's name."""
    found = st.session_state.get(_OPEN)
    return found if isinstance(found, str) else None


def ask(step: str | None) -> None:
    """The form of this step is open, and no other; None closes it."""
    if step is None:
        st.session_state.pop(_OPEN, None)
    else:
        st.session_state[_OPEN] = step


def close_when_elsewhere(person_id: UUID | None) -> None:
    """A form that was open for somebody else, or for the list, is closed."""
    if st.session_state.get(_FOR, person_id) != person_id:
        ask(None)
    st.session_state[_FOR] = person_id


def must_prove(url_path: str, *, person_id: UUID | None = None) -> bool:
    """True where who asks must prove who they are first; the way there and back is placed."""
    if access.door().team.is_proven(token()):
        return False
    back = f"/{url_path}" + ("" if person_id is None else f"?personne={person_id}")
    st.info(
        say("Pour changer l'accès de quelqu'un, confirmez d'abord votre identité. Cela vaut dix minutes."),
        icon=":material/verified_user:",
    )
    with st.container(horizontal=True, gap="small"):
        # In the same window: the cookie is a new one afterwards, and this page would go on with the one before.
        st.html(
            f'<a class="j-button" href="/compte/confirmer?next={escape(quote(back))}" target="_self">'
            f"{escape(say('Confirmer mon identité'))}</a>",
            width="content",
        )
        st.button(say("Annuler"), key="people-cancel-proof", type="tertiary", on_click=ask, args=(None,))
    return True


def is_sure(label: str, *, key: str) -> bool:
    """True once the button that does it was clicked; beside it stands the one that closes the form."""
    with st.container(horizontal=True, gap="small"):
        is_clicked = st.button(label, key=key, type="primary")
        st.button(say("Annuler"), key=f"{key}-cancel", type="tertiary", on_click=ask, args=(None,))
    return is_clicked


def carry_out(work: Callable[[], object], *, done: str) -> None:
    """The change is made and said, or why it was not; the form is closed, and the page runs again.

    Args:
        done: the sentence, in the reader's language.
    """
    try:
        work()
    except TeamRefused as refused:
        tell_refusal(refused.reason)
        if refused.reason is Refusal.NOT_PROVEN:
            # The form stays: it says where to prove it.
            st.rerun()
    else:
        changes.tell(done, is_done=True)
    ask(None)
    st.rerun()


def carry_out_sending(send: Callable[[], Sent]) -> None:
    """As `carry_out`, for an invitation: the page says whether the letter went."""
    try:
        sent = send()
    except TeamRefused as refused:
        tell_refusal(refused.reason)
    else:
        _tell_sent(sent)
        ask(None)
    st.rerun()


def tell_refusal(reason: Refusal) -> None:
    """The next run says why nothing changed."""
    changes.tell(say(REFUSALS[reason]), is_done=False)


def _tell_sent(sent: Sent) -> None:
    """The next run says that the invitation went, or shows the link that nothing could carry."""
    if sent.link is None:
        changes.tell(say("Invitation envoyée à {email}.").format(email=sent.email), is_done=True)
    else:
        changes.tell(
            say("L'invitation est prête, mais aucun e-mail n'a pu partir : transmettez ce lien à {email} vous-même.")
            .format(email=sent.email),
            is_done=False, link=sent.link,
        )  # fmt: skip
