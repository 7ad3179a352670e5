"""The scripted brain says something fitting and polite to everything it may hear."""

import json

import pytest

from voice_gateway.standin.brain import CallTool, Say, Situation, ToolResult, decide, detect_intent, first_name
from voice_gateway.standin.ears import known_phrases
from voice_gateway.standin.tool_calls import Tool
from voice_gateway.tools.runner import definitions, toolbox

REPORT = Tool(
    "report_issue",
    {"properties": {"machine": {"type": "string"}, "zone": {"type": "string"}, "problem": {"type": "string"}}},
)
HOURS = Tool(
    "get_opening_hours", {"properties": {"day": {"type": "string", "enum": ["today", "tomorrow", "dimanche"]}}}
)
BOOK = Tool(
    "book_class",
    {
        "properties": {"class_name": {"type": "string"}, "day": {"type": "string"}, "places": {"type": "integer"}},
        "required": ["places"],
    },
)


def called(words: str, *tools: Tool) -> tuple[str, dict[str, object]]:
    decision = decide(Situation(member_words=words, has_spoken=True, tools=tools))
    assert isinstance(decision, CallTool)
    return decision.name, json.loads(decision.arguments)


@pytest.mark.parametrize("phrase", known_phrases())
def test_every_known_phrase_has_an_intent(phrase: str) -> None:
    """The ears understand nothing the brain does not."""
    assert detect_intent(phrase) is not None


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("Le tapis numéro quatre est en panne et personne ne s'en occupe", "equipment"),
        ("Les douches sont sales, c'est inadmissible", "cleanliness"),
        ("l'eau des DOUCHES est froide", "showers_lockers"),
        ("Vous êtes ouverts le dimanche ?", "ask_hours"),
        ("Je voudrais réserver un cours de yoga", "book_class"),
        ("annuler ma réservation", "cancel_booking"),
        ("Je veux résilier", "cancel_membership"),
        ("Je me suis fait mal au dos", "injury"),
        ("Bravo, salle géniale", "praise"),
        ("Au revoir", "goodbye"),
        ("Bonjour, ma facture est fausse", "billing"),
    ],
)
def test_intents(words: str, intent: str) -> None:
    """Accents, case and inflection do not matter; what is wanted weighs more than the greeting before it."""
    found = detect_intent(words)
    assert found is not None
    assert found.name == intent


@pytest.mark.parametrize("words", ["Le carburateur de ma mobylette", "zzz", ""])
def test_the_unknown_has_no_intent_but_an_answer(words: str) -> None:
    """Nothing matches, and the answer is still a polite sentence."""
    assert detect_intent(words) is None
    decision = decide(Situation(member_words=words, has_spoken=True))
    assert isinstance(decision, Say)
    assert len(decision.text) > 20


@pytest.mark.parametrize(
    ("instructions", "name"),
    [
        ("Tu parles à un adhérent. L'adhérent s'appelle Léa : salue-le.", "Léa"),
        ("Prénom du membre : Jean-Luc", "Jean-Luc"),
        ("first_name: Zoé", "Zoé"),
        ("Tu parles à un adhérent debout. Salue sans prénom. Réponds.", None),
        ("", None),
    ],
)
def test_first_name(instructions: str, name: str | None) -> None:
    """Found where a name is given, never made up."""
    assert first_name(instructions) == name


def test_answers_vary_with_the_turn() -> None:
    """The same words twice do not get the same sentence twice, but the same turn always does."""
    first, second, again = (
        decide(Situation(member_words="C'est sale", has_spoken=True, answer_count=count)) for count in (0, 1, 0)
    )
    assert first != second
    assert first == again


def test_the_machine_and_its_number_are_reported() -> None:
    """« tapis numéro quatre » is the machine, the words are the problem."""
    words = "Le tapis numéro quatre est en panne et personne ne s'en occupe."
    assert called(words, HOURS, REPORT) == ("report_issue", {"machine": "tapis 4", "zone": "salle", "problem": words})


def test_the_place_is_reported() -> None:
    """A report without a machine names its zone."""
    name, arguments = called("Les douches sont sales, c'est inadmissible.", REPORT)
    assert (name, arguments["zone"]) == ("report_issue", "douche")
    assert "machine" not in arguments


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("Êtes-vous ouverts demain ?", {"day": "tomorrow"}),
        ("Est-ce que la salle est ouverte le dimanche ?", {"day": "dimanche"}),
        ("Quels sont vos horaires ?", {}),
    ],
)
def test_closed_choices_are_respected(words: str, arguments: dict[str, object]) -> None:
    """A property with an enum gets one of its values or nothing."""
    assert called(words, HOURS) == ("get_opening_hours", arguments)


def test_required_arguments_are_never_missing() -> None:
    """A required number nobody said is still a number."""
    assert called("Je voudrais réserver le cours de pilates de mardi.", BOOK) == (
        "book_class",
        {"class_name": "pilates", "day": "mardi", "places": 0},
    )


def test_a_tool_that_does_not_serve_is_not_called() -> None:
    """Praise with a reporting tool at hand is answered in words."""
    assert isinstance(decide(Situation(member_words="J'adore cette salle", has_spoken=True, tools=(REPORT,))), Say)


@pytest.mark.parametrize(
    ("tool", "output", "said"),
    [
        ("get_opening_hours", '{"ok": true, "message": "Ouvert de 6:00 à 23:00."}', "Ouvert de 6:00 à 23:00."),
        ("get_opening_hours", '{"hours": {"monday": "06:00-23:00"}}', "lundi, 06:00 à 23:00"),
        ("book_class", '{"ok": true}', "réservé"),
        ("report_issue", '{"ok": true}', "transmis"),
        ("anything", "une réponse libre", "une réponse libre"),
        ("report_issue", '{"ok": false, "error": "trace"}', "parler à l'accueil"),
        ("report_issue", '{"error": "boom"}', "parler à l'accueil"),
        ("some_tool", '{"ok": true, "places": 3}', "places : 3"),
        ("some_tool", "[]", "C'est fait."),
    ],
)
def test_tool_results_are_told(tool: str, output: str, said: str) -> None:
    """A result becomes a sentence; a failure becomes advice, never an error read aloud, nor a promise nobody keeps."""
    decision = decide(Situation(has_spoken=True, tool_result=ToolResult(name=tool, output=output)))
    assert isinstance(decision, Say)
    assert said in decision.text


TOOLBOX = tuple(Tool(one["name"], one["parameters"]) for one in definitions(toolbox()))


@pytest.mark.parametrize(
    ("words", "tool", "arguments"),
    [
        ("Quels sont vos horaires ?", "get_opening_hours", {}),
        ("Quel est le programme des cours collectifs cette semaine ?", "get_class_schedule", {}),
        ("Je voudrais réserver le cours de pilates de mardi.", "book_class", {"course": "pilates", "day": "mardi"}),
        ("Il faut annuler ma réservation de demain.", "cancel_booking", {"day": "tomorrow"}),
        ("Quand est la fin de mon abonnement ?", "get_member_profile", {}),
        ("Je veux venir trois fois par semaine.", "set_goal", {"kind": "other", "target_count": 3}),
        ("Où en sont mes progrès ce mois-ci ?", "get_progress", {}),
        ("Je serai absent pendant trois semaines.", "declare_absence", {}),
        ("Je pars en vacances dix jours.", "declare_absence", {"description": "Je pars en vacances dix jours."}),
        ("Quels exercices me conseilles-tu pour le dos ?", "get_advice", {}),
        ("Que faut-il manger après l'entraînement ?", "get_advice", {}),
        ("J'ai une douleur à l'épaule depuis hier.", "get_advice", {}),
        (
            "Le tapis numéro quatre est en panne et personne ne s'en occupe.",
            "report_issue",
            {"machine": "tapis 4", "topic": "equipment"},
        ),
        ("Le coach Karim est vraiment génial.", "give_feedback", {"kind": "praise"}),
        ("Vous devriez ajouter un cours de danse le mercredi.", "give_feedback", {"kind": "suggestion"}),
        ("L'accueil a été très désagréable avec moi hier.", "give_feedback", {"kind": "complaint"}),
        ("Je voudrais parler à quelqu'un de l'équipe.", "request_human", {"topic": "staff_coaching"}),
        ("Je ne veux plus être analysé.", "set_analysis_consent", {"is_granted": False}),
        ("Finalement j'accepte l'analyse.", "set_analysis_consent", {"is_granted": True}),
        ("Je veux résilier mon abonnement.", "request_human", {"topic": "membership"}),
    ],
)
def test_each_tool_of_the_gateway_is_called_for_fitting_words(
    words: str, tool: str, arguments: dict[str, object]
) -> None:
    """With arguments that its schema asks for, found in the words."""
    name, given = called(words, *TOOLBOX)
    assert name == tool
    assert arguments.items() <= given.items()
    schema = next(one.parameters for one in TOOLBOX if one.name == tool)
    assert set(schema.get("required", ())) <= set(given) <= set(schema["properties"])


def test_what_a_tool_gives_to_be_said_is_said_also_when_it_refuses() -> None:
    """A refusal is heard in the tool's own words, not as a failure."""
    output = '{"ok": false, "reason": "no_badge", "spoken": "Passez votre badge."}'
    decision = decide(Situation(has_spoken=True, tool_result=ToolResult(name="book_class", output=output)))
    assert decision == Say("Passez votre badge.")


def test_a_dictated_sentence_is_said_as_it_is() -> None:
    """What the gateway asks for outside the conversation needs no thought."""
    asked = "Dis exactement, sans rien ajouter : « Un instant, je regarde… »"
    assert decide(Situation(instructions=asked)) == Say("Un instant, je regarde…")
