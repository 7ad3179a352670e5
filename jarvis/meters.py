"""What a Prometheus page of our gateway says: percentiles of its histograms and sums of its counters. Pure.

A histogram knows how many took at most so long; a percentile lies within one of its steps and is taken on the straight
line across it, as Prometheus's own `histogram_quantile` does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Labels = Mapping[str, str]

# The route of a request that matched none: an address is no label, or whoever guesses them would make as many meters.
NO_ROUTE = "none"


@dataclass(frozen=True, slots=True)
class Histogram:
    """One histogram: its upper bounds in seconds, each with how many were at most so long."""

    bounds: Sequence[float]
    """Ascending, the last one infinite."""
    counts: Sequence[float]

    @property
    def count(self) -> int:
        """How many were timed."""
        return int(self.counts[-1]) if self.counts else 0

    def percentile(self, share: float) -> float | None:
        """Seconds that this share of them took at most; None where nothing was timed.

        Beyond the last finite bound nothing is known but that it was longer: that bound is the answer.
        """
        if not self.count:
            return None
        rank, before_bound, before_count = share * self.counts[-1], 0.0, 0.0
        for bound, count in zip(self.bounds, self.counts, strict=True):
            if count >= rank:
                if math.isinf(bound):
                    return before_bound
                within = count - before_count
                return before_bound + (bound - before_bound) * ((rank - before_count) / within if within else 0.0)
            before_bound, before_count = bound, count
        return before_bound


@dataclass(frozen=True, slots=True)
class Page:
    """All samples of one page of meters."""

    samples: Mapping[str, Sequence[tuple[Labels, float]]] = field(default_factory=dict)
    """Sample's name to its labels and values."""

    def total(self, name: str, **labels: str) -> float:
        """The sum of a counter's or gauge's samples with these labels; 0 where there is none."""
        return sum(value for found, value in self.samples.get(name, ()) if labels.items() <= found.items())

    def values(self, name: str, label: str) -> list[str]:
        """The values a label has among a name's samples, sorted."""
        return sorted({found[label] for found, _ in self.samples.get(name, ()) if label in found})

    def leaving_out(self, label: str, value: str) -> "Page":
        """The same page without the samples that have this value of the label."""
        kept = {name: [one for one in samples if one[0].get(label) != value] for name, samples in self.samples.items()}
        return Page(kept)

    def histogram(self, name: str, **labels: str) -> Histogram:
        """A histogram by its family's name, summed over all samples with these labels."""
        summed: dict[float, float] = {}
        for found, value in self.samples.get(f"{name}_bucket", ()):
            if labels.items() <= found.items():
                bound = float(found["le"])
                summed[bound] = summed.get(bound, 0.0) + value
        bounds = sorted(summed)
        return Histogram(bounds, [summed[bound] for bound in bounds])
