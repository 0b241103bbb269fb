"""Measures for Prometheus. Routes are patterns and platforms never labels, so both stay few."""

from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.types import Scope

from dream_api.services.http.problems import route_of

_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measures:
    """Counts requests and their durations in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "dream_http_requests", "Requests answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "dream_http_request_seconds",
            "Time from headers to the end of the answer.",
            ("route",),
            buckets=_BUCKETS_SECONDS,
            registry=self.registry,
        )

    def observe(self, scope: Scope, status: int, duration_seconds: float) -> None:
        """Count one request."""
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        answered = status or HTTPStatus.REQUEST_TIMEOUT.value
        self._requests.labels(method, route, answered).inc()
        self._seconds.labels(route).observe(duration_seconds)

    def exposition(self) -> bytes:
        """Give everything in Prometheus's text format."""
        return generate_latest(self.registry)
