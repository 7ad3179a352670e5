"""Charts as plotly gets them: with the room and the scale they need, so that a browser draws each of them once."""

from datetime import date, timedelta
from decimal import Decimal

import plotly.graph_objects as go
import pytest

from dashboards import costs_figures, figures, network, network_figures
from dashboards.figures import Series

DAYS = [date(2026, 10, 26) + timedelta(days=day) for day in range(28)]


def bars(*values: float, name: str = "Passages") -> Series:
    return Series(name=name, values=values, colour=figures.BLUE)


@pytest.mark.parametrize(
    ("highest", "step"),
    [(0, 1), (5, 1), (6, 2), (100, 20), (1100, 200), (1340, 500), (0.3, 0.1), (0.004, 0.001)],
)
def test_a_scale_has_the_step_that_plotly_takes(highest: float, step: float) -> None:
    """Two, five or ten of a power of ten, in at most six parts; an empty chart has one too."""
    assert figures.step_to(highest) == pytest.approx(step)


def test_what_is_counted_in_whole_has_whole_steps() -> None:
    """One visit is no five lines of a fifth; dollars have their cents."""
    assert figures.over_time(DAYS[:1], [bars(1)]).layout.yaxis.dtick == 1
    assert figures.over_time(DAYS[:1], [bars(0.3)], unit=" $", decimals=3).layout.yaxis.dtick == pytest.approx(0.1)


def test_bars_that_stand_on_one_another_need_the_room_of_their_sum() -> None:
    """A scale of thousands has wider numbers than one of hundreds."""
    apart, stacked = (
        figures.over_time(DAYS[:1], [bars(900), bars(900, name="Autres")], is_stacked=is_stacked).layout
        for is_stacked in (False, True)
    )
    assert (apart.yaxis.dtick, stacked.yaxis.dtick) == (200, 500)
    assert apart.margin.l < stacked.margin.l


@pytest.mark.parametrize(
    ("words", "pixels"),
    # As Chromium measures them in Streamlit's font at 12 px.
    [("100", 17.9), ("1 000", 26.3), ("100 %", 30.3), ("Machines et matériel", 103.8), ("Abonnement", 65.3),
     ("Montpellier Antigone", 105.1), ("Relu en cache", 69.0), ("Dimanche", 50.9)],
)  # fmt: skip
def test_labels_have_room(words: str, pixels: float) -> None:
    """They and the 9 px beside them fit, and not much is left."""
    wide = pixels * figures.TEXT["size"] / 12
    assert wide + 9 <= figures.room([words])["l"] <= 1.2 * wide + 14


@pytest.mark.parametrize(
    "figure",
    [
        figures.over_time(DAYS, [bars(*range(28))]),
        figures.ranked(["Facturation"], [bars(3)], picks=["billing"]),
        figures.hours_map([8, 9], ["Lundi"], [[1.0, None]]),
        figures.stay_line([0, 1], [100.0, 80.0], name="Encore là"),
        costs_figures.day_by_day({DAYS[0]: Decimal(3)}, [], first=DAYS[0], last=DAYS[-1], labels=["Coût", "Habitude"]),
        costs_figures.parts({"Voix": Decimal(3)}),
        network_figures.standing(["Dax", "Pau"], [1.0, 2.0], None, decimals=1, unit="", labels=["", ""]),
    ],
)
def test_a_chart_carries_its_room_and_no_template(figure: go.Figure) -> None:
    """Streamlit's theme is in the browser: plotly's own would be most of what a chart weighs."""
    assert figure.layout.margin.l > 10
    assert not figure.layout.template.layout.colorway
    assert len(figure.to_json()) < 4000


def test_a_great_network_draws_its_ends() -> None:
    """Forty gyms are drawn, a hundred are not: the fifteen lowest and the fifteen highest stand for them."""
    told = [(f"Salle {number}", float(number)) for number in range(100)]
    assert network.ends(told[:40]) == told[:40]
    assert [value for _, value in network.ends(told[::-1])] == [*range(15), *range(85, 100)]
