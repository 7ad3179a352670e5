"""« Conversations »: what members say, found by words and by meaning, and one conversation from end to end."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, conversation_file, conversation_list, navigation
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The list is placed, or the conversation the address names, or the run ended with the reason."""
    scope = access.require(Permission.SEE_CONVERSATIONS, is_activity=False)
    now = datetime.now(UTC)
    session_id = access.asked_id("conversation")
    st.title(say("Conversations"), anchor=False)
    if session_id is None:
        asked = conversation_list.choose(scope, now=now)
        if asked is not None:
            conversation_list.place(scope, asked=asked)
    else:
        navigation.link("conversations", say("Toutes les conversations"))
        conversation_file.place(scope, session_id, now=now)
