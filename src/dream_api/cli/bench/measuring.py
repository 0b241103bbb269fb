"""Run the cases in turns, so that a noisy neighbour hits all of them, and sum up by medians."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from dream_api.cli.bench.load import Case, Clients, Round
from dream_api.cli.bench.servers import Server

NULL = Case("null", "/v1/track", has_keys=True)
BATCH_EVENTS = 1_000
CASES = (
    NULL,
    Case("track, keys", "/v1/track", has_keys=True),
    Case("track", "/v1/track"),
    Case("check", "/v1/check"),
    Case("batch", "/v1/track/batch", events=BATCH_EVENTS, connections=4),
)
WARM_UP_SECONDS = 2


@dataclass(frozen=True)
class Result:
    """One round of one case, with what it cost the server."""

    round: Round
    cpu_microseconds: float
    memory_megabytes: float


Results = dict[Case, list[Result]]
"""Rounds by case; the first of each is the warm-up."""


@dataclass(frozen=True)
class Line:
    """What a case came to: medians over the measured rounds; times in milliseconds."""

    case: Case
    per_second: float
    ratio: float
    p50_ms: float
    p99_ms: float
    cpu_microseconds: float
    memory_megabytes: float


def measure(
    servers: dict[str, Server],
    clients: Clients,
    *,
    rounds: int,
    seconds: int,
    say: Callable[[str], None],
) -> Results:
    """Run every case once a round; ``servers`` are named ``null`` and ``product``."""
    results: Results = {case: [] for case in CASES}
    for number in range(rounds + 1):
        for case in CASES:
            server = servers["null" if case is NULL else "product"]
            load = partial(clients.run, case, server.port, seconds if number else WARM_UP_SECONDS)
            result = _one(server, load)
            results[case].append(result)
            if number:
                say(f"round {number}: {case.name:12} {result.round.per_second:9,.0f}/s")
    return results


def sum_up(results: Results) -> list[Line]:
    """Give a line a case, in the order that they were run."""
    ceiling = statistics.median(result.round.per_second for result in results[NULL][1:])
    lines = []
    for case, (_, *measured) in results.items():
        per_second = statistics.median(result.round.per_second for result in measured)
        lines.append(
            Line(
                case,
                per_second,
                per_second / ceiling,
                statistics.median(result.round.p50_ms for result in measured),
                statistics.median(result.round.p99_ms for result in measured),
                statistics.median(result.cpu_microseconds for result in measured),
                measured[-1].memory_megabytes,
            )
        )
    return lines


def _one(server: Server, load: Callable[[], Round]) -> Result:
    before = server.cpu_seconds()
    outcome = load()
    spent = (server.cpu_seconds() - before) / max(outcome.requests, 1)
    return Result(outcome, spent * 1e6, server.memory_megabytes())
