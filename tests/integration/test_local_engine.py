"""The shipped local engine: what it says, what cannot move it, and what poison does to it."""

import json
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from jarvis.conversations import (
    Analysis,
    AnalysisFailure,
    Conversation,
    Emotion,
    Intent,
    Outcome,
    Role,
    Sentiment,
    Topic,
    Turn,
    sentiment_label,
)
from jarvis.evidence import CLAIMED_FIELDS, claim_of, is_said, quotes_in
from ml.conversations import sentences
from ml.conversations.engine import EngineError
from ml.conversations.evaluate import kiosk_figures
from ml.conversations.examples import CORPUS, corpus_conversations, corpus_turns, load_conversations
from ml.conversations.heads import WEIGHTS, load, save
from ml.conversations.local import LocalEngine
from ml.conversations.redaction import redact
from ml.conversations.sentences import EMBEDDING_LENGTH, Vectors, embed
from ml.conversations.train import fit

DATA = Path(os.environ.get("JARVIS_DATA_DIR", Path(__file__).resolve().parents[2].parent / "shared" / "data"))


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    """The engine with the shipped weights."""
    return LocalEngine.load()


def talk(*texts: str, language: str = "fr", names: tuple[str, ...] = ()) -> Conversation:
    """A conversation whose texts alternate, the member first."""
    roles = (Role.MEMBER, Role.ASSISTANT)
    turns = tuple(Turn(f"t{place + 1}", roles[place % 2], text) for place, text in enumerate(texts))
    return Conversation("s1", language, turns, known_of_member=names)


def analysed(engine: LocalEngine, conversation: Conversation) -> Analysis:
    (result,) = engine.analyse([conversation])
    assert isinstance(result, Analysis), result
    return result


COMPLAINT = talk(
    "Le tapis quatre est encore en panne, c'est la troisième fois, j'en ai marre.",
    "Je transmets à l'équipe technique.",
    "Vous dites ça à chaque fois et personne ne fait rien.",
)


def test_a_complaint_is_negative_and_becomes_an_issue_with_its_machine(engine: LocalEngine) -> None:
    """Sentiment, topic, intent, outcome, the issue log and what to do about it, each with its turns."""
    analysis = analysed(engine, COMPLAINT)
    assert analysis.sentiment_label is Sentiment.NEGATIVE
    assert Topic.EQUIPMENT in analysis.key_topics
    assert {Intent.REPORT_ISSUE, Intent.COMPLAIN} <= set(analysis.intents)
    assert analysis.outcome is Outcome.HANDED_OVER
    assert analysis.issues[0].machine == "tapis 4"
    assert any("tapis 4" in item.text and item.owner == "staff" for item in analysis.action_items)


def test_a_machine_is_not_placed_where_another_complaint_was(engine: LocalEngine) -> None:
    """Dirty showers in one turn and a broken treadmill in the next: the treadmill is not in the showers."""
    said = (
        "Les douches sont sales, c'est inadmissible.",
        "C'est noté.",
        "Le tapis numéro quatre est en panne et personne ne s'en occupe.",
        "C'est noté.",
    )
    (issue,) = analysed(engine, talk(*said)).issues
    assert (issue.machine, issue.zone) == ("tapis 4", None)


def test_praise_is_positive_and_asks_nothing_of_the_staff(engine: LocalEngine) -> None:
    """A member who is thankful is not an open task for the floor."""
    analysis = analysed(engine, talk("Merci beaucoup au coach, il est génial, le cours était super !", "Avec plaisir."))
    assert analysis.sentiment_label is Sentiment.POSITIVE
    assert Intent.PRAISE in analysis.intents
    assert all(item.owner != "staff" for item in analysis.action_items)


def test_whoever_is_won_over_leaves_content(engine: LocalEngine) -> None:
    """Anger first, thanks last: the view is that of the end, and the conversation is not one to worry about."""
    won = analysed(
        engine,
        talk(
            "Mon badge est encore bloqué, j'en ai marre !",
            "Je vous ouvre, et votre badge est réactivé.",
            "Oh génial, ça marche maintenant, merci beaucoup, vous êtes super !",
        ),
    )
    lost = analysed(engine, talk("Mon badge est encore bloqué, j'en ai marre !", "Êtes-vous toujours là ?"))
    assert won.sentiment_label is Sentiment.POSITIVE
    assert (won.outcome, lost.outcome) == (Outcome.SOLVED, Outcome.ABANDONED)
    assert won.satisfaction is not None and lost.satisfaction is not None
    assert won.satisfaction > 0.7 > 0.4 > lost.satisfaction


def test_what_stands_alone_may_be_written_for_a_public(engine: LocalEngine) -> None:
    """A review and a tweet are read in their own register, in three languages, without a word of a gym."""
    for text, language, label in (
        ("Un chef-d'œuvre, cette série est magnifique, j'adore.", "fr", Sentiment.POSITIVE),
        ("What a boring film, total waste of time", "en", Sentiment.NEGATIVE),
        ("Qué vergüenza de gobierno, son todos unos mentirosos", "es", Sentiment.NEGATIVE),
    ):
        assert analysed(engine, talk(text, language=language)).sentiment_label is label, text


def test_an_opinion_is_for_or_against_whatever_it_concedes(engine: LocalEngine) -> None:
    """Beside the tweets' head stands one for opinions: a review that begins with praise may end against."""
    for text, label in (
        ("les premiers épisodes m'avaient plu , la suite est d'un ennui terrible , j'ai abandonné", Sentiment.NEGATIVE),
        ("J'avais des doutes sur les acteurs, ils sont formidables et l'histoire est captivante.", Sentiment.POSITIVE),
    ):
        assert analysed(engine, talk(text)).sentiment_label is label, text


def test_a_plain_question_is_neutral(engine: LocalEngine) -> None:
    """Asking for the hours says nothing of the gym."""
    analysis = analysed(engine, talk("Vous fermez à quelle heure ce soir ?", "Le club ferme à 22 h."))
    assert analysis.sentiment_label is Sentiment.NEUTRAL
    assert analysis.emotion is Emotion.NEUTRAL
    assert analysis.intents == (Intent.ASK_HOURS,)
    assert analysis.outcome is Outcome.SOLVED


@pytest.mark.parametrize("words", ["Génial, super, merci, bravo !", "C'est nul, une honte, je suis furieux.", ""])
def test_the_assistants_words_cannot_move_the_sentiment(engine: LocalEngine, words: str) -> None:
    """Whatever the assistant says, sentiment, emotion, intents and the turns' labels stay to the last digit."""
    turns = tuple(turn if turn.role is Role.MEMBER else replace(turn, text=words) for turn in COMPLAINT.turns)
    before, after = analysed(engine, COMPLAINT), analysed(engine, replace(COMPLAINT, turns=turns))
    assert (before.sentiment_score, before.emotion, before.intents, before.turns) == (
        after.sentiment_score,
        after.emotion,
        after.intents,
        after.turns,
    )


def test_every_cited_turn_exists_and_every_label_follows_from_its_score(engine: LocalEngine) -> None:
    """Over our whole corpus: ids, labels, ranges, one turn analysis per member turn, in order."""
    conversations = [example.conversation for example in corpus_conversations()[::4]]
    for conversation, analysis in zip(conversations, engine.analyse(conversations), strict=True):
        assert isinstance(analysis, Analysis)
        known = {turn.turn_id for turn in conversation.turns}
        cited: list[Sequence[str]] = [*analysis.evidence.values()]
        cited += [item.source_turn_ids for item in analysis.action_items]
        cited += [issue.source_turn_ids for issue in analysis.issues]
        assert all(ids and set(ids) <= known for ids in cited)
        claimed = [claim_of("key_topics", topic) for topic in analysis.key_topics]
        claimed += [claim_of("intents", intent) for intent in analysis.intents]
        assert set(analysis.evidence) == {*CLAIMED_FIELDS, *claimed}
        assert all(set(analysis.evidence[one]) <= set(analysis.evidence[one.split(".")[0]]) for one in claimed)
        said = [turn.text for turn in conversation.turns if turn.turn_id in analysis.evidence["summary"]]
        quotes = quotes_in(analysis.summary)
        assert quotes and all(any(is_said(quote, redact(text)) for text in said) for quote in quotes)
        assert analysis.sentiment_label is sentiment_label(analysis.sentiment_score)
        assert all(turn.sentiment_label is sentiment_label(turn.sentiment_score) for turn in analysis.turns)
        assert [turn.turn_id for turn in analysis.turns] == [turn.turn_id for turn in conversation.member_turns]


def test_the_summary_names_nobody(engine: LocalEngine) -> None:
    """Neither the member nor a colleague, a phone or an e-mail; and it is in the conversation's language."""
    text = (
        "C'est Nadège Pélissier, Karim m'a promis un rappel au 06 39 98 71 26 ou à nadege@example.com, toujours rien."
    )
    french = analysed(engine, talk(text, "C'est noté.", names=("Nadège", "Pélissier"))).summary
    for secret in ("Nadège", "Pélissier", "Karim", "06 39", "example.com"):
        assert secret not in french
    assert french.startswith("L'adhérent")
    assert analysed(engine, talk("the showers are cold again", "Noted.", language="en")).summary.startswith(
        "The member"
    )
    assert analysed(engine, talk("las duchas están frías otra vez", "Vale.", language="es")).summary.startswith(
        "El socio"
    )


def test_the_vector_is_normalised_and_close_to_its_like(engine: LocalEngine) -> None:
    """384 numbers of length 1; two cold showers are nearer to each other than to a booking."""
    texts = (
        "l'eau des douches est froide",
        "il n'y a pas d'eau chaude dans les douches",
        "réservez-moi le yoga de mardi",
    )
    first, second, other = (analysed(engine, talk(text)).embedding for text in texts)
    assert len(first) == EMBEDDING_LENGTH
    assert sum(value * value for value in first) == pytest.approx(1, abs=1e-3)

    def nearness(left: Sequence[float], right: Sequence[float]) -> float:
        return sum(a * b for a, b in zip(left, right, strict=True))

    assert nearness(first, second) > nearness(first, other)


def test_a_batch_says_what_each_conversation_alone_would_say(engine: LocalEngine) -> None:
    """Neighbours in a batch change nothing, and the order is kept."""
    batch = [COMPLAINT, talk("Merci !"), talk("on ferme quand")]
    assert engine.analyse(batch) == [engine.analyse([conversation])[0] for conversation in batch]


def test_an_engine_may_remember_vectors_and_says_the_same(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a measurement uses to read the same texts again: every analysis is equal, no vector is made twice."""
    made: list[str] = []

    def counted(texts: Sequence[str]) -> "sentences.Matrix":
        made.extend(texts)
        return embed(texts)

    monkeypatch.setattr(sentences, "embed", counted)
    remembering = replace(engine, vectors_of=Vectors().of)
    assert [remembering.analyse([COMPLAINT]) for _ in range(2)] == [engine.analyse([COMPLAINT])] * 2
    assert len(made) == len(set(made)) > 0


@pytest.mark.parametrize(
    "conversation",
    [
        Conversation("s1", "fr", ()),
        talk(""),
        talk(" \x00\n\t "),
        Conversation("s1", "fr", (Turn("t1", Role.ASSISTANT, "Bonjour !"),)),
    ],
    ids=["no turns", "an empty turn", "only control characters", "only the assistant"],
)
def test_a_conversation_without_the_members_words_is_a_permanent_failure(
    engine: LocalEngine, conversation: Conversation
) -> None:
    """Nothing to judge, nothing invented; its neighbour is analysed."""
    failed, neighbour = engine.analyse([conversation, COMPLAINT])
    assert isinstance(failed, AnalysisFailure)
    assert failed.is_permanent
    assert isinstance(neighbour, Analysis)


@pytest.mark.parametrize(
    "conversation",
    [
        talk("Bof."),
        talk("La douche est froide. " * 460),
        talk("mot" * 3500),
        talk("Le tapis\x00 quatre\x07 est en panne"),
        talk("Merci \ud83d beaucoup \udc00"),
        talk("👍👍👍"),
        talk("Il n'y a plus d'eau", "Ah ?", "", "Oui ?"),
        talk("Die Dusche ist kalt und niemand kümmert sich darum", language="de"),
        talk("シャワーが冷たい", language="日本"),
        talk("ok", language=""),
    ],
    ids=[
        "one word",
        "10k characters",
        "one 10k word",
        "NUL",
        "surrogates",
        "emoji",
        "a silent turn",
        "de",
        "ja",
        "none",
    ],
)
def test_poison_is_analysed_like_anything_else(engine: LocalEngine, conversation: Conversation) -> None:
    """A whole analysis that can be stored: finite scores, a summary within the column, JSON that UTF-8 can carry."""
    analysis = analysed(engine, conversation)
    assert -1 <= analysis.sentiment_score <= 1
    assert 0 < len(analysis.summary) <= 2000
    assert "\x00" not in analysis.summary
    json.dumps([analysis.summary, list(analysis.embedding)], allow_nan=False).encode("utf-8")
    assert len(analysis.turns) == len(conversation.member_turns)


def test_the_engine_opens_no_connection(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member's words go nowhere: with every socket forbidden it analyses all the same."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the local engine opened a socket")

    monkeypatch.setattr(socket, "socket", forbidden)
    assert analysed(LocalEngine.load(), COMPLAINT)


def test_weights_are_small_and_the_same_to_the_byte(tmp_path: Path) -> None:
    """Under 5 MB; loading and saving them again gives the same file."""
    assert WEIGHTS.stat().st_size < 5_000_000
    save(load(), tmp_path / "again.skops")
    assert (tmp_path / "again.skops").read_bytes() == WEIGHTS.read_bytes()


def test_the_same_corpus_gives_the_same_bytes(tmp_path: Path) -> None:
    """Fitted twice, the sentences read anew each time; another corpus gives another file."""
    conversations, turns = corpus_conversations()[::30], corpus_turns()[::60]
    read, anew = Vectors(), Vectors()
    for name, kept, vectors in (
        ("first", conversations, read), ("second", conversations, anew), ("other", conversations[1:], read),
    ):  # fmt: skip
        save(fit(kept, turns, [], vectors=vectors), tmp_path / f"{name}.skops")
    first, second, other = ((tmp_path / f"{name}.skops").read_bytes() for name in ("first", "second", "other"))
    assert first == second
    assert first != other


def test_absent_or_foreign_weights_are_named(tmp_path: Path) -> None:
    """No file, one that is no archive, one with a type we never write, one without a head: each is refused."""
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    with pytest.raises(EngineError, match=r"run python -m ml\.conversations\.train"):
        LocalEngine.load(tmp_path / "absent.skops")
    (tmp_path / "text.skops").write_text("not an archive")
    with pytest.raises(EngineError, match="not weights"):
        LocalEngine.load(tmp_path / "text.skops")
    skops.io.dump({"heads": FunctionTransformer(func=os.system)}, tmp_path / "foreign.skops")
    with pytest.raises(EngineError, match="UntrustedTypes"):
        LocalEngine.load(tmp_path / "foreign.skops")
    heads = load()
    save(
        replace(heads, heads={name: head for name, head in heads.heads.items() if name != "opinion"}),
        tmp_path / "older.skops",
    )
    with pytest.raises(EngineError, match="no head for opinions"):
        LocalEngine.load(tmp_path / "older.skops")


def test_the_corpus_keeps_its_promise() -> None:
    """At least 400 conversations and 1,500 labelled member turns; every topic and intent 40 times in French."""
    conversations, turns = corpus_conversations(), corpus_turns()
    assert len(conversations) >= 400
    assert len(turns) + sum(len(example.turns) for example in conversations) >= 1500
    french = [e for e in conversations if e.conversation.language == "fr"]
    french_turns = [turn for turn in turns if turn.language == "fr"]
    for topic in Topic:
        assert sum(topic in example.topics for example in [*french, *french_turns]) >= 40, topic
    for intent in Intent:
        assert sum(intent in example.intents for example in [*french, *french_turns]) >= 40, intent


def test_corpus_labels_agree_with_themselves() -> None:
    """Cited turns exist, every member turn is labelled, ids and texts occur once."""
    conversations = corpus_conversations()
    assert len({example.conversation.session_id for example in conversations}) == len(conversations)
    for example in conversations:
        members = example.conversation.member_turns
        assert set(example.evidence_turn_ids) <= {turn.turn_id for turn in members}
        assert len(example.turns) == len(members)
        assert example.evidence_turn_ids and example.topics and example.intents
    texts = [turn.text for turn in corpus_turns()]
    assert len(set(texts)) == len(texts)


@pytest.mark.skipif(not (DATA / "kiosk_examples").is_dir(), reason="the kiosk examples are not beside the repository")
def test_no_kiosk_example_is_in_the_training_corpus() -> None:
    """What judges the engine never trains it."""
    examples = load_conversations(DATA / "kiosk_examples" / "conversations.jsonl")
    corpus = " ".join(path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.jsonl")))
    for example in examples:
        for turn in example.conversation.member_turns:
            assert len(turn.text) < 15 or turn.text not in corpus


@pytest.mark.skipif(not (DATA / "kiosk_examples").is_dir(), reason="the kiosk examples are not beside the repository")
def test_the_shipped_engine_holds_its_figures_on_the_kiosk_examples(engine: LocalEngine) -> None:
    """Floors a little under the model card's figures, so that a worse engine is noticed."""
    figures = kiosk_figures(engine, load_conversations(DATA / "kiosk_examples" / "conversations.jsonl"))
    assert figures["sentiment_macro_f1"] >= 0.83
    assert figures["emotion_accuracy"] >= 0.55
    assert figures["topics_micro_f1"] >= 0.75
    assert figures["intents_micro_f1"] >= 0.70
    assert figures["outcome_accuracy"] >= 0.70
    assert figures["evidence_hit"] >= 0.90


def test_a_turn_costs_less_than_60_milliseconds_of_processor(engine: LocalEngine) -> None:
    """Processor time of this process, so that a busy machine does not decide."""
    conversations = [example.conversation for example in corpus_conversations()[:25]]
    turns = sum(len(conversation.turns) for conversation in conversations)
    engine.analyse(conversations[:1])
    started = time.process_time()
    engine.analyse(conversations)
    assert (time.process_time() - started) / turns < 0.060


def test_a_conversation_that_turns_for_the_better_says_so(engine: LocalEngine) -> None:
    """From the first words to the last, whatever the assistant says in between; one turn has no way to go."""
    turned = talk(
        "Les douches sont froides, c'est inadmissible.", "C'est réparé depuis ce matin.", "Ah super, merci beaucoup !"
    )
    cheerful = replace(turned, turns=(*turned.turns[:1], replace(turned.turns[1], text="Génial !"), *turned.turns[2:]))
    shift = analysed(engine, turned).sentiment_shift
    assert shift is not None and shift > 0.5
    assert analysed(engine, cheerful).sentiment_shift == shift
    assert analysed(engine, talk("Merci beaucoup !")).sentiment_shift is None
