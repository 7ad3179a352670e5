"""Public sets become the engine's own records, and our label recipe fits any of them."""

import json
from pathlib import Path

import pytest

from jarvis.conversations import Role
from ml.conversations import evaluate
from ml.conversations.public_sets import rated_dialogues, support_chats


def test_a_support_chat_failed_when_the_task_did_or_the_customer_left(tmp_path: Path) -> None:
    """Success 2 or a drop-out is a failure, an unjudged chat is not; lines of one speaker are one turn."""
    folder, gym = tmp_path / "dialogues_emotion_maia_dqe", tmp_path / "dialogues_pt_gym_support_wmt22"
    folder.mkdir()
    gym.mkdir()
    (folder / "dialogue_labels.csv").write_text(
        "dialogue_id,dropped_conversation,task_success\na,0,2\nb,1,5\nc,0,5\nd,-1,-1\n", encoding="utf-8"
    )
    turns = [
        {"floor": "inbound", "text_mt": ["Hello.", "It fails."], "text_src": ["Olá.", "Falha."]},
        {"floor": "outbound", "text_mt": ["Lamento."], "text_src": ["I am sorry."]},
        {"floor": "outbound", "text_mt": ["Tente."], "text_src": ["Try again."]},
    ]
    chats = [{"id": each, "turns": turns} for each in "abcd"]
    (folder / "pt_client_01.json").write_text(json.dumps(chats), encoding="utf-8")
    row = {"dialogue_id": "a", "turns": [{"role": "customer", "text_en": "Hi", "text_pt": "Oi"}]}
    (gym / "dialogues.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    read = support_chats(tmp_path)
    assert [(chat.source, chat.is_failed) for chat in read] == [
        ("maia_en", True),
        ("maia_en", True),
        ("maia_en", False),
        ("maia_en", False),
        ("gym_en", True),
        ("gym_pt", True),
    ]
    assert [(turn.role, turn.text) for turn in read[0].conversation.turns] == [
        (Role.MEMBER, "Hello. It fails."),
        (Role.ASSISTANT, "I am sorry. Try again."),
    ]
    assert read[-1].conversation.turns[0].text == "Oi"


def test_a_rated_dialogue_keeps_the_mean_of_its_annotators(tmp_path: Path) -> None:
    """The user is the member, the system the assistant."""
    folder = tmp_path / "dialogues_en_satisfaction_uss"
    folder.mkdir()
    turns = [{"role": "USER", "text": "A table."}, {"role": "SYSTEM", "text": "Booked."}]
    row = {"dialogue_id": "SGD-1", "source": "SGD", "overall_mean": 3.5, "turns": turns}
    (folder / "dialogues.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (dialogue,) = rated_dialogues(tmp_path)
    assert (dialogue.source, dialogue.satisfaction) == ("sgd", 3.5)
    assert [turn.role for turn in dialogue.conversation.turns] == [Role.MEMBER, Role.ASSISTANT]


def test_our_recipe_learns_whatever_labels_it_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two labels of no gym, fitted on one file and judged on another."""
    seen, asked = tmp_path / "seen.csv", tmp_path / "asked.csv"
    rows = [("Où est mon colis ?", "parcel"), ("Le colis est perdu", "parcel"), ("Ma facture est fausse", "bill")]
    rows += [("Je veux ma facture", "bill")]
    seen.write_text("phrase,intent\n" + "\n".join(",".join(row) for row in rows), encoding="utf-8")
    asked.write_text("phrase,intent\nAucune nouvelle du colis,parcel\nUne facture s'il vous plaît,bill\n", "utf-8")
    arguments = ["--fit-on", str(seen), "--judge", str(asked), "--text-column", "phrase", "--label-column", "intent"]
    assert evaluate.main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1.0


def test_a_file_without_the_column_is_refused(tmp_path: Path) -> None:
    """The command names what it did not find and ends with 2."""
    path = tmp_path / "seen.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert evaluate.main(["--fit-on", str(path)]) == 2
