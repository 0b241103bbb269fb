"""One run of the bench: stores and servers of its own, measured, compared with the ledger."""

import asyncio
import tempfile
from pathlib import Path

import typer

from dream_api.app import Engine, engine_of
from dream_api.cli.bench.load import Clients
from dream_api.cli.bench.measuring import Line, Results, measure, sum_up
from dream_api.cli.bench.seeding import seed
from dream_api.cli.bench.servers import null_server, product_server
from dream_api.cli.configuration import load_settings
from dream_api.customers.metering import audit, count_ledger
from dream_api.gateways.clock import SystemClock
from dream_api.settings import Settings

_INVENTED_KEY = "sk_test_invented"  # Nobody is called with it.


def run(*, rounds: int, seconds: int, users: int, workers: int, database_url: str | None) -> bool:
    """Measure and print; tell whether everything that was acknowledged is there."""
    with tempfile.TemporaryDirectory(prefix="dream-bench-") as name:
        folder = Path(name)
        settings = _settings(folder, database_url)
        engine = engine_of(settings)
        typer.echo(f"Counting a first call of {users:,} end users…")
        key = asyncio.run(seed(engine, SystemClock(), users))
        seeded = _ledger_rows(engine)
        environment = _environment(folder, database_url)
        with (
            null_server(folder) as null,
            product_server(folder, workers, environment) as product,
            Clients(workers, key, users) as clients,
        ):
            results = measure(
                {"null": null, "product": product},
                clients,
                rounds=rounds,
                seconds=seconds,
                say=typer.echo,
            )
        _print(sum_up(results))
        return _verify(results, engine, seeded, workers)


def _settings(folder: Path, database_url: str | None) -> Settings:
    return load_settings(folder, public_url="http://127.0.0.1", database_url=database_url)


def _environment(folder: Path, database_url: str | None) -> dict[str, str]:
    environment = {
        "DREAM_DATA_DIR": str(folder),
        "DREAM_STRIPE_TEST_SECRET_KEY": _INVENTED_KEY,
    }
    return environment | ({} if database_url is None else {"DREAM_DATABASE_URL": database_url})


def _print(lines: list[Line]) -> None:
    columns = (
        ("req/s", 9), ("events/s", 9), ("ratio", 6), ("p50 ms", 7), ("p99 ms", 7), ("CPU us", 8),
        ("RSS MB", 7),
    )  # fmt: skip
    typer.echo(f"\n{'case':12} " + " ".join(f"{name:>{width}}" for name, width in columns))
    for line in lines:
        events_per_second = line.per_second * line.case.events
        typer.echo(
            f"{line.case.name:12} {line.per_second:9,.0f} {events_per_second:9,.0f}"
            f" {line.ratio:6.2f} {line.p50_ms:7.1f} {line.p99_ms:7.1f}"
            f" {line.cpu_microseconds:8,.0f} {line.memory_megabytes:7.0f}"
        )


def _verify(results: Results, engine: Engine, seeded: int, clients: int) -> bool:
    """Compare what was acknowledged with the ledger, and the ledger with every counter."""
    counted = {case: rounds for case, rounds in results.items() if case.counts}
    acknowledged = sum(
        (result.round.requests - result.round.failures) * case.events
        for case, rounds in counted.items()
        for result in rounds
    )
    cut_off_max = sum(
        case.connections * case.events * len(rounds) for case, rounds in counted.items()
    )
    failures = sum(result.round.failures for rounds in results.values() for result in rounds)
    stored = _ledger_rows(engine) - seeded
    differences = asyncio.run(_differences(engine))
    typer.echo(
        f"\nclients {clients}, acknowledged {acknowledged:,}, in the ledger {stored:,}"
        f" (up to {cut_off_max:,} were cut off unanswered at the ends of rounds),"
        f" {failures} failures, {differences} differences"
    )
    return acknowledged <= stored <= acknowledged + cut_off_max and not (failures or differences)


def _ledger_rows(engine: Engine) -> int:
    async def count() -> int:
        async with engine.opened_for_operator() as bindings:
            return await bindings.customers.read(count_ledger)

    return asyncio.run(count())


async def _differences(engine: Engine) -> int:
    async with engine.opened_for_operator() as bindings:
        return len(await bindings.customers.read(audit))
