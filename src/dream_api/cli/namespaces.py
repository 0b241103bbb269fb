"""What ``dream-api kv`` shows of a namespace."""

import json
import re
from datetime import datetime
from typing import Any

from dream_api.app import engine_of
from dream_api.customers.metering import list_usage
from dream_api.gateways.clock import Clock
from dream_api.kit.periods import rfc3339
from dream_api.settings import Settings
from dream_api.stores import Connection, KeyValue, KeyValueEntry

CUSTOMER_USAGE = "CUSTOMER_USAGE_KV"
"""The one that the engine keeps in typed columns."""
_SHOWN_CHARACTERS = 8
# Hashes of keys and one-time states: whoever reads them over a shoulder should gain nothing.
_SECRET_IN_KEY = re.compile(r"^(apikey|oauth:state):(.+)$")
_HASH = re.compile(r"[0-9a-f]{64}")
_SECRET_FIELDS = frozenset({"secret", "token", "password", "hash", "codeVerifier"})


async def read_lines(
    settings: Settings, clock: Clock, namespace: str, prefix: str, limit: int
) -> dict[str, str]:
    """Give a JSON line for each key of a namespace that starts so, secrets masked."""

    def verb(connection: Connection) -> list[KeyValueEntry]:
        if namespace == CUSTOMER_USAGE:
            return list_usage(connection, prefix, limit)
        return KeyValue(namespace, clock).list(connection, prefix, limit=limit)

    is_platform = namespace.startswith("PLATFORM")
    async with engine_of(settings).opened_for_operator() as bindings:
        store = bindings.developers if is_platform else bindings.customers
        return {entry.key: _line(entry) for entry in await store.read(verb)}


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
