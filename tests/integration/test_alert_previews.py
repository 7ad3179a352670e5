"""What thresholds would have done, over what a database keeps of past days: by command, and as a person may see it."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from bench.support.world import Gym, closed_session, make_gym
from dashboards.records import Records
from jarvis.alerts import AlertType
from jarvis.cli import main
from jarvis.tenancy import Scope, UserRole
from tests.conftest import Database
from warehouse.people import Database as People
from warehouse.stores.alert_previews import NO_THRESHOLD, NoThreshold, Question, asking, preview

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)
YESTERDAY = (NOW - DAY).date()


def asked(gym: Gym, kind: AlertType, threshold: float | None = None) -> Question:
    """The last thirty days."""
    return Question(
        gym_id=gym.gym_id,
        alert_type=kind,
        threshold=threshold,
        first_day=YESTERDAY - 29 * DAY,
        last_day=YESTERDAY,
        negative_feedback_below=-0.5,
    )


def score(admin: psycopg.Connection, gym: Gym, value: float, *, back: int) -> None:
    """The member's score of a day."""
    admin.execute(
        "insert into churn_scores (gym_id, member_id, as_of_date, score, level, factors, rules_version, scored_at) "
        "values (%s, %s, %s, %s, %s, '[]', 'x', %s)",
        [gym.gym_id, gym.member_id, (NOW - back * DAY).date(), value, "high" if value >= 0.5 else "low", NOW],
    )


def conversation(admin: psycopg.Connection, gym: Gym, mood: float) -> UUID:
    """An analysed conversation of three days ago in which somebody complains."""
    session_id = closed_session(admin, gym, ("Encore une panne.",))
    moment = NOW - 3 * DAY
    label = "negative" if mood < -0.2 else "neutral"
    admin.execute("set session_replication_role = replica")
    admin.execute(
        "update openai_realtime_sessions set started_at = %s, ended_at = %s, cost_usd = 20 where id = %s",
        [moment, moment + timedelta(minutes=2), session_id],
    )
    admin.execute("set session_replication_role = origin")
    admin.execute(
        "update session_turns set sentiment_score = %s, sentiment_label = %s, intents = '{small_talk}' "
        "where session_id = %s and role = 'member'",
        [mood, label, session_id],
    )
    admin.execute(
        "update conversation_summaries set status = 'completed', analysed_at = now(), key_topics = '{billing}', "
        "sentiment_score = %s, sentiment_label = %s, emotion_detected = 'neutral', intents_detected = '{small_talk}', "
        "outcome = 'solved', engine = 'local', engine_version = 'x', summary_text = 'x', embedding_model = 'x', "
        "embedding = array_fill(0::real, array[1536])::vector where session_id = %s",
        [mood, label, session_id],
    )
    return session_id


def plant(admin: psycopg.Connection) -> Gym:
    """A gym of which every kind of preview has something to count."""
    gym = make_gym(admin)
    for back, value in ((40, 0.9), (10, 0.65), (9, 0.2), (8, 0.65)):
        score(admin, gym, value, back=back)
    conversation(admin, gym, -0.4)
    # Eight check-ins a day, but for three days; and a kiosk that was silent for two hours.
    admin.execute(
        "insert into member_visits (gym_id, member_id, visited_at) select %s, %s, moments.moment "
        "from generate_series(%s::timestamptz, %s::timestamptz, interval '3 hours') as moments (moment) "
        "where moments.moment not between %s and %s",
        [gym.gym_id, gym.member_id, NOW - 70 * DAY, NOW, NOW - 10 * DAY, NOW - 7 * DAY],
    )
    admin.execute(
        "insert into kiosk_heartbeats (gym_id, kiosk_id, received_at) select %s, %s, moments.moment "
        "from generate_series(%s::timestamptz, %s::timestamptz, interval '5 minutes') as moments (moment) "
        "where moments.moment not between %s and %s",
        [gym.gym_id, gym.kiosk_id, NOW - 5 * DAY, NOW, NOW - 3 * DAY, NOW - 3 * DAY + timedelta(hours=2)],
    )
    admin.execute("update kiosks set status = 'online', last_heartbeat = %s where id = %s", [NOW, gym.kiosk_id])
    return gym


EXPECTED = [
    (AlertType.CHURN_RISK, 0.6, 1), (AlertType.CHURN_RISK, 0.7, 0), (AlertType.CHURN_RISK, None, 1),
    (AlertType.NEGATIVE_FEEDBACK, -0.3, 1), (AlertType.NEGATIVE_FEEDBACK, None, 0),
    (AlertType.KIOSK_OFFLINE, None, 1), (AlertType.KIOSK_OFFLINE, 180, 0),
    (AlertType.MILESTONE, 400, 1), (AlertType.MILESTONE, 10_000, 0),
    (AlertType.DATA_QUALITY, None, 1), (AlertType.DATA_QUALITY, 100, 0),
    (AlertType.VOICE_BUDGET, 20, 1), (AlertType.VOICE_BUDGET, 30, 0),
]  # fmt: skip


def test_every_kind_counts_what_its_rule_would_have_raised(database: Database) -> None:
    """By the pipeline, and the same by the gym's manager under their own rights; a neighbour sees no such gym."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym, neighbour = plant(admin), make_gym(admin, "dax")
        people = People(database.settings.database_url_for("dashboard"))
        people.open()
        try:
            ask_as = {}
            for whose in (gym, neighbour):
                user = uuid4()
                admin.execute(
                    "insert into users (id, email, role, gym_id) values (%s, %s, 'gym_manager', %s)",
                    [user, f"{user}@salle.test", whose.gym_id],
                )
                scope = Scope(user_id=user, role=UserRole.GYM_MANAGER, full_name="Camille", gym_id=whose.gym_id)
                ask_as[whose.gym_id] = partial(Records(people).rows, scope)
            by_pipeline = [preview(asking(pipeline), asked(gym, kind, at)).fired for kind, at, _ in EXPECTED]
            by_manager = [preview(ask_as[gym.gym_id], asked(gym, kind, at)).fired for kind, at, _ in EXPECTED]
            assert by_pipeline == [fired for _, _, fired in EXPECTED]
            assert by_manager == by_pipeline
            with pytest.raises(LookupError, match="no such gym"):
                preview(ask_as[neighbour.gym_id], asked(gym, AlertType.MILESTONE))
        finally:
            people.close()


def test_what_has_no_number_says_so(database: Database) -> None:
    """A machine's report, and the budget of a gym without one."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        with pytest.raises(NoThreshold, match="no threshold"):
            preview(asking(pipeline), asked(gym, AlertType.EQUIPMENT_ISSUE, 3))
        with pytest.raises(NoThreshold, match="no budget"):
            preview(asking(pipeline), asked(gym, AlertType.VOICE_BUDGET))


def test_the_command_answers_for_every_kind(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One JSON line each, success where there is nothing to try; a wrong number or gym is an error."""
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path))
    monkeypatch.setenv("JARVIS_DATABASE_URL", database.url_for("admin"))
    monkeypatch.setenv("JARVIS_DATABASE_URL_PIPELINE", database.url_for("pipeline"))
    with database.admin() as admin:
        plant(admin)

    def told(*arguments: str) -> tuple[int, str]:
        code = main(["alerts", "preview", "--gym", "pau", *arguments])
        out, err = capsys.readouterr()
        return code, out or err

    for kind in AlertType:
        code, line = told("--type", str(kind))
        assert code == 0
        assert ("fired" in json.loads(line)) or json.loads(line)["says"]
    assert json.loads(told("--type", "equipment_issue", "--threshold", "3")[1])["says"] == NO_THRESHOLD
    kiosk = json.loads(told("--type", "kiosk_offline", "--threshold", "180")[1])
    assert (kiosk["fired"], kiosk["unit"]) == (0, "minutes")
    assert told("--type", "churn_risk", "--threshold", "7") == (
        2, "jarvis: --threshold: found 7, expected score from 0 to 1\n",
    )  # fmt: skip
    assert main(["alerts", "preview", "--gym", "nowhere", "--type", "milestone"]) == 1
