"""``dream-api kv``: look into the four namespaces, secrets masked. Runs beside a live server."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings

kv = typer.Typer(help="Look into the four namespaces; secrets are masked.", no_args_is_help=True)

LIST_LIMIT = 1000


class NamespaceName(StrEnum):
    """The four namespaces."""

    PLATFORM_USAGE = "PLATFORM_USAGE_KV"
    PLATFORM_TOKENS = "PLATFORM_TOKENS_KV"
    CUSTOMER_USAGE = "CUSTOMER_USAGE_KV"
    CUSTOMER_TOKENS = "CUSTOMER_TOKENS_KV"


NamespaceOption = Annotated[NamespaceName, typer.Option("--namespace", case_sensitive=False)]


@kv.command("list")
def list_entries(
    namespace: NamespaceOption,
    prefix: Annotated[str, typer.Option(help="Only keys that start with this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=LIST_LIMIT)] = LIST_LIMIT,
    data: DataOption = None,
) -> None:
    """List a namespace, a JSON line per key."""
    for line in _read(namespace, prefix, limit, data).values():
        typer.echo(line)


@kv.command("get")
def get_entry(
    namespace: NamespaceOption,
    key: Annotated[str, typer.Argument(help="The whole key.")],
    data: DataOption = None,
) -> None:
    """Show one key; exit 1 where there is none."""
    line = _read(namespace, key, LIST_LIMIT, data).get(key)
    if line is None:
        typer.secho(f"{namespace} has no key {key}", fg="red", err=True)
        raise typer.Exit(1)
    typer.echo(line)


def _read(namespace: NamespaceName, prefix: str, limit: int, data: Path | None) -> dict[str, str]:
    from dream_api.cli.namespaces import read_lines

    settings = load_settings(data, if_no_master_key="go on")
    return asyncio.run(read_lines(settings, clock_of(settings), namespace, prefix, limit))
