"""A change somebody asks for from a page: made under their rights, or refused by the database, and said in a sentence.

What was done is said once, at the top of the next run. Changes to people's access ask for a proof besides:
`people_steps.py`.
"""

from typing import NoReturn

import psycopg
import streamlit as st

from dashboards import access
from dashboards.language import say
from jarvis.tenancy import Scope

NOT_ALLOWED = "Rien n'a changé : ce réglage n'est pas de votre ressort."
GONE = "Rien n'a changé : ce qui devait changer n'existe plus, ou n'est pas dans votre périmètre."
OUT_OF_RANGE = "Rien n'a changé : ces valeurs ou ces jours ne sont pas possibles."
TAKEN = "Rien n'a changé : ce nom est déjà pris."

_TOLD = "change-told"


def carry_out(scope: Scope, question: str, *, done: str, **values: object) -> NoReturn:
    """The change is made and said, or why it was not; the page runs again."""
    try:
        row = access.door().records.row(scope, question, **values)
    except psycopg.errors.InsufficientPrivilege:
        refuse(say(NOT_ALLOWED))
    except (psycopg.errors.CheckViolation, psycopg.errors.NumericValueOutOfRange):
        refuse(say(OUT_OF_RANGE))
    except psycopg.errors.UniqueViolation:
        refuse(say(TAKEN))
    if row is None or not row["answer"]:
        refuse(say(GONE))
    tell(done, is_done=True)
    st.rerun()


def refuse(sentence: str) -> NoReturn:
    """The page runs again and says why nothing changed."""
    tell(sentence, is_done=False)
    st.rerun()


def tell(sentence: str, *, is_done: bool, link: str | None = None) -> None:
    """The next run says what came of it.

    Args:
        link: stands under the sentence, to be copied.
    """
    st.session_state[_TOLD] = (sentence, is_done, link)


def place_told() -> None:
    """What came of the last change, once."""
    told: tuple[str, bool, str | None] | None = st.session_state.pop(_TOLD, None)
    if told is None:
        return
    sentence, is_done, link = told
    if is_done:
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.warning(sentence, icon=":material/info:")
    if link is not None:
        st.code(link, language=None, wrap_lines=True)
