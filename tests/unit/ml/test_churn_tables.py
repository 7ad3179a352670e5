"""Any flat table becomes numbers: mixed types, gaps, French and English, dates, names; errors that say what to do."""

from pathlib import Path

import numpy as np
import pytest

from ml.churn.tables import Encoder, Table, TableError, labels_of, read_table


def table(**columns: list[str]) -> Table:
    """A table of these columns."""
    return Table("t.csv", columns, len(next(iter(columns.values()))))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "2.5", "", "-3e2"], [1, 2.5, np.nan, -300]),
        (["1 234,5", "12,0", "NaN", "7"], [1234.5, 12, np.nan, 7]),
        (["oui", "non", "Oui", "?"], [1, 0, 1, np.nan]),
        (["True", "FALSE", "true", "n/a"], [1, 0, 1, np.nan]),
    ],
)
def test_figures_and_answers_in_both_languages(values: list[str], expected: list[float]) -> None:
    """Decimal points and commas, yes and oui; what is missing is NaN and nothing else."""
    found = Encoder.fit(table(a=values), without=[]).matrix(table(a=values))
    np.testing.assert_allclose(found[:, 0], expected)


@pytest.mark.parametrize("values", [["2026-03-02", "2025-12-31", ""], ["02/03/2026", "31/12/2025", "null"]])
def test_dates_are_days_and_months(values: list[str]) -> None:
    """ISO and French; a day further on is a number one greater."""
    found = Encoder.fit(table(a=values), without=[]).matrix(table(a=values))
    assert found[0, 0] - found[1, 0] == 61
    assert found[:2, 1].tolist() == [3, 12]
    assert np.isnan(found[2]).all()


def test_words_have_an_output_each_and_new_ones_share_the_last() -> None:
    """A word that training never saw is no error."""
    encoder = Encoder.fit(table(plan=["annuel"] * 12 + ["mensuel"] * 11 + ["essai"]), without=[])
    assert encoder.names == ["plan=annuel", "plan=mensuel", "plan=…"]
    found = encoder.matrix(table(plan=["Mensuel ", "essai", "jamais vu", ""]))
    assert found.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]]


def test_what_cannot_tell_anything_is_left_out_with_its_reason() -> None:
    """Constants, empty columns and names of rows."""
    encoder = Encoder.fit(
        table(
            id=[f"m{number}" for number in range(200)],
            gym=["dax"] * 200,
            empty=[""] * 200,
            age=[str(number % 7) for number in range(200)],
            note=[f"w{number % 40}" for number in range(200)],
        ),
        without=[],
    )
    assert encoder.names == ["age"]
    assert encoder.left_out == {
        "id": "a name of each row", "gym": "constant", "empty": "empty", "note": "no word often enough"
    }  # fmt: skip


def test_a_value_that_is_not_a_figure_is_missing_in_a_column_of_figures() -> None:
    """One typing error in twenty rows does not turn an age into a word."""
    values = [str(number) for number in range(39)] + ["trente"]
    found = Encoder.fit(table(age=values), without=[]).matrix(table(age=values))
    assert np.isnan(found[:, 0]).tolist() == [False] * 39 + [True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3\n", "found 1 values in row 3, expected 2"),
        ("a,a\n1,2\n", "found the column a twice"),
        ("a,b\n", "found no rows"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """What was found, what was expected."""
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=message):
        read_table(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Its path is in the message."""
    with pytest.raises(TableError, match=r"missing\.csv: cannot be read"):
        read_table(tmp_path / "missing.csv")


def test_semicolons_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    """As French spreadsheets write them."""
    path = tmp_path / "t.csv"
    path.write_text("\ufeffâge;parti\n31;oui\n40;non\n", encoding="utf-8")
    found = read_table(path)
    assert list(found.columns) == ["âge", "parti"]
    assert labels_of(found, "parti").tolist() == [1, 0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "0", "peut-être"], "found 'peut-être' in left, expected yes or no"),
        (["1", "", "0"], "found '' in left"),
        (["1", "1", "1"], "found one value only in left"),
    ],
)
def test_labels_are_yes_or_no_in_every_row(values: list[str], message: str) -> None:
    """Never guessed."""
    with pytest.raises(TableError, match=message):
        labels_of(table(left=values), "left")


def test_a_table_without_labels_says_which_column_is_missing() -> None:
    """The test file may have been handed out without them."""
    with pytest.raises(TableError, match="found no column left, expected the label there"):
        labels_of(table(age=["1"]), "left")


def test_a_column_the_other_table_lacks_is_named() -> None:
    """Not filled with guesses."""
    encoder = Encoder.fit(table(age=["1", "2"], visits=["3", "4"]), without=[])
    with pytest.raises(TableError, match="found no column visits"):
        encoder.matrix(table(age=["1"]))


@pytest.mark.parametrize("sign", ["\u2028", "\x0b", "\x85", "\n"], ids=["line separator", "tab", "next line", "line"])
def test_a_field_may_hold_any_sign_between_its_quotes(tmp_path: Path, sign: str) -> None:
    """A row ends where CSV ends it, not at every sign that starts a line in Unicode."""
    path = tmp_path / "t.csv"
    path.write_text(f'name,left\n"Léa{sign}Roy",1\nTom,0\n', encoding="utf-8")
    assert read_table(path).columns == {"name": [f"Léa{sign}Roy", "Tom"], "left": ["1", "0"]}


def test_a_file_that_is_no_csv_is_refused_in_words(tmp_path: Path) -> None:
    """What the reader gives up on is named, not thrown."""
    path = tmp_path / "t.csv"
    path.write_text("name,left\n" + "x" * 200_000 + ",1\n", encoding="utf-8")
    with pytest.raises(TableError, match="expected a CSV file"):
        read_table(path)
