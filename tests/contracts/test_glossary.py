"""docs/glossary.md tells the truth: its vocabularies are the database's, the kernel's and the dashboards'."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from dashboards import texts_fr
from dashboards.alerts import AlertStatus
from jarvis.absences import AbsenceReason, AbsenceSource, MuteReason
from jarvis.alerts import AlertType, Priority
from jarvis.calendars import HolidayRegion
from jarvis.churn import HeldBack, RiskLevel
from jarvis.conversations import Emotion, Intent, Outcome, Role, Sentiment, Topic
from jarvis.corrections import LabelField
from jarvis.kiosks import BadgeOutcome, Holder
from jarvis.mail_kinds import LABELS as MAIL_KINDS
from jarvis.mail_kinds import MailKind
from jarvis.members import Frequency, Trend
from jarvis.requests import RequestKind
from jarvis.sessions import CloseReason, SessionState
from jarvis.storage import StorageLevel
from jarvis.tenancy import UserRole
from jarvis.visit_habits import VisitTrend
from tests.conftest import Database
from warehouse.stores.account_links import LinkPurpose
from warehouse.stores.sign_in import Stage

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"

# Section to the kernel's enum of the same values.
ENUMS: Mapping[str, type[StrEnum]] = {
    "Sentiment label": Sentiment,
    "Emotion": Emotion,
    "Storage level": StorageLevel,
    "Topic": Topic,
    "Intent": Intent,
    "Outcome": Outcome,
    "Corrected field": LabelField,
    "Turn role": Role,
    "Close reason": CloseReason,
    "Session state": SessionState,
    "User role": UserRole,
    "Sign-in stage": Stage,
    "Account link purpose": LinkPurpose,
    "Conversation frequency": Frequency,
    "Sentiment trend": Trend,
    "Visit trend": VisitTrend,
    "Mute reason": MuteReason,
    "Absence reason": AbsenceReason,
    "Absence source": AbsenceSource,
    "Holiday region": HolidayRegion,
    "Churn risk level": RiskLevel,
    "Held back": HeldBack,
    "Badge outcome": BadgeOutcome,
    "Kiosk credential holder": Holder,
    "Alert type": AlertType,
    "Mail kind": MailKind,
    "Alert priority": Priority,
    "Alert status": AlertStatus,
    "Staff request kind": RequestKind,
}

# Section to the labels the pages show.
LABELS: Mapping[str, Mapping[str, str]] = {
    "Sentiment label": texts_fr.SENTIMENTS,
    "Emotion": texts_fr.EMOTIONS,
    "Topic": texts_fr.TOPICS,
    "Intent": texts_fr.INTENTS,
    "Outcome": texts_fr.OUTCOMES,
    "Close reason": texts_fr.CLOSE_REASONS,
    "User role": texts_fr.ROLES,
    "Alert type": texts_fr.ALERT_TYPES,
    "Alert priority": texts_fr.PRIORITIES,
    "Alert status": texts_fr.STATUSES,
    "Alert outcome": texts_fr.OUTCOME_CODES,
    "Mail kind": MAIL_KINDS,
    "Action item owner": texts_fr.ACTION_OWNERS,
    "Action item state": texts_fr.ACTION_STATES,
    "Report type": texts_fr.REPORT_KINDS,
    "Report status": texts_fr.REPORT_STATUSES,
    "Delivery channel": texts_fr.DELIVERY_CHANNELS,
    "Delivery status": texts_fr.DELIVERY_STATUSES,
}


@dataclass(frozen=True)
class Vocabulary:
    """One section of the glossary."""

    checks: frozenset[str]
    labels: Mapping[str, str]


def vocabularies() -> dict[str, Vocabulary]:
    """Section title to its constraints and its table of values."""
    found = {}
    for section in GLOSSARY.read_text("utf-8").split("\n#### ")[1:]:
        title, _, body = section.partition("\n")
        body = re.split(r"^#", body, flags=re.MULTILINE)[0]
        checked_by = re.search(r"^Checked by (.*)\.$", body, re.MULTILINE)
        assert checked_by, f"{title}: found no line 'Checked by …'"
        rows = re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", body, re.MULTILINE)
        labels = dict(rows)
        assert len(labels) == len(rows), f"{title}: found a value twice"
        found[title] = Vocabulary(frozenset(re.findall(r"`(\w+)`", checked_by[1])), labels)
    return found


def test_every_check_of_the_database_is_explained(database: Database) -> None:
    """Each `…_is_known` constraint stands in one section, with exactly the values it allows."""
    with database.admin() as connection:
        rows = connection.execute(
            "select conname, pg_get_constraintdef(oid) from pg_constraint"
            " where contype = 'c' and conname ~ '_(is|are)_known$'"
            " and connamespace = 'public'::regnamespace and conparentid = 0"
        ).fetchall()
    checks = {name: set(re.findall(r"'([a-z_]+)'::text", definition)) for name, definition in rows}
    explained = {name: set(one.labels) for one in vocabularies().values() for name in one.checks}
    assert len(checks) > 30
    assert explained == checks


@pytest.mark.parametrize("title", ENUMS)
def test_enum_has_the_same_values(title: str) -> None:
    """The kernel's enum and the glossary list the same values."""
    assert set(vocabularies()[title].labels) == {one.value for one in ENUMS[title]}


@pytest.mark.parametrize("title", LABELS)
def test_labels_are_those_of_the_pages(title: str) -> None:
    """What the glossary calls a value is what managers read."""
    assert vocabularies()[title].labels == LABELS[title]


def test_words_stand_once() -> None:
    """One word per thing: no English word has two rows."""
    words = GLOSSARY.read_text("utf-8").split("## Words")[1].split("## Closed")[0]
    english = re.findall(r"^\| ([a-z][a-z -]+) \| \S", words, re.MULTILINE)
    assert len(english) > 40
    assert len(set(english)) == len(english)
