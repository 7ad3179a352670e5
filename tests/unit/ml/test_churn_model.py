"""The churn model learns what is there and nothing else, tells true probabilities, and is the same each time."""

import json
from pathlib import Path

import numpy as np
import pytest

from jarvis.cli import main
from ml.churn.metrics import auc_gain_interval, auc_interval, figures, recall_at, reliability
from ml.churn.model import ChurnModel, Filled, Labels, Matrix, fit_average, fit_blend, with_calibration

COLUMNS = ("visits_28", "visits_84", "age")


def members(count: int, *, seed: int = 1) -> tuple[Matrix, Labels]:
    """Members who leave as this month's visits fall against the quarter's; the age says nothing."""
    chance = np.random.default_rng(seed)
    quarter = chance.poisson(20, count).astype(float)
    share = chance.beta(2, 4, count)
    month = np.floor(quarter * share)
    left = chance.random(count) < 1 / (1 + np.exp(14 * (month / np.maximum(quarter, 1) - 0.2)))
    rows = np.column_stack([month, quarter, chance.normal(40, 10, count)])
    rows[chance.random(count) < 0.05, 2] = np.nan
    return rows, left.astype(np.int64)


@pytest.fixture(scope="module")
def model() -> ChurnModel:
    """Fitted on 1,500 members."""
    return fit_blend(*members(1500), columns=COLUMNS)


def test_it_ranks_members_it_never_saw(model: ChurnModel) -> None:
    """Far above chance, and the shares of its learners add up to one."""
    rows, labels = members(1500, seed=2)
    assert figures(labels, model.probabilities(rows))["roc_auc"] > 0.85
    assert sum(model.weights.values()) == pytest.approx(1)


def test_its_probabilities_are_true(model: ChurnModel) -> None:
    """Of those said to leave with a given probability, about that share leaves."""
    rows, labels = members(4000, seed=3)
    for bin_ in reliability(labels, model.probabilities(rows), bins=5):
        assert abs(bin_["predicted"] - bin_["observed"]) < 0.1


def test_shuffled_labels_teach_nothing() -> None:
    """Near chance on rows it did not see: nothing of the label leaks through folds, encodings or calibration."""
    rows, labels = members(800)
    shuffled = np.random.default_rng(5).permutation(labels)
    fitted = fit_blend(rows[:500], shuffled[:500], columns=COLUMNS)
    assert 0.38 < figures(shuffled[500:], fitted.probabilities(rows[500:]))["roc_auc"] < 0.62


def test_the_same_rows_give_the_same_model() -> None:
    """To the last digit."""
    rows, labels = members(400)
    one, other = (fit_blend(rows, labels, columns=COLUMNS).probabilities(rows) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_rare_leavers_are_calibrated_by_a_sigmoid_and_many_by_steps() -> None:
    """A step function needs hundreds of both."""
    rows, labels = members(6000)
    fitted = fit_average(["logistic"], rows, labels, columns=COLUMNS)
    said = fitted.log_odds(rows)
    few = with_calibration(fitted, said[:200], labels[:200])
    many = with_calibration(fitted, said, labels)
    assert type(few.calibration).__name__ == "LogisticRegression"
    assert type(many.calibration).__name__ == "IsotonicRegression"


def test_the_staffs_calls_reach_the_likeliest() -> None:
    """The top 10 % of twenty rows are two calls."""
    labels = np.array([1, 0, 1, 0] + [0] * 16)
    probabilities = np.linspace(1, 0, 20)
    assert recall_at(labels, probabilities, share=0.1) == 0.5
    assert recall_at(labels, probabilities, share=0.15) == 1.0


def test_an_interval_tells_a_gain_from_luck() -> None:
    """Against chance the gain is sure; against itself there is none."""
    rows, labels = members(900)
    good, chance = -rows[:, 0] / rows[:, 1], np.random.default_rng(0).random(900)
    gain, low, high = auc_gain_interval(labels, good, chance, groups=range(900), rounds=60)
    assert 0.1 < low < gain < high
    assert auc_gain_interval(labels, good, good, groups=range(900), rounds=60) == (0, 0, 0)


def written(path: Path, *, count: int, seed: int) -> Path:
    """A table of members as a spreadsheet writes it."""
    rows, labels = members(count, seed=seed)
    lines = ["membre;visites_28;visites_84;age;formule;inscrit;parti"]
    for place, (row, left) in enumerate(zip(rows, labels, strict=True)):
        age = "" if np.isnan(row[2]) else f"{row[2]:.1f}".replace(".", ",")
        plan = "annuel" if place % 2 else "mensuel"
        day = f"{1 + place % 28:02d}/03/2025"
        lines.append(f"m{place};{row[0]:.0f};{row[1]:.0f};{age};{plan};{day};{'oui' if left else 'non'}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_figures_are_told_by_the_values_of_a_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each word its own, a figure by quarters, missing values apart; every row is in one slice of each column."""
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path / "home"))
    train, test = written(tmp_path / "a.csv", count=400, seed=1), written(tmp_path / "b.csv", count=300, seed=2)
    command = ["churn", "evaluate", "--train", str(train), "--test", str(test), "--label", "parti", "--id", "membre"]
    assert main([*command, "--slice", "formule", "--slice", "age"]) == 0
    slices = json.loads(capsys.readouterr().out)["slices"]
    by_column = {name: [one for one in slices if one["slice"] == name] for name in ("formule", "age")}
    assert [one["value"] for one in by_column["formule"]] == ["annuel", "mensuel"]
    assert len(by_column["age"]) == 5
    assert by_column["age"][-1]["value"] == "missing"
    assert {sum(one["rows"] for one in each) for each in by_column.values()} == {300}
    assert all(0 < one["predicted"] < 1 and one["roc_auc"] > 0.7 for one in by_column["formule"])
    assert main([*command, "--slice", "taille"]) == 1
    assert "found no column taille to slice by" in capsys.readouterr().err


def test_the_command_prints_one_line_of_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any flat table: French words, gaps, dates, a name of each row."""
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path / "home"))
    train, test = written(tmp_path / "a.csv", count=600, seed=1), written(tmp_path / "b.csv", count=400, seed=2)
    arguments = ["churn", "evaluate", "--train", str(train), "--test", str(test), "--label", "parti"]
    assert main([*arguments, "--id", "membre"]) == 0
    shown = capsys.readouterr()
    [line] = shown.out.splitlines()
    report = json.loads(line)
    assert report["roc_auc"] > 0.8
    assert report["rows"] == 400
    assert {"average_precision", "brier", "accuracy", "recall_at_10pct", "model", "fit_seconds"} <= set(report)
    assert main([*arguments[:-1], "depart"]) == 1
    assert "found no column depart, expected the label there" in capsys.readouterr().err


def test_a_column_that_states_the_leaving_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the way to leave it out, which silences the warning."""
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path / "home"))
    rows = ["visits,ended_in,left", *(f"{n % 9},{7 if n % 3 else -1},{0 if n % 3 else 1}" for n in range(90))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    arguments = ["churn", "evaluate", "--train", str(path), "--test", str(path), "--label", "left"]
    main(arguments)
    assert "column ended_in alone gives an AUC of 1.000" in capsys.readouterr().err
    main([*arguments, "--drop", "ended_in"])
    assert "ended_in" not in capsys.readouterr().err


def test_a_column_of_which_nothing_is_known_is_no_obstacle() -> None:
    """A network whose conversations were never analysed has no sentiment, and a fold may miss a rare column."""
    rows, labels = members(300)
    rows = np.column_stack([rows, np.full(300, np.nan)])
    rows[3, 3] = 1.0
    found = fit_blend(rows, labels, columns=(*COLUMNS, "sentiment")).probabilities(rows)
    assert np.isfinite(found).all()


def test_gaps_are_filled_as_the_library_would() -> None:
    """Medians and the columns that say where a value was missing are scikit-learn's, on rows it did not see too."""
    from sklearn.impute import SimpleImputer

    chance = np.random.default_rng(3)
    rows = chance.normal(size=(200, 5))
    rows[chance.random(rows.shape) < 0.2] = np.nan
    rows[:, 2] = 1.0
    unseen = chance.normal(size=(50, 5))
    unseen[chance.random(unseen.shape) < 0.5] = np.nan
    theirs = SimpleImputer(strategy="median", add_indicator=True).fit(rows)
    ours = Filled().fit(rows)
    np.testing.assert_array_equal(ours.transform(rows), theirs.transform(rows))
    np.testing.assert_array_equal(ours.transform(unseen), theirs.transform(unseen))


def test_the_interval_of_a_ranking_narrows_with_its_rows() -> None:
    """It holds the ranking's own figure, and ten times the rows say about three times as much."""
    widths = []
    for count in (300, 3000):
        chance = np.random.default_rng(5)
        labels = (chance.random(count) < 0.3).astype(np.int64)
        scores = labels + chance.normal(0, 1.5, count)
        low, high = auc_interval(labels, scores)
        assert low < figures(labels, 1 / (1 + np.exp(-scores)))["roc_auc"] < high
        widths.append(high - low)
    assert 2 < widths[0] / widths[1] < 5
    with pytest.raises(ValueError, match="one label only"):
        auc_interval(np.ones(5, dtype=np.int64), np.arange(5.0))
