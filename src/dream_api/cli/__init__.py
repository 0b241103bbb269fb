"""The command line: one file per command.

Owns arguments, messages for people at a terminal, and exit codes.
Does not own rules: a command calls the same verbs as the doors.
"""

import importlib.metadata
import os
import sys
from typing import Annotated

import typer

from dream_api.cli.audit import audit
from dream_api.cli.backup import backup
from dream_api.cli.bench import bench
from dream_api.cli.demo import demo
from dream_api.cli.dev import dev
from dream_api.cli.doctor import doctor
from dream_api.cli.identity import identity
from dream_api.cli.kv import kv
from dream_api.cli.migrate import migrate
from dream_api.cli.openapi import openapi
from dream_api.cli.rekey import rekey
from dream_api.cli.restore import restore
from dream_api.cli.serve import serve
from dream_api.cli.stripe import stripe
from dream_api.cli.worker import worker
from dream_api.kit.errors import DreamError

__all__ = ["main"]

PRIVATE_UMASK = 0o077
"""Whatever a command writes holds people's data: only its owner may read it."""

commands = typer.Typer(
    name="dream-api",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(is_asked: bool) -> None:  # noqa: FBT001 - as typer calls it.
    if is_asked:
        typer.echo(importlib.metadata.version("dream-api"))
        raise typer.Exit


@commands.callback()
def _before_any_command(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Show the release and exit."
        ),
    ] = False,
) -> None:
    """Auth, billing, usage metering and plan limits for people who sell software."""


for command in (
    dev, serve, worker, migrate, demo, doctor, audit, backup, restore, rekey, bench, openapi,
):  # fmt: skip
    commands.command()(command)
commands.add_typer(kv, name="kv")
commands.add_typer(stripe, name="stripe")
commands.add_typer(identity, name="identity")


def main() -> None:
    """Run the command line; a refusal becomes one readable line and exit code 2."""
    os.umask(PRIVATE_UMASK)
    try:
        commands()
    except DreamError as refusal:
        typer.secho(refusal.detail, fg="red", err=True)
        sys.exit(2)
