"""``dream-api serve``: the product on a machine that people reach."""

import asyncio
from typing import Annotated

import typer

from dream_api.cli.configuration import DataOption, clock_of, has_own_master_key, load_settings
from dream_api.kit.services import ALL_SERVICES, ServiceName
from dream_api.settings import Settings


def serve(
    service: Annotated[
        list[ServiceName] | None, typer.Option(help="Serve only this one; may be repeated.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8787,
    workers: Annotated[int, typer.Option(min=1, help="Processes; SQLite allows one.")] = 1,
    data: DataOption = None,
) -> None:
    """Serve the product.

    With SQLite the worker runs inside: its store has one writing process. With PostgreSQL there
    may be several processes on several machines, and `dream-api worker` is one of its own.
    """
    from dream_api.app import engine_of
    from dream_api.cli.processes import run_processes
    from dream_api.cli.server import PORT_SECONDS_MAX, Serving, bind, run_product

    services = frozenset(service) if service else ALL_SERVICES
    looked_at = load_settings(data, if_no_master_key="go on")
    engine = engine_of(looked_at)
    is_many = engine.allows_many_processes
    problems = _missing_for_public(looked_at, services, is_many=is_many)
    if workers > 1 and not is_many:
        problems.append(
            f"--workers {workers}: an SQLite store has one serving process; leave --workers out."
        )
    if problems:
        for problem in problems:
            typer.secho(problem, fg="red", err=True)
        raise typer.Exit(2)
    asyncio.run(engine.check())
    settings = load_settings(data)  # Only now something may be written, a master key first.
    serving = Serving(settings, clock_of(settings), services, runs_loops=not is_many)
    sockets = bind((host,), port, patience_seconds=PORT_SECONDS_MAX)

    def say_ready() -> None:
        typer.echo(f"Serving {settings.public_url} on {host}:{port}")

    if workers == 1:
        run_product(serving, lambda: sockets, on_ready=say_ready)
    else:
        run_processes(serving, sockets, workers=workers, on_ready=say_ready)


def _missing_for_public(
    settings: Settings, services: frozenset[ServiceName], *, is_many: bool
) -> list[str]:
    """Name every development default that must not face the public; nothing for loopback."""
    if settings.is_loopback:
        return []
    problems = [
        f"DREAM_{name.upper()} is missing: a public deployment needs its own."
        for name in (
            "stripe_secret_key", "stripe_client_id", "stripe_price_id",
            "stripe_webhook_secrets", "stripe_connect_webhook_secrets", "smtp_url",
        )
        if not getattr(settings, name)
    ]  # fmt: skip
    if is_many:
        problems += _missing_roles(settings, services)
    if not settings.master_key or has_own_master_key(settings.data_dir):
        problems.append("DREAM_MASTER_KEY is missing: the key beside the data is for development.")
    if settings.stripe_api_base is not None:
        problems.append("DREAM_STRIPE_API_BASE is set: a public deployment talks to Stripe itself.")
    if not settings.public_url.startswith("https://"):
        problems.append("DREAM_PUBLIC_URL must start with https:// unless it is this machine.")
    return problems


def _missing_roles(settings: Settings, services: frozenset[ServiceName]) -> list[str]:
    """Name the roles that these services need; the migrator, who may do everything, is none."""
    roles = [service.replace("-", "_") for service in sorted(services)]
    if ServiceName.API_MULTI in services:
        roles.append("meter")
    return [
        f"DREAM_DATABASE_URL_{role.upper()} is missing: a public deployment gives each service "
        "a role of its own."
        for role in roles
        if getattr(settings, f"database_url_{role}") is None
    ]
