"""``dream-api dev``: everything on this machine, with no account anywhere and no internet.

The Stripe simulator is a process of its own, reached over HTTP alone; services and worker share
this one.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dream_api.cli.configuration import (
    CLOCK_FILE,
    DataOption,
    load_settings,
    read_arrangement,
    write_arrangement,
)
from dream_api.cli.simulator import SIMULATOR_APPLICATIONS, SIMULATOR_HOST, run_simulator
from dream_api.gateways.clock import MovableClock
from dream_api.kit.keys import Mode
from dream_api.settings import Settings


def dev(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the product listens.")] = 8787,
    stripe_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the simulator listens.")
    ] = 12111,
    data: DataOption = None,
) -> None:
    """Run the whole product here: services, worker and a Stripe simulator. Ctrl-C stops it."""
    from dream_api.app import engine_of
    from dream_api.cli.server import LOOPBACK_HOSTS, Serving, bind, run_product
    from dream_api.stores.sqlite import check_not_served

    public_url = f"http://localhost:{port}"
    settings = load_settings(data, public_url=public_url)
    settings = settings.model_copy(update={"public_url": public_url})
    check_not_served(settings.data_dir)
    sockets = bind(LOOPBACK_HOSTS, port)
    asyncio.run(engine_of(settings).migrate())
    clock = MovableClock(settings.data_dir / CLOCK_FILE)
    with run_simulator(settings, stripe_port) as simulator:
        arranged = arrange_simulator(settings, stripe_port)
        run_product(
            Serving(
                arranged, clock, development=True, checks={"stripe_simulator": simulator.is_well}
            ),
            lambda: sockets,
            on_ready=lambda: _greet(arranged, stripe_port),
        )


def arrange_simulator(settings: Settings, stripe_port: int) -> Settings:
    """Set our simulated account up, and leave what it takes to reach it beside the data.

    The endpoints are made anew when the folder does not hold their secrets for this address.
    """
    from dream_api.cli.stripe_account import arrange

    api_base = f"http://{SIMULATOR_HOST}:{stripe_port}"
    address: dict[str, Any] = {"public_url": settings.public_url, "stripe_api_base": api_base}
    for mode, (secret_key, client_id) in SIMULATOR_APPLICATIONS.items():
        address |= {_name(mode, "secret_key"): secret_key, _name(mode, "client_id"): client_id}
    known = read_arrangement(settings.data_dir)
    is_known = address.items() <= known.items()
    arrangement = known if is_known else address
    reachable = load_settings(settings.data_dir, **arrangement)
    for mode in Mode:
        made = asyncio.run(arrange(reachable, mode, renew_secrets=not is_known))
        arrangement[_name(mode, "price_id")] = made.price_id
        for name, secret in (
            ("webhook_secrets", made.account_secret),
            ("connect_webhook_secrets", made.connect_secret),
        ):
            if secret is not None:
                arrangement[_name(mode, name)] = secret
    write_arrangement(settings.data_dir, arrangement)
    return load_settings(settings.data_dir)


def _name(mode: Mode, name: str) -> str:
    return f"stripe_{name}" if mode is Mode.LIVE else f"stripe_test_{name}"


def _greet(settings: Settings, stripe_port: int) -> None:
    folder = Path(os.path.relpath(settings.data_dir))
    typer.echo(
        f"\n  dream-api is ready\n\n"
        f"  Console      {settings.public_url}/\n"
        f"  Mailbox      {settings.public_url}/dev/mailbox\n"
        f"  API          {settings.public_url}/docs\n"
        f"  Stripe       http://{SIMULATOR_HOST}:{stripe_port}/  (simulated: no money moves)\n"
        f"  Data         {folder}\n\n"
        f"  Pay with card 4242 4242 4242 4242. Ctrl-C stops everything.\n"
    )
    sys.stdout.flush()
