"""A model is trained on settled months, must beat the rules, explains itself, and comes back whole from its bytes."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

import numpy as np
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from jarvis.absences import Declared
from jarvis.churn import ChurnThresholds, Contract, HeldBack, MemberHistory, RiskLevel
from ml.churn import registry
from ml.churn.card import card
from ml.churn.drift import DRIFTED_FEATURES, drifted_features, is_silent, reference
from ml.churn.explain import SCENARIOS, continued, reasons, without
from ml.churn.features import FEATURES, FEATURES_VERSION, Timeline
from ml.churn.scoring import Champion, banded, score_members
from ml.churn.snapshots import SETTLED_DAYS, matrix
from ml.churn.train import TooLittleHistory, Trained, split_days, train, verdict

TODAY = date(2026, 3, 2)
SEED = ChurnThresholds()
VERSION = UUID(int=99)


def life(number: int, chance: Random, *, days: int = 500, gyms: int = 2) -> MemberHistory:
    """A member who comes by habit; a third fade out over two months, and most of those cancel in the end."""
    first = TODAY - timedelta(days=days)
    habit = chance.uniform(0.15, 0.6)
    fades_on = first + timedelta(days=chance.randint(60, days)) if chance.random() < 0.45 else None
    leaves_on = fades_on + timedelta(days=chance.randint(40, 80)) if fades_on and chance.random() < 0.8 else None
    seen = []
    for offset in range(days):
        day = first + timedelta(days=offset)
        if leaves_on is not None and day >= leaves_on:
            break
        left = 1.0 if fades_on is None or day < fades_on else max(0.0, 1 - (day - fades_on).days / 45)
        if chance.random() < habit * left:
            seen.append(day)
    has_left = leaves_on is not None and leaves_on < TODAY
    return MemberHistory(
        gym_id=UUID(int=1 + number % gyms),
        member_id=UUID(int=1000 + number),
        joined_on=first - timedelta(days=chance.randint(0, 400)),
        left=((TODAY, date.max),) if has_left else (),
        birth_year=chance.randint(1950, 2008),
        seen_on=tuple(seen),
        contracts=(
            Contract(
                plan="a", started_on=first - timedelta(days=5), expires_on=first + timedelta(days=900),
                cancelled_on=leaves_on if has_left else None, monthly_price_eur=30.0,
            ),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def histories() -> list[MemberHistory]:
    """Six hundred members of two gyms over 500 days."""
    chance = Random(4)
    return [life(number, chance) for number in range(600)]


@pytest.fixture(scope="module")
def trained(histories: list[MemberHistory]) -> Trained:
    """What was learned of them."""
    return train(histories, today=TODAY, thresholds=SEED)


def test_it_beats_the_rules_for_sure(trained: Trained) -> None:
    """On months that came later; the verdict says by how much."""
    judged = verdict(trained.metrics)
    assert judged.may_be_promoted
    assert trained.metrics["model"]["roc_auc"] > trained.metrics["rules"]["roc_auc"] + 0.02
    assert trained.metrics["gain_over_rules"]["low"] > 0
    assert "against the rules" in judged.reasons[0]


def test_no_label_of_the_training_overlaps_the_test(histories: list[MemberHistory], trained: Trained) -> None:
    """Each slice is settled before the next begins: fitting, calibration, test, today."""
    months = split_days(Timeline.of(histories), today=TODAY)
    assert months.fit[-1] + timedelta(days=SETTLED_DAYS) <= months.calibration[0]
    assert months.calibration[-1] + timedelta(days=SETTLED_DAYS) <= months.test[0]
    assert months.test[-1] + timedelta(days=SETTLED_DAYS) <= TODAY
    assert set(months.fit) | set(months.calibration) <= set(months.before_test)
    assert (trained.window_starts_on, trained.window_ends_on) == (months.before_test[0], months.before_test[-1])
    assert trained.metrics["calibration_days"] == [day.isoformat() for day in months.calibration]


def test_what_is_not_settled_teaches_nothing(histories: list[MemberHistory], trained: Trained) -> None:
    """Another last quarter, the same model: visits and cancellations that nobody can judge yet are not looked at."""
    settled = TODAY - timedelta(days=1)
    other = [replace(one, seen_on=tuple(day for day in one.seen_on if day < settled)) for one in histories]
    again = train(other, today=TODAY, thresholds=SEED)
    rows = matrix(Timeline.of(histories).snapshot(date(2025, 10, 1)))
    np.testing.assert_allclose(trained.model.probabilities(rows), again.model.probabilities(rows), atol=1e-9)


def test_a_worse_challenger_is_refused(trained: Trained) -> None:
    """Worse than the champion, or not surely better than the rules."""
    good = dict(trained.metrics)
    worse = good | {"gain_over_champion": {"gain": -0.02, "low": -0.04, "high": 0.0}}
    like = good | {"gain_over_champion": {"gain": 0.001, "low": -0.004, "high": 0.006}}
    lucky = good | {"gain_over_rules": {"gain": 0.01, "low": -0.01, "high": 0.03}}
    assert not verdict(worse).may_be_promoted
    assert verdict(like).may_be_promoted
    assert not verdict(lucky).may_be_promoted


def test_labels_without_meaning_are_not_promoted(histories: list[MemberHistory]) -> None:
    """Leaving drawn by lot: nothing can be learned, and nothing is."""
    chance = Random(8)
    drawn = [
        replace(
            one,
            contracts=(
                replace(
                    one.contracts[0],
                    cancelled_on=TODAY - timedelta(days=chance.randint(10, 400)) if chance.random() < 0.5 else None,
                ),
            ),
        )
        for one in histories
    ]
    found = train(drawn, today=TODAY, thresholds=SEED)
    assert found.metrics["model"]["roc_auc"] < 0.62


def test_too_little_history_is_told(histories: list[MemberHistory]) -> None:
    """Some months only, or hardly anybody: the rules go on."""
    recent = [
        replace(one, seen_on=tuple(day for day in one.seen_on if day > TODAY - timedelta(days=150)))
        for one in histories
    ]
    with pytest.raises(TooLittleHistory, match="settled months"):
        train(recent, today=TODAY, thresholds=SEED)
    with pytest.raises(TooLittleHistory, match="leavers"):
        train(histories[:40], today=TODAY, thresholds=SEED)


def test_a_model_comes_back_whole_from_its_bytes(histories: list[MemberHistory], trained: Trained) -> None:
    """The same probabilities to the last digit, with preprocessing, columns and what scoring needs."""
    rows = matrix(Timeline.of(histories).snapshot(TODAY))
    again = registry.load(registry.dump(trained.model))
    np.testing.assert_array_equal(again.probabilities(rows), trained.model.probabilities(rows))
    assert again.columns == FEATURES
    assert set(again.about) == {"features_version", "gym_references", "typical", "gym_leavers", "spread"}


def test_a_strangers_file_is_refused(trained: Trained) -> None:
    """Another type, or no skops file at all."""
    with pytest.raises(registry.RegistryError, match="expected only our own"):
        registry.load(skops.io.dumps({"learners": {"x": Stranger()}}))
    with pytest.raises(registry.RegistryError, match="found no skops file"):
        registry.load(b"\x80\x04pickle")


@pytest.mark.parametrize("version", [None, 1, FEATURES_VERSION + 1])
def test_a_model_that_learned_another_meaning_of_the_same_columns_scores_nobody(
    trained: Trained, version: int | None
) -> None:
    """One of before the meanings were counted has the first; so does one of other columns."""
    about = {name: value for name, value in trained.model.about.items() if name != "features_version"}
    model = replace(trained.model, about=about if version is None else about | {"features_version": version})
    kept = registry.load(registry.dump(trained.model))
    assert registry.knows_todays_features(kept)
    assert not registry.knows_todays_features(registry.load(registry.dump(model)))
    assert not registry.knows_todays_features(registry.load(registry.dump(replace(kept, columns=("age",)))))


class Stranger(LinearRegression):  # type: ignore[misc]
    """An object of somebody else's."""


def test_the_champion_decides_and_the_row_says_so(histories: list[MemberHistory], trained: Trained) -> None:
    """Its probability is the score; the rules' score stands beside it."""
    by_rules = score_members(histories, as_of=TODAY, thresholds=SEED)
    by_model = score_members(histories, as_of=TODAY, thresholds=SEED, champion=Champion(VERSION, trained.model))
    assert {one.model_version_id for one in by_model} == {VERSION}
    assert all(one.is_calibrated for one in by_model)
    assert {one.model_version_id for one in by_rules} == {None}
    assert [one.rules_score for one in by_model] == [one.score for one in by_rules]
    assert [one.member_id for one in by_model] == [one.member_id for one in by_rules]


def test_taking_the_first_reason_away_lowers_the_score(histories: list[MemberHistory], trained: Trained) -> None:
    """By the points it shows, for every member at high or above; three reasons at most, the heaviest first."""
    timeline = Timeline.of(histories)
    frame = timeline.snapshot(TODAY)
    rows = dict(zip([timeline.members[place].member_id for place in frame["place"]], matrix(frame), strict=True))
    scores = score_members(histories, as_of=TODAY, thresholds=SEED, champion=Champion(VERSION, trained.model))
    risky = [one for one in scores if one.level in (RiskLevel.HIGH, RiskLevel.CRITICAL)]
    assert len(risky) >= 5
    for one in risky:
        assert 1 <= len(one.factors) <= 3
        assert [each.points for each in one.factors] == sorted((each.points for each in one.factors), reverse=True)
        first = one.factors[0]
        changed = without(rows[one.member_id][None, :], first.factor, trained.model.about["typical"])
        after = float(trained.model.probabilities(changed)[0])
        assert after < one.score
        assert one.score - after == pytest.approx(first.points, abs=0.002)
        assert first.text.endswith(".")
        assert first.data


@pytest.mark.parametrize(
    ("changes", "factor", "text"),
    [
        ({"unsolved_84": 1.0}, "unsolved", "Une réclamation est restée sans solution en douze semaines."),
        ({"unsolved_84": 2.0}, "unsolved", "2 réclamations sont restées sans solution en douze semaines."),
        ({"about_money_84": 1.0}, "about_money", "A dit son mécontentement de l'abonnement ou de la facture."),
        ({"wants_out_84": 1.0}, "wants_out", "A parlé de suspendre son abonnement."),
        ({"wants_out_84": 1.0, "cancelling_84": 1.0}, "wants_out", "A parlé de résilier son abonnement."),
    ],
)
def test_what_was_said_is_a_reason_and_taking_it_away_lowers_the_score(
    changes: dict[str, float], factor: str, text: str
) -> None:
    """By exactly its points, in a manager's words."""
    row = np.zeros((1, len(FEATURES)))
    for name, value in changes.items():
        row[0, FEATURES.index(name)] = value

    def score_of(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(0.1 + 0.2 * sum(rows[:, FEATURES.index(name)] for name in changes), dtype=float)

    described = dict(zip(FEATURES, row[0].tolist(), strict=True)) | {"as_of": TODAY, "last_seen": float("nan")}
    typical = [0.0] * len(FEATURES)
    (told,) = reasons(row, [described], score_of(row), score_of=score_of, typical=typical)
    assert [(one.factor, one.text) for one in told] == [(factor, text)]
    assert score_of(row)[0] - score_of(without(row, factor, typical))[0] == pytest.approx(told[0].points, abs=0.001)


def test_a_counterfactual_holds_when_it_is_lived(histories: list[MemberHistory], trained: Trained) -> None:
    """The member who does what it says is below high when scored again, in a gym that goes on as it does."""
    champion = Champion(VERSION, trained.model)
    scores = score_members(histories, as_of=TODAY, thresholds=SEED, champion=champion)
    promised = [one for one in scores if one.counterfactual]
    assert promised
    by_text = {f"Repasserait sous élevé {scenario.text}.": scenario for scenario in SCENARIOS}
    frame = Timeline.of(histories).snapshot(TODAY)
    trend = dict(zip(frame["place"].to_list(), frame["gym_trend"].to_list(), strict=True))
    for one in promised[:5]:
        place = next(place for place, each in enumerate(histories) if each.member_id == one.member_id)
        scenario = by_text[str(one.counterfactual)]
        later = Timeline.of([continued(histories[place], TODAY, scenario)]).snapshot(
            TODAY + timedelta(days=scenario.days)
        )
        row = matrix(later)
        row[0, FEATURES.index("gym_trend")] = trend[place]
        assert trained.model.probabilities(row)[0] < banded(SEED, trained.model).high_from <= one.score


def test_levels_follow_what_the_staff_can_call(trained: Trained) -> None:
    """About the share they can call is high, the settings' levels stay upper bounds, and 0 leaves those alone."""
    spread = np.asarray(trained.model.about["spread"])
    for share in (0.02, 0.1):
        found = banded(replace(SEED, call_share=share), trained.model)
        assert (spread >= found.high_from).mean() >= share * 0.9
        assert found.medium_from <= found.high_from <= found.critical_from
        assert (found.medium_from, found.high_from, found.critical_from) <= (0.3, 0.5, 0.7)
    off = replace(SEED, call_share=0.0)
    assert banded(off, trained.model) == off


@pytest.mark.parametrize(
    ("score", "level"),
    [(0.049, "low"), (0.05, "medium"), (0.149, "medium"), (0.15, "high"), (0.249, "high"), (0.25, "critical")],
)
def test_a_models_levels_begin_at_the_share_that_can_be_called(trained: Trained, score: float, level: str) -> None:
    """A third of the share is critical, the share high, three shares medium; a score on the limit is above it."""
    spread = [0.01] * 600 + [0.05] * 250 + [0.15] * 100 + [0.25] * 50
    model = replace(trained.model, about=dict(trained.model.about) | {"spread": spread})
    found = banded(replace(SEED, call_share=0.1), model)
    assert (found.medium_from, found.high_from, found.critical_from) == (0.05, 0.15, 0.25)
    assert found.level(score).value == level


@pytest.mark.parametrize(("score", "level"), [(0.499, "medium"), (0.5, "high"), (0.699, "high"), (0.7, "critical")])
def test_the_designs_limits_hold_for_a_sure_model(trained: Trained, score: float, level: str) -> None:
    """Where more members than can be called reach 0.5, all of them are high."""
    model = replace(trained.model, about=dict(trained.model.about) | {"spread": [0.9] * 1000})
    assert banded(SEED, model) == SEED
    assert banded(SEED, model).level(score).value == level


def test_a_small_gym_borrows_and_says_so(histories: list[MemberHistory], trained: Trained) -> None:
    """Eighty members of a gym the model never saw are scored by what all gyms taught."""
    small = [replace(one, gym_id=UUID(int=77)) for one in histories[:80]]
    scores = score_members(
        [*histories[80:], *small], as_of=TODAY, thresholds=SEED, champion=Champion(VERSION, trained.model)
    )
    pooled = {one.gym_id: one.pooled for one in scores}
    assert pooled == {UUID(int=1): False, UUID(int=2): False, UUID(int=77): True}


def silenced(histories: list[MemberHistory], gym_id: UUID, *, days: int = 7) -> list[MemberHistory]:
    """The gym's door loses every second check-in of its last days."""
    chance, since = Random(6), TODAY - timedelta(days=days)
    return [
        one
        if one.gym_id != gym_id
        else replace(one, seen_on=tuple(day for day in one.seen_on if day < since or chance.random() < 0.5))
        for one in histories
    ]


@pytest.mark.parametrize("has_champion", [False, True])
def test_half_the_check_ins_lost_hold_a_gyms_scores_back(
    histories: list[MemberHistory], trained: Trained, has_champion: bool
) -> None:
    """That gym's and no other's; before the loss none is held back."""
    champion = Champion(VERSION, trained.model) if has_champion else None

    def held(of: list[MemberHistory]) -> set[tuple[UUID, HeldBack | None]]:
        scores = score_members(of, as_of=TODAY, thresholds=SEED, champion=champion)
        return {(one.gym_id, one.held_back_reason) for one in scores}

    assert held(histories) == {(UUID(int=1), None), (UUID(int=2), None)}
    assert held(silenced(histories, UUID(int=2))) == {(UUID(int=1), None), (UUID(int=2), HeldBack.CHECKINS_SILENT)}


def test_a_holiday_is_no_silence() -> None:
    """Quiet days that a closure or a holiday explains are left out; a small gym's quiet week is chance."""
    usual, quiet = [20] * 56, [8] * 7
    assert is_silent([*usual, *quiet], [False] * 63)
    assert not is_silent([*usual, *quiet], [False] * 56 + [True] * 7)
    assert not is_silent([*usual, *([19] * 7)], [False] * 63)
    assert not is_silent([1] * 56 + [0] * 7, [False] * 63)


def test_features_that_moved_are_named() -> None:
    """The same people: none. Visits counted twice: those features, the most moved first."""
    chance = np.random.default_rng(1)
    rows = chance.gamma(2.0, 3.0, (900, len(FEATURES)))
    expected = reference(rows[:600])
    moved = rows[600:].copy()
    moved[:, FEATURES.index("visits_28")] *= 3
    assert drifted_features(rows[600:], expected) == []
    assert drifted_features(moved, expected) == ["visits_28"]
    assert drifted_features(moved[:20], expected) == []


def test_eighty_members_of_the_same_kind_have_not_drifted() -> None:
    """The index of a small sample is never 0: what chance alone gives is no drift."""
    chance = np.random.default_rng(2)
    expected = reference(chance.gamma(2.0, 3.0, (900, len(FEATURES))))
    found = [drifted_features(chance.gamma(2.0, 3.0, (80, len(FEATURES))), expected) for _ in range(50)]
    assert max(len(one) for one in found) <= DRIFTED_FEATURES // 4


def test_who_is_away_or_shut_out_is_held_back(histories: list[MemberHistory]) -> None:
    """On the days of the absence or the closure, and not the day after."""
    away = replace(histories[0], left=(), away=(Declared(TODAY - timedelta(days=3), TODAY),), contracts=())
    shut = replace(away, away=(), closed=(Declared(TODAY, TODAY),))
    reasons = [
        [one.held_back_reason for one in score_members([each], as_of=day, thresholds=SEED)]
        for each in (away, shut)
        for day in (TODAY, TODAY + timedelta(days=1))
    ]
    assert reasons == [[HeldBack.DECLARED_ABSENCE], [None], [HeldBack.GYM_CLOSED], [None]]


def test_the_card_says_what_was_measured(trained: Trained) -> None:
    """Window, figures beside the rules', and a line per slice with the gym's own name."""
    shown = card(
        version="churn-1", status="champion", window=("2025-01-01", "2025-06-01"),
        training_rows=trained.training_rows, columns=FEATURES, sha256="ab", metrics=trained.metrics,
        gyms={str(UUID(int=1)): "dax", str(UUID(int=2)): "pau"},
    )  # fmt: skip
    assert f"| this model | {trained.metrics['model']['roc_auc']:.3f} |" in shown
    assert f"| the seed's rules | {trained.metrics['rules']['roc_auc']:.3f} |" in shown
    assert "\n| dax |" in shown
    assert "\n| pau |" in shown
    assert "from 2025-01-01 to 2025-06-01" in shown
    assert str(UUID(int=1)) not in shown


def test_the_slices_cover_everybody(trained: Trained) -> None:
    """By age, tenure and gym the rows add up to the same; each has its recall and alert rate."""
    sums = {
        dimension: sum(one["rows"] for one in trained.metrics["slices"] if one["slice"] == dimension)
        for dimension in ("age", "tenure", "gym")
    }
    assert len(set(sums.values())) == 1
    assert all(0 <= one["alert_rate"] <= 1 for one in trained.metrics["slices"])
