"""``python -m stripe_simulator``: serve the simulator."""

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

import uvicorn
from typing_extensions import override

from stripe_simulator import (
    APPLICATIONS_DEFAULT,
    HOST_DEFAULT,
    PORT_DEFAULT,
    Application,
    Configuration,
    ConfigurationError,
    create_app,
)
from stripe_simulator.configuration import DATA_FOLDER_DEFAULT, RETRY_SECONDS_DEFAULT

SHUTDOWN_SECONDS = 3


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal ends it; answers the exit status."""
    options = _parser().parse_args(arguments)
    try:
        configuration = _configuration(options)
    except ConfigurationError as error:
        print(f"stripe-sim: {error}", file=sys.stderr)
        return 2
    server = _Server(
        uvicorn.Config(
            create_app(configuration),
            host=options.host,
            port=options.port,
            log_level="warning",
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )
    if options.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    with suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has stopped.
        asyncio.run(server.serve())
    return 0 if server.started else 1


def _end_with_stdin() -> None:
    """End this process once whoever started it is gone: the kernel closes the pipe even then."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


class _Server(uvicorn.Server):
    """Says when it is ready, and where, once it listens."""

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(
                f"stripe-sim: ready on http://{self.config.host}:{port} "
                "(SIMULATED, no money moves)",
                flush=True,
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stripe_simulator", description="A stand-in for Stripe over HTTP. No money moves."
    )
    parser.add_argument("--host", default=HOST_DEFAULT)
    parser.add_argument("--port", type=int, default=PORT_DEFAULT, help="0 takes a free port")
    parser.add_argument("--data", type=Path, default=DATA_FOLDER_DEFAULT, metavar="DIR")
    parser.add_argument("--clock-file", type=Path, metavar="PATH", help='JSON {"offsetSeconds": n}')
    parser.add_argument(
        "--application",
        action="append",
        default=[],
        metavar="SECRET_KEY=CLIENT_ID",
        help="an account of ours and its Connect application; may be repeated",
    )
    parser.add_argument(
        "--redirect-uri",
        action="append",
        default=[],
        metavar="URI",
        help="accept only these redirect URIs, exactly; without it any loopback one",
    )
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input does, so that no parent leaves this process behind",
    )
    parser.add_argument(
        "--retry-seconds",
        default=",".join(map(str, RETRY_SECONDS_DEFAULT)),
        metavar="N,N,…",
        help="the waits between attempts to deliver an event",
    )
    return parser


def _configuration(options: argparse.Namespace) -> Configuration:
    applications: dict[str, Application] = {}
    for pair in options.application:
        secret_key, separator, client_id = pair.partition("=")
        if not separator:
            raise ConfigurationError(f"--application takes SECRET_KEY=CLIENT_ID, not {pair}")
        applications[secret_key] = Application(client_id)
    return Configuration(
        data=options.data,
        applications=applications or APPLICATIONS_DEFAULT,
        clock_file=options.clock_file,
        redirect_uris=tuple(options.redirect_uri),
        retry_seconds=_retry_seconds(options.retry_seconds),
    )


def _retry_seconds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part)
    except ValueError as error:
        raise ConfigurationError(f"--retry-seconds takes whole seconds, not {text}") from error


if __name__ == "__main__":
    sys.exit(main())
