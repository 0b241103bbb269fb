"""``dream-api kv``: look into the four namespaces, secrets masked. Runs beside a live server."""

import asyncio
import json
import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from dream_api.app import Engine, engine_of
from dream_api.cli.configuration import DataOption, clock_of, load_settings
from dream_api.customers.metering import list_usage
from dream_api.gateways.clock import Clock
from dream_api.kit.periods import rfc3339
from dream_api.stores import Connection, KeyValue, KeyValueEntry

kv = typer.Typer(help="Look into the four namespaces; secrets are masked.", no_args_is_help=True)

LIST_LIMIT = 1000
_SHOWN_CHARACTERS = 8
# Hashes of keys and one-time states: whoever reads them over a shoulder should gain nothing.
_SECRET_IN_KEY = re.compile(r"^(apikey|oauth:state):(.+)$")
_HASH = re.compile(r"[0-9a-f]{64}")
_SECRET_FIELDS = frozenset({"secret", "token", "password", "hash", "codeVerifier"})


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
    for entry in _read(namespace, prefix, limit, data):
        typer.echo(_line(entry))


@kv.command("get")
def get_entry(
    namespace: NamespaceOption,
    key: Annotated[str, typer.Argument(help="The whole key.")],
    data: DataOption = None,
) -> None:
    """Show one key; exit 1 where there is none."""
    found = [entry for entry in _read(namespace, key, LIST_LIMIT, data) if entry.key == key]
    if not found:
        typer.secho(f"{namespace} has no key {key}", fg="red", err=True)
        raise typer.Exit(1)
    typer.echo(_line(found[0]))


def _read(namespace: NamespaceName, prefix: str, limit: int, data: Any) -> list[KeyValueEntry]:
    settings = load_settings(data, if_no_master_key="go on")
    look = _list(engine_of(settings), namespace, prefix, limit, clock_of(settings))
    return asyncio.run(look)


async def _list(
    engine: Engine, namespace: NamespaceName, prefix: str, limit: int, clock: Clock
) -> list[KeyValueEntry]:
    def verb(connection: Connection) -> list[KeyValueEntry]:
        if namespace is NamespaceName.CUSTOMER_USAGE:
            return list_usage(connection, prefix, limit)
        return KeyValue(namespace, clock).list(connection, prefix, limit=limit)

    is_platform = namespace.startswith("PLATFORM")
    async with engine.opened_for_operator() as bindings:
        store = bindings.developers if is_platform else bindings.customers
        return await store.read(verb)


def _line(entry: KeyValueEntry) -> str:
    shown: dict[str, Any] = {"key": _masked_key(entry.key), "value": _masked(entry.value)}
    if isinstance(entry.expires_at, datetime):
        shown["expiresAt"] = rfc3339(entry.expires_at)
    return json.dumps(shown, ensure_ascii=False)


def _masked_key(key: str) -> str:
    match = _SECRET_IN_KEY.match(key)
    return f"{match[1]}:{match[2][:_SHOWN_CHARACTERS]}…" if match else key


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, dict):
        return {
            name: "…" if name in _SECRET_FIELDS else _masked(item) for name, item in value.items()
        }
    if isinstance(value, str) and _HASH.fullmatch(value):
        return f"{value[:_SHOWN_CHARACTERS]}…"
    return value
