"""« Conversations » run by Streamlit's own test harness, with rows in memory: list, conversation, correction."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, conversation_list, texts_fr
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords, press, words

AT = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
TALK = UUID(int=9)


def a_talk(**changes: object) -> dict[str, object]:
    return {
        "id": TALK, "member_id": UUID(int=7), "first_name": "Zélda", "last_name": "Roux", "email": "z@example.org",
        "phone": None, "started_at": AT, "ended_at": AT, "duration_seconds": 125.0, "close_reason": "member_left",
        "language": "fr", "model": "gpt-realtime-2.1-mini", "has_analysis_consent": True, "storage_level": "all",
        "voice_cost_usd": 0.01, "gym_name": "Salle de Dax", "timezone": "Europe/Paris", "kiosk_name": "Borne 1",
        "analysis_status": "completed", "summary_text": "L'adhérent se plaint.", "sentiment_label": "negative",
        "sentiment_score": -0.8, "emotion": "anger", "topics": ["showers_lockers"], "intents": ["complain"],
        "outcome": "unsolved", "tier": "local", "engine": "local", "engine_version": "3", "analysis_cost_usd": 0,
        "reading_rank": None, "reading_count": None, "unfounded_claims": {},
        **changes,
    }  # fmt: skip


def a_turn(role: str, text: str, **changes: object) -> dict[str, object]:
    return {
        "id": uuid4(), "role": role, "text": text, "started_at": AT, "sentiment_score": None, "sentiment_label": None,
        "emotion": None, "answer_seconds": None, **changes,
    }  # fmt: skip


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import conversations

    conversations.page()


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords(
        {
            "conversations.listing": [a_talk()],
            "conversations.conversation": [a_talk()],
            "conversations.turns": [
                a_turn(
                    "member",
                    "Je suis Zélda Roux, la douche est froide.",
                    sentiment_label="negative",
                    sentiment_score=-0.8,
                ),
                a_turn("assistant", "Je préviens l'équipe.", answer_seconds=1.3),
                a_turn("member", "<script>merci</script>", sentiment_label="positive", sentiment_score=0.6),
            ],
            "conversations.tool_calls": [
                {"name": "report_issue", "status": "succeeded", "started_at": AT, "seconds": 0.1}
            ],
            "conversations.note_unmasking": [{"is_noted": True}],
            "corrections.correct_label": [{"correction_id": 4}],
        }
    )


@pytest.fixture(params=[UserRole.GYM_MANAGER])
def scope(request: pytest.FixtureRequest) -> Scope:
    gym_id = UUID(int=1) if request.param in (UserRole.GYM_MANAGER, UserRole.GYM_STAFF) else None
    return Scope(user_id=uuid4(), role=request.param, full_name="Camille Durand", gym_id=gym_id)


@pytest.fixture
def page(records: MemoryRecords, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page, not run yet; the search finds one conversation for any words."""
    search = SimpleNamespace(find=lambda _scope, gym_id, words: [TALK])
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records, conversation_search=search))
    # A link needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
    yield AppTest.from_function(script, default_timeout=60)


def test_the_list_names_nobody(page: AppTest) -> None:
    """What was said and how it ended, and not who said it."""
    page.run()
    assert not page.exception
    frame = page.dataframe[0].value
    assert list(frame.loc[0, ["sentiment", "topics", "outcome", "duration"]]) == [
        "Négatif", "Douches et casiers", "Non résolue", "2\u00a0min\u00a005",
    ]  # fmt: skip
    assert not {"member", "first_name", "last_name"} & set(frame.columns)


def test_words_are_searched_in_the_gym_and_filters_asked(page: AppTest, records: MemoryRecords) -> None:
    """The search gives the ids, the filters narrow them."""
    page.run()
    page.text_input[0].set_value("douche froide")
    page.multiselect[0].set_value(["negative"])
    page.run()
    asked = records.last("conversations.listing")
    assert (asked["found"], asked["sentiments"], asked["most"]) == (
        [TALK],
        ["negative"],
        conversation_list.MOST_SHOWN + 1,
    )


def test_a_long_list_says_how_many_there_are_and_exports_them_all(
    page: AppTest, records: MemoryRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred lines of how many, with the same filters; the file asks for every one, when it is pressed."""
    read: list[Callable[[], object]] = []
    monkeypatch.setattr("dashboards.exports.place_later", lambda rows, *_, **__: read.append(rows))
    records.answers["conversations.listing"] = [a_talk(id=uuid4()) for _ in range(conversation_list.MOST_SHOWN + 1)]
    records.answers["conversations.listing_count"] = [{"chosen_count": 4321}]
    page.run()
    assert any("100 conversations affichées sur 4\u202f321" in found.value for found in page.caption)
    page.multiselect[0].set_value(["negative"])
    page.run()
    assert records.last("conversations.listing_count")["sentiments"] == ["negative"]
    read[-1]()
    asked = records.last("conversations.listing")
    assert (asked["most"], asked["sentiments"]) == (None, ["negative"])


def test_an_estimate_is_an_order_to_read_in_and_no_rating(page: AppTest, records: MemoryRecords) -> None:
    """A furious complaint is never « 62 sur 100 »; what the order, the wait and the cost mean stands beside them."""
    records.answers["conversations.conversation"] = [a_talk(reading_rank=3, reading_count=85)]
    page.query_params["conversation"] = str(TALK)
    page.run()
    assert not page.exception
    assert "3 sur 85, la moins contente d&#x27;abord" in words(page)
    assert "sur 100" not in words(page)
    told = " ".join(found.value for found in page.markdown)
    for part in ("pas une note", "la médiane des réponses", "la facture de la voix"):
        assert part in told


def test_what_a_search_found_stands_best_first(
    page: AppTest, records: MemoryRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database gives the latest first, of the person's own gym; the list keeps the order of the search."""
    best = UUID(int=10)
    search = SimpleNamespace(find=lambda *_: [best, TALK])
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records, conversation_search=search))
    records.answers["conversations.listing"] = [a_talk(), a_talk(id=best, summary_text="La meilleure.")]
    page.run()
    assert list(page.dataframe[0].value["summary"]) == ["L'adhérent se plaint.", "La meilleure."]
    page.text_input[0].set_value("douche froide").run()
    assert list(page.dataframe[0].value["summary"]) == ["La meilleure.", "L'adhérent se plaint."]
    assert records.last("conversations.listing")["gym_id"] == UUID(int=1)


@pytest.mark.parametrize("scope", [UserRole.FRANCHISE_OWNER], indirect=True)
def test_an_owner_is_asked_which_gym_to_search(page: AppTest, records: MemoryRecords) -> None:
    """The search is one gym's: several are told so instead of being searched by halves."""
    page.run()
    records.asked.clear()
    page.text_input[0].set_value("douche froide").run()
    assert [found.value for found in page.info] == [
        "Choisissez une salle à gauche pour chercher dans ses conversations."
    ]
    assert records.asked == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"analysis_status": "pending", "summary_text": None}, texts_fr.ANALYSIS_STATES["pending"]),
        ({"has_analysis_consent": False, "analysis_status": None, "summary_text": None}, texts_fr.NO_CONSENT),
    ],
)
def test_a_conversation_without_analysis_says_why(changes: dict[str, object], expected: str) -> None:
    """Not yet, or never."""
    assert conversation_list.line(a_talk(**changes))["summary"] == expected


def test_names_are_masked_until_somebody_asks_on_record(page: AppTest, records: MemoryRecords) -> None:
    """Neither the heading nor the words name the member; a click shows them, and the trail holds it."""
    page.query_params["conversation"] = str(TALK)
    page.run()
    assert not page.exception
    assert "Roux" not in words(page)
    assert texts_fr.MASKED_MEMBER in words(page)
    assert "<script>" not in words(page)
    assert "conversations.note_unmasking" not in [question for question, _ in records.asked]
    press(page, "Afficher les noms")
    assert records.last("conversations.note_unmasking") == {"session_id": TALK}
    assert "Je suis Zélda Roux" in words(page)


def test_names_stay_masked_where_the_trail_refuses(page: AppTest, records: MemoryRecords) -> None:
    """What cannot be put on record is not shown."""
    records.answers["conversations.note_unmasking"] = [{"is_noted": False}]
    page.query_params["conversation"] = str(TALK)
    page.run()
    press(page, "Afficher les noms")
    assert "Roux" not in words(page)


def test_a_correction_is_sent_as_it_was_picked(page: AppTest, records: MemoryRecords) -> None:
    """The field, and every value where it takes several."""
    page.query_params["conversation"] = str(TALK)
    page.run()
    page.selectbox(key="correct-field").set_value("topics").run()
    next(found for found in page.multiselect if found.label == "Valeurs justes").set_value(["billing", "membership"])
    press(page, "Enregistrer")
    assert records.last("corrections.correct_label") == {
        "session_id": TALK, "turn_id": None, "field": "topics", "value": ["billing", "membership"],
    }  # fmt: skip


@pytest.mark.parametrize("scope", [UserRole.GYM_STAFF], indirect=True)
def test_staff_read_and_do_not_correct(page: AppTest) -> None:
    """The form is not offered to whoever the database would refuse."""
    page.query_params["conversation"] = str(TALK)
    page.run()
    assert not page.exception
    assert "Enregistrer" not in [button.label for button in page.button]


def test_a_guessed_address_gives_nothing(page: AppTest, records: MemoryRecords) -> None:
    """A conversation of another gym and one that never was get the same answer."""
    records.answers["conversations.conversation"] = []
    page.query_params["conversation"] = str(uuid4())
    page.run()
    assert [found.value for found in page.warning] == [texts_fr.NO_SUCH_CONVERSATION]


def test_the_day_of_a_conversation_is_the_gyms_own() -> None:
    """Half past midnight in Dax is still the evening before in UTC."""
    talk = a_talk(started_at=datetime(2026, 3, 12, 23, 30, tzinfo=UTC))
    assert conversation_list.line(talk)["at"] == "13/03 0\u00a0h\u00a030"
