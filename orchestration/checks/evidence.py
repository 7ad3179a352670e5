"""What is checked of evidence: every claim cites turns, the turns exist, and what is quoted was said.

Looks at the analyses and alerts of the last day; older ones were looked at while they were new. Findings are
named by session, alert and field, never by a word of them; they stand with the analysis too
(`conversation_summaries.unfounded_claims`), where the API and the marts count them.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from dagster import AssetCheckResult, AssetChecksDefinition, AssetCheckSeverity, asset_check

from jarvis.evidence import is_said, quotes_in
from orchestration.assets.alerts import manager_alerts
from orchestration.assets.conversations import conversation_summaries
from orchestration.resources import Warehouse
from warehouse.stores import evidence
from warehouse.stores.evidence import BrokenClaim, BrokenClaims, Fault

WINDOW = timedelta(days=1)
# Quotes are compared one by one; a day of more is looked at from its newest on, and the check says so.
MOST_COMPARED = 20_000
SHOWN = 20


@asset_check(asset=conversation_summaries)
def every_claim_cites_a_turn(warehouse: Warehouse) -> AssetCheckResult:
    """Summary, sentiment, emotion, outcome, each topic, intent, action item and issue rest on at least one turn."""
    with warehouse.connect(autocommit=True) as connection:
        found = evidence.claims_without_turns(connection, window=WINDOW, limit=MOST_COMPARED)
        evidence.record(connection, Fault.NO_TURN, found.first, window=WINDOW)
    return _claims(found, "claims_without_turns")


@asset_check(asset=conversation_summaries)
def evidence_exists_in_its_session(warehouse: Warehouse) -> AssetCheckResult:
    """Every turn an analysis cites belongs to its session; one that does not is a citation made up."""
    with warehouse.connect(autocommit=True) as connection:
        found = evidence.turns_not_found(connection, window=WINDOW, limit=MOST_COMPARED)
        evidence.record(connection, Fault.TURN_NOT_FOUND, found.first, window=WINDOW)
    return _claims(found, "cited_turns_not_found")


@asset_check(asset=conversation_summaries)
def summaries_quote_what_was_said(warehouse: Warehouse) -> AssetCheckResult:
    """Words between quotation marks stand in a turn the summary cites; personal data counts as left out, not as wrong.

    Where a gym keeps no words after the analysis there is nothing to compare with: such summaries are counted apart.
    """
    with warehouse.connect(autocommit=True) as connection:
        summaries = evidence.summary_words(connection, window=WINDOW, limit=MOST_COMPARED)
        wordless = [one for one in summaries if one.said and not any(text.strip() for text in one.said)]
        wrong = [
            one.session_id
            for one in summaries
            if one not in wordless
            and not all(_is_quoted_from(quote, one.said, one.known) for quote in quotes_in(one.summary_text))
        ]
        broken = [BrokenClaim(session_id, "summary") for session_id in wrong]
        evidence.record(connection, Fault.QUOTE_NOT_SAID, broken, window=WINDOW)
    return _quotes(map(str, wrong), "sessions", compared=len(summaries) - len(wordless), wordless=len(wordless))


@asset_check(asset=manager_alerts)
def alerts_quote_what_was_said(warehouse: Warehouse) -> AssetCheckResult:
    """Every quote of an alert stands in the turn it names, and that turn belongs to a session the alert names."""
    with warehouse.connect(autocommit=True) as connection:
        unlike = evidence.alert_quotes(connection, window=WINDOW, limit=MOST_COMPARED)
        wordless = [one for one in unlike if one.said is not None and not one.said.strip()]
        wrong = [
            one
            for one in unlike
            if one.said is None
            or (one not in wordless and not (one.quote and _is_quoted_from(one.quote, [one.said], one.known)))
        ]
        broken = [BrokenClaim(one.session_id, f"alert.{one.alert_id}") for one in wrong if one.session_id]
        evidence.record(connection, Fault.ALERT_QUOTE_NOT_SAID, broken, window=WINDOW)
    return _quotes(
        [str(one.alert_id) for one in wrong], "alerts", compared=len(unlike) - len(wordless), wordless=len(wordless)
    )


EVIDENCE_CHECKS: tuple[AssetChecksDefinition, ...] = (
    every_claim_cites_a_turn,
    evidence_exists_in_its_session,
    summaries_quote_what_was_said,
    alerts_quote_what_was_said,
)


def _is_quoted_from(quote: str, said: Sequence[str], known: Sequence[str]) -> bool:
    """True when one of the turns holds the quote, as it stands or once both are without personal data."""
    from ml.conversations.redaction import redact
    from ml.conversations.sentences import clean_text

    texts = [clean_text(text) for text in said]
    if any(is_said(quote, text) for text in texts):
        return True
    redacted = [redact(text, known=known) for text in texts]
    without = redact(quote, known=known)
    return any(is_said(one, text) for one in (quote, without) for text in redacted)


def _claims(found: BrokenClaims, name: str) -> AssetCheckResult:
    shown: dict[str, list[str]] = {}
    for broken in found.first[:SHOWN]:
        shown.setdefault(str(broken.session_id), []).append(broken.claim)
    return AssetCheckResult(
        passed=found.total == 0,
        severity=AssetCheckSeverity.ERROR,
        metadata={
            name: found.total,
            "session_count": len({broken.session_id for broken in found.first}),
            "sessions": {session_id: ", ".join(dict.fromkeys(claims)) for session_id, claims in shown.items()},
            "window_hours": WINDOW.total_seconds() / 3600,
        },
    )


def _quotes(wrong: Iterable[str], kind: str, *, compared: int, wordless: int) -> AssetCheckResult:
    found = list(dict.fromkeys(wrong))
    return AssetCheckResult(
        passed=not found,
        severity=AssetCheckSeverity.ERROR,
        metadata={
            "quotes_not_said": len(found),
            kind: found[:SHOWN],
            "compared": compared,
            "words_not_kept": wordless,
            "is_cut": compared + wordless >= MOST_COMPARED,
            "window_hours": WINDOW.total_seconds() / 3600,
        },
    )
