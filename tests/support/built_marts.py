"""A small analysed network whose marts dbt has built, once for all tests that read marts."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import pytest
from dagster import DagsterInstance, Definitions, ExecuteInProcessResult

from dashboards.records import Records
from jarvis.settings import Settings
from jarvis.tenancy import Scope, UserRole
from tests.conftest import Database, cloned_database
from tests.support.parsed_project import lend
from warehouse.demo.simulate import simulate
from warehouse.people import Database as Pool

MARTS_JOB = "build_marts"

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)

# As the pipeline would leave them; scores follow from ids, so gyms and days differ in number and in mean.
PIPELINE_RESULTS: tuple[LiteralString, ...] = (
    """
    update public.conversation_summaries as summaries
    set status = 'completed', analysed_at = now(), summary_text = 'Résumé.', key_topics = '{showers_lockers}',
        sentiment_score = scored.score,
        sentiment_label = case when scored.score < -0.2 then 'negative' when scored.score > 0.2 then 'positive'
            else 'neutral' end,
        emotion_detected = 'neutral', intents_detected = '{other}', outcome = 'solved',
        embedding = array_fill(0.0::real, array[1536])::vector, embedding_model = 'test', engine = 'local',
        engine_version = '1', cost_usd = 0.000400, satisfaction = (scored.score + 1) / 2
    from (
        select session_id, (abs(hashtext(session_id::text)) % 201 - 100) / 100.0 as score
        from public.conversation_summaries
    ) as scored
    where scored.session_id = summaries.session_id and summaries.status = 'pending'
        and abs(hashtext(scored.session_id::text)) % 7 <> 0
    """,
    """
    insert into public.member_analytics (member_id, gym_id, churn_risk_score, churn_risk_level)
    select id, gym_id, 0.5, (array['low', 'medium', 'high', 'critical'])[1 + abs(hashtext(id::text)) % 4]
    from public.gym_members_v2
    on conflict (member_id) do update set churn_risk_level = excluded.churn_risk_level
    """,
    # And some scores may not be acted on, high ones among them.
    """
    update public.member_analytics set churn_held_back_reason = 'declared_absence'
    where abs(hashtext(member_id::text || 'held')) % 5 = 0
    """,
    """
    insert into public.manager_alerts (gym_id, session_id, alert_type, title, dedup_key, created_at)
    select gym_id, id, 'negative_feedback', 'Douches froides', id::text, started_at
    from public.openai_realtime_sessions
    where abs(hashtext(id::text)) % 5 = 0
    """,
    # Every third alert was taken in hand, after a while of its own.
    """
    insert into public.audit_log (occurred_at, gym_id, actor_role, action, subject_table, subject_id)
    select created_at + abs(hashtext(id::text)) % 300 * interval '1 minute', gym_id, 'test', 'alert_in_progress',
        'manager_alerts', id::text
    from public.manager_alerts
    where alert_type = 'negative_feedback' and abs(hashtext(id::text)) % 3 = 0
    """,
    # And people judged some labels.
    """
    insert into public.label_corrections
        (gym_id, session_id, field, engine, engine_version, engine_value, corrected_value, corrected_at)
    select gym_id, session_id, 'sentiment_label', 'local', '1', array[sentiment_label],
        array[case when abs(hashtext(session_id::text)) % 4 = 0 then 'neutral' else sentiment_label end],
        '2026-11-18 12:00+00'
    from public.conversation_summaries
    where status = 'completed' and abs(hashtext(session_id::text)) % 3 = 0
    """,
)


def own_warehouse(database: Database) -> object:
    """The pipeline's resource on a test's own database."""
    from orchestration.resources import Warehouse

    class Own(Warehouse):
        def url(self) -> str:
            return database.url_for("pipeline")

    return Own()


@pytest.fixture(scope="session")
def simulated(
    server_settings: Settings, template_database: str, parsed_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with a small network in it, analysed, and no marts."""
    with cloned_database(server_settings, template_database, tmp_path_factory.mktemp("dbt")) as database:
        lend(parsed_project, database.settings)
        with database.connect("pipeline") as pipeline:
            simulate(pipeline, days=12, members=300, gyms=4, seed=7, now=NOW)
        with database.admin() as admin:
            for statement in PIPELINE_RESULTS:
                admin.execute(statement)
        yield database


@pytest.fixture(scope="session")
def definitions(simulated: Database) -> Definitions:
    """The analytics location on that database."""
    from orchestration.analytics import build_defs

    return build_defs(settings=simulated.settings, resource_overrides={"warehouse": own_warehouse(simulated)})


@pytest.fixture(scope="session")
def built(definitions: Definitions) -> ExecuteInProcessResult:
    """The run that builds the marts, once."""
    with DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def(MARTS_JOB).execute_in_process(instance=instance)


@pytest.fixture(scope="session")
def records(simulated: Database, built: ExecuteInProcessResult) -> Iterator[Records]:
    """The pages' own way to the built database."""
    assert built.success
    with closing(Pool(simulated.settings.database_url_for("dashboard"))) as pool:
        pool.open()
        yield Records(pool)


@pytest.fixture(scope="session")
def scope_of(simulated: Database) -> Callable[[UserRole], Scope]:
    """Somebody of each role, of the network's first gym."""

    def scope(role: UserRole) -> Scope:
        with simulated.admin() as admin:
            found = admin.execute(
                "select id, gym_id, franchise_id from users where role = %s and is_active order by email limit 1",
                [str(role)],
            ).fetchone()
        assert found is not None
        return Scope(user_id=found[0], role=role, full_name="Camille Durand", gym_id=found[1], franchise_id=found[2])

    return scope
