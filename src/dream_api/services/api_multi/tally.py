"""Measures of the hot path: plain integers that become Prometheus's when somebody looks.

A labelled counter and histogram cost more than the rest of an answer; the routes of this path
are known by heart, so counting is two additions.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override  # typing has it only since Python 3.12.

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class RouteTally:
    """How many answers one route gave, and how long they took. Used by one thread."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_SECONDS) + 1)
        self.total_seconds = 0.0

    def add(self, duration_seconds: float) -> None:
        """Count one answer."""
        self.counts[bisect_left(BUCKETS_SECONDS, duration_seconds)] += 1
        self.total_seconds += duration_seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Give the cumulative buckets of a Prometheus histogram."""
        bounds = [*(str(bound) for bound in BUCKETS_SECONDS), "+Inf"]
        cumulative, total = [], 0
        for bound, count in zip(bounds, self.counts, strict=True):
            total += count
            cumulative.append((bound, float(total)))
        return cumulative


class Tally(Collector):
    """The tallies of several routes; register it to have them exposed."""

    def __init__(self, routes: Mapping[str, RouteTally]) -> None:
        self._routes = routes

    @override
    def collect(self) -> Iterable[Metric]:
        """Give the histogram of all routes."""
        family = HistogramMetricFamily(
            "dream_data_plane_seconds",
            "Time that the data plane took for the plain calls of servers; all answered 200.",
            labels=["route"],
        )
        for route, tally in self._routes.items():
            family.add_metric([route], tally.buckets(), tally.total_seconds)
        yield family
