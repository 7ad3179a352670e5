"""Percentiles and sums of a page of meters, as Prometheus reads them."""

import math

import pytest

from dashboards.gateway_watch import page_of
from jarvis.meters import Histogram, Page

TEXT = """
# HELP api_seconds How long
# TYPE api_seconds histogram
api_seconds_bucket{route="/a",le="0.1"} 10
api_seconds_bucket{route="/a",le="0.2"} 90
api_seconds_bucket{route="/a",le="+Inf"} 100
api_seconds_count{route="/a"} 100
api_seconds_sum{route="/a"} 20
api_seconds_bucket{route="/b",le="0.1"} 10
api_seconds_bucket{route="/b",le="0.2"} 10
api_seconds_bucket{route="/b",le="+Inf"} 10
# TYPE answers counter
answers_total{route="/a",status="2xx"} 98
answers_total{route="/a",status="5xx"} 2
answers_total{route="/b",status="2xx"} 10
"""


@pytest.mark.parametrize(("share", "seconds"), [(0.05, 0.05), (0.5, 0.15), (0.9, 0.2), (0.99, 0.2)])
def test_a_percentile_lies_on_the_line_across_its_step(share: float, seconds: float) -> None:
    """Half of a hundred: forty of the eighty in the second step. Beyond the last bound, that bound."""
    assert page_of(TEXT).histogram("api_seconds", route="/a").percentile(share) == pytest.approx(seconds)


def test_histograms_of_several_routes_add_up() -> None:
    """All routes together are one histogram."""
    every = page_of(TEXT).histogram("api_seconds")
    assert (every.bounds, every.counts, every.count) == ([0.1, 0.2, math.inf], [20, 100, 110], 110)


def test_a_counter_is_summed_over_its_labels() -> None:
    """By route, by status, and all."""
    page = page_of(TEXT)
    assert [page.total("answers_total"), page.total("answers_total", status="5xx")] == [110, 2]
    assert page.total("answers_total", route="/b", status="5xx") == 0
    assert page.values("answers_total", "route") == ["/a", "/b"]


def test_what_was_never_timed_has_no_percentile() -> None:
    """An empty page and an empty histogram."""
    assert Page().histogram("api_seconds").percentile(0.5) is None
    assert Histogram([0.1, math.inf], [0, 0]).percentile(0.5) is None
