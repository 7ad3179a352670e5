"""Churn models in the database: kept with their file, promoted past a blocking check, taken back by one command."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, LiteralString
from uuid import UUID

import pytest
from dagster import DagsterInstance, materialize

from jarvis.churn import ChurnThresholds
from jarvis.cli import main
from ml.churn import registry
from ml.churn.features import FEATURES, FEATURES_VERSION
from ml.churn.model import ChurnModel
from orchestration import churn as stage
from orchestration.assets.churn import churn_champion, churn_model
from orchestration.checks.churn import candidate_beats_rules_and_champion
from orchestration.resources import Warehouse
from tests.conftest import Database
from warehouse.demo.simulate import simulate
from warehouse.stores import churn_models
from warehouse.stores.churn_models import Candidate, NoChampion, NotBarred

BETTER = {"gain_over_rules": {"gain": 0.1, "low": 0.05, "high": 0.15}, "model": {"roc_auc": 0.9}}
WORSE = BETTER | {"gain_over_champion": {"gain": -0.05, "low": -0.08, "high": -0.02}}

AUDIT: LiteralString = "select action, details->>'version', details->>'by' from audit_log order by id"


class GivenWarehouse(Warehouse):
    """The warehouse of a test's database."""

    given_url: str

    def url(self) -> str:
        """The test's own URL."""
        return self.given_url


def keep(database: Database, version: str, metrics: Mapping[str, Any] = BETTER, *, content: bytes = b"file") -> UUID:
    """A candidate is in the database."""
    with database.connect("pipeline") as connection:
        found = churn_models.keep_candidate(
            connection,
            Candidate(
                version=version, content=content, sha256=registry.sha256(content), metrics=metrics, columns=FEATURES,
                window_starts_on=date(2025, 1, 1), window_ends_on=date(2025, 10, 1), training_rows=100,
            ),
        )  # fmt: skip
    assert found is not None
    return found


def standing(database: Database) -> dict[str, str]:
    """Version to status."""
    with database.connect("pipeline") as connection:
        return {one.version: one.status for one in churn_models.models(connection)}


def test_a_model_is_kept_with_its_file_window_and_columns(database: Database) -> None:
    """What scored a year ago can still be looked at, and its file is what its hash says."""
    keep(database, "churn-1", content=b"one")
    with database.admin() as admin:
        row = admin.execute(
            "select window_starts_on, window_ends_on, cardinality(feature_columns), training_rows, content "
            "from model_versions join app.model_artifacts on artifact_sha256 = sha256"
        ).fetchone()
    assert row == (date(2025, 1, 1), date(2025, 10, 1), len(FEATURES), 100, b"one")


def test_promotion_and_rollback_are_one_step_each_and_audited(database: Database) -> None:
    """One champion at a time; back to the one before, then to the rules, then there is nothing to take back."""
    for version in ("churn-1", "churn-2"):
        keep(database, version)
        with database.connect("pipeline") as connection:
            assert stage.promote_waiting(connection, by="ada") == version
    assert standing(database) == {"churn-1": "retired", "churn-2": "champion"}
    with database.connect("pipeline") as connection:
        assert stage.roll_back(connection, by="eve", reason="trop d'alertes") == "churn-1"
    assert standing(database) == {"churn-1": "champion", "churn-2": "retired"}
    with database.connect("pipeline") as connection:
        assert stage.roll_back(connection, by="eve", reason="encore") is None
        with pytest.raises(NoChampion, match="the rules decide already"):
            stage.roll_back(connection, by="eve", reason="encore")
    assert standing(database) == {"churn-1": "retired", "churn-2": "retired"}
    with database.admin() as admin:
        assert admin.execute(AUDIT).fetchall() == [
            ("model_promoted", "churn-1", "ada"),
            ("model_promoted", "churn-2", "ada"),
            ("model_rolled_back", "churn-2", "eve"),
            ("model_rolled_back", "churn-1", "eve"),
        ]
        told = admin.execute(
            "select retired_by, retirement_reason from model_versions where version = 'churn-2'"
        ).fetchone()
    assert told == ("eve", "trop d'alertes")


def network_that_teaches(database: Database) -> date:
    """Five hundred members over two years; the day after."""
    today = date(2026, 1, 1)
    with database.connect("pipeline") as connection:
        simulate(connection, days=730, members=500, seed=11, now=datetime(2026, 1, 1, 12, tzinfo=UTC), talk=0.1)
    return today


def test_after_a_rollback_the_same_day_trains_again_and_its_like_is_refused(database: Database) -> None:
    """Another version of the day is judged against the one taken back too; what is no better stays a candidate."""
    today = network_that_teaches(database)
    thresholds = ChurnThresholds()
    with database.connect("pipeline") as connection:
        first = stage.train_candidate(connection, thresholds=thresholds, today=today)
        assert first.version == "churn-2026-01-01"
        assert first.candidate_id is not None
        churn_models.promote(connection, first.candidate_id, by="ada", reason="test")
        again = stage.train_candidate(connection, thresholds=thresholds, today=today)
        assert (again.candidate_id, again.told) == (None, "a model of this day decides already: nothing to do")
        assert stage.roll_back(connection, by="eve", reason="trop d'alertes") is None
        second = stage.train_candidate(connection, thresholds=thresholds, today=today)
        assert second.version == "churn-2026-01-01.2"
        assert second.metrics["gain_over_taken_back"]["churn-2026-01-01"]["gain"] == 0
        waiting = stage.waiting_candidate(connection)
        assert waiting is not None
        assert not waiting.may_be_promoted
        assert "churn-2026-01-01, which was taken back" in waiting.reasons[-1]
        assert stage.promote_waiting(connection, by="pipeline") is None
    assert standing(database) == {"churn-2026-01-01": "retired", "churn-2026-01-01.2": "candidate"}


def test_a_better_one_ends_what_a_rollback_bars(database: Database) -> None:
    """Once it is promoted, and taken back in its turn, the way leads past the model that was taken back before."""
    keep(database, "churn-1")
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
    keep(database, "churn-2")
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
        stage.roll_back(connection, by="eve", reason="trop d'alertes")
        assert [one.version for one in churn_models.taken_back_files(connection)] == ["churn-2"]
    keep(database, "churn-3")
    with database.connect("pipeline") as connection:
        assert stage.promote_waiting(connection, by="ada") == "churn-3"
        assert churn_models.taken_back_files(connection) == []
        assert stage.roll_back(connection, by="eve", reason="encore") == "churn-1"


def test_a_lifted_bar_lets_a_waiting_candidate_decide(database: Database) -> None:
    """Refused beside the model that was taken back, promoted once a person lifts the bar; a second lift is refused."""
    keep(database, "churn-1")
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
        stage.roll_back(connection, by="eve", reason="trop d'alertes")
    over = BETTER | {"gain_over_taken_back": {"churn-1": {"gain": 0.0, "low": -0.01, "high": 0.01}}}
    keep(database, "churn-2", over)
    with database.connect("pipeline") as connection:
        assert stage.promote_waiting(connection, by="pipeline") is None
        stage.lift_bar(connection, "churn-1", by="eve", reason="c'était la borne")
        assert churn_models.taken_back_files(connection) == []
        assert stage.promote_waiting(connection, by="pipeline") == "churn-2"
        assert stage.roll_back(connection, by="eve", reason="encore") == "churn-1"
        with pytest.raises(NotBarred, match="found churn-1 not taken back, expected one of: churn-2"):
            stage.lift_bar(connection, "churn-1", by="eve", reason="encore")
    with database.admin() as admin:
        assert ("model_bar_lifted", "churn-1", "eve") in admin.execute(AUDIT).fetchall()


def test_a_candidate_judged_before_a_rollback_waits_for_another_training(database: Database) -> None:
    """Nobody compared it with the model that was taken back."""
    keep(database, "churn-1")
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
    keep(database, "churn-2")
    with database.connect("pipeline") as connection:
        stage.roll_back(connection, by="eve", reason="trop d'alertes")
        waiting = stage.waiting_candidate(connection)
        assert waiting is not None
        assert waiting.reasons[-1] == "judged before churn-1 was taken back: train again"
        assert stage.promote_waiting(connection, by="pipeline") is None


def test_a_champion_of_other_features_does_not_bar_the_training(database: Database) -> None:
    """It can score nobody, so there is nothing to compare with but the rules."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    model = ChurnModel(columns=("age",), learners={"x": fitted}, weights={"x": 1.0}, calibration=fitted)
    keep(database, "churn-1", content=registry.dump(model))
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
        told = stage.train_candidate(connection, thresholds=ChurnThresholds(), today=date(2026, 3, 2)).told
    assert told.startswith("no candidate: found no visit")


def test_a_champion_that_learned_another_meaning_leaves_the_scores_to_the_rules(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Same columns, counted otherwise: never used in silence, and no bar to a training of its own day."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    model = ChurnModel(columns=FEATURES, learners={"x": fitted}, weights={"x": 1.0}, calibration=fitted)
    keep(database, "churn-2026-03-02", content=registry.dump(model))
    today = replace(model, about={"features_version": FEATURES_VERSION})
    keep(database, "churn-2026-03-01", content=registry.dump(today))
    with database.connect("pipeline") as connection:
        ids = {one.version: one.id for one in churn_models.models(connection)}
        churn_models.promote(connection, ids["churn-2026-03-01"], by="ada", reason="test")
        assert stage.champion(connection) is not None
        churn_models.promote(connection, ids["churn-2026-03-02"], by="ada", reason="test")
        assert stage.champion(connection) is None
        assert "churn-2026-03-02 of other features than today's" in caplog.text
        assert "the rules decide until 'jarvis churn train'" in caplog.text
        training = stage.train_candidate(connection, thresholds=ChurnThresholds(), today=date(2026, 3, 2))
    assert training.version == "churn-2026-03-02.2"
    assert training.told.startswith("no candidate: found no visit")


def test_a_worse_challenger_stays_a_candidate(database: Database) -> None:
    """The champion goes on."""
    keep(database, "churn-1")
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
    keep(database, "churn-2", WORSE)
    with database.connect("pipeline") as connection:
        assert stage.promote_waiting(connection, by="ada") is None
    assert standing(database) == {"churn-1": "champion", "churn-2": "candidate"}


def test_the_files_of_old_candidates_are_gone_and_their_figures_stay(database: Database) -> None:
    """Weekly training keeps no file for ever: one that nobody promoted goes after sixty days, a champion's stays."""
    keep(database, "churn-1", content=b"champion")
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
    keep(database, "churn-2", WORSE, content=b"refused")
    keep(database, "churn-2", WORSE, content=b"refused, trained again")
    with database.admin() as admin:
        admin.execute("update model_versions set created_at = now() - interval '61 days'")
        admin.execute("update app.model_artifacts set created_at = now() - interval '61 days'")
    keep(database, "churn-3", WORSE, content=b"new")
    keep(database, "churn-4", WORSE, content=b"newer")
    with database.admin() as admin:
        kept = admin.execute("select convert_from(content, 'utf8') from app.model_artifacts order by 1").fetchall()
        assert [row[0] for row in kept] == ["champion", "new", "newer"]
        assert admin.execute("select version, metrics <> '{}' from model_versions order by 1").fetchall() == [
            (f"churn-{number}", True) for number in range(1, 5)
        ]


def test_a_promoted_model_is_not_overwritten(database: Database) -> None:
    """The job run twice on a day keeps what decides."""
    keep(database, "churn-1")
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
        again = churn_models.keep_candidate(
            connection,
            Candidate(
                version="churn-1", content=b"other", sha256=registry.sha256(b"other"), metrics={}, columns=(),
                window_starts_on=date(2025, 1, 1), window_ends_on=date(2025, 10, 1), training_rows=1,
            ),
        )  # fmt: skip
        assert again is None
        kept = churn_models.champion_file(connection)
    assert kept is not None
    assert kept.content == b"file"


@pytest.mark.parametrize(("metrics", "promoted"), [(BETTER, True), (WORSE, False)])
def test_the_check_blocks_the_way_to_the_champion(
    database: Database, monkeypatch: pytest.MonkeyPatch, metrics: Mapping[str, Any], promoted: bool
) -> None:
    """In Dagster: a failed check, and the champion's asset is not run; a passed one, and it is."""
    keep(database, "churn-1", metrics)
    result = materialize(
        [churn_model, churn_champion, candidate_beats_rules_and_champion],
        resources={"warehouse": GivenWarehouse(given_url=database.url_for("pipeline"))},
        instance=DagsterInstance.ephemeral(),
        raise_on_error=False,
    )
    (check,) = result.get_asset_check_evaluations()
    assert check.passed is promoted
    assert result.success is promoted
    assert bool(result.asset_materializations_for_node("churn_champion")) is promoted
    # No history in this database: the training harms nothing.
    (trained,) = result.asset_materializations_for_node("churn_model")
    assert "no candidate: found no visit" in str(trained.metadata["told"].value)
    assert standing(database) == {"churn-1": "champion" if promoted else "candidate"}


def test_the_command_takes_a_champion_back(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`jarvis churn rollback`, and a clear word where there is none."""
    monkeypatch.setattr("jarvis.cli.load_settings", lambda: database.settings)
    keep(database, "churn-1")
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
    assert main(["churn", "rollback", "--reason", "essai"]) == 0
    assert json.loads(capsys.readouterr().out) == {"decides": "rules"}
    assert main(["churn", "rollback", "--reason", "essai"]) == 1
    assert "found no champion" in capsys.readouterr().err
    assert main(["churn", "models"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "retired"


def test_a_champion_of_other_features_stops_no_scoring(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The rules score the day, and the log says why: a score of it would be a number without meaning."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    model = ChurnModel(columns=("age",), learners={"x": fitted}, weights={"x": 1.0}, calibration=fitted)
    keep(database, "churn-1", content=registry.dump(model))
    with database.connect("pipeline") as connection:
        stage.promote_waiting(connection, by="ada")
        assert stage.score_day(connection, thresholds=ChurnThresholds(), as_of=date(2026, 3, 2)).scored == 0
    assert "found the churn model churn-1 of other features than today's" in caplog.text
