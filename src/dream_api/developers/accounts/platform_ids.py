"""A developer's platforms in PLATFORM_TOKENS_KV."""

from typing import Any

from dream_api.developers.accounts.model import PlatformIds
from dream_api.kit.keys import Mode, issue_key, mode_of
from dream_api.stores import Connection, KeyValue


def mint_platform(
    connection: Connection, platform_tokens: KeyValue, developer_id: str, mode: Mode
) -> str:
    """Give a developer the platform of one mode; one that exists stays as it is."""
    key = f"user:{developer_id}:platformId"
    ids: dict[str, Any] = platform_tokens.get(connection, key) or {"live": None, "test": None}
    existing: str | None = ids[mode]
    if existing is not None:
        return existing
    platform_id = issue_key("pk", mode)
    platform_tokens.put(connection, key, {**ids, mode.value: platform_id})
    platform_tokens.put(connection, f"platform:{platform_id}:userId", {"userId": developer_id})
    return platform_id


def find_platform_ids(
    connection: Connection, platform_tokens: KeyValue, developer_id: str
) -> PlatformIds | None:
    """Find a developer's platforms; None for somebody who is no developer."""
    ids = platform_tokens.get(connection, f"user:{developer_id}:platformId")
    if ids is None:
        return None
    keys = platform_tokens.get(connection, f"user:{developer_id}:apiKey") or ()
    with_keys = {mode_of(key["platformId"]) for key in keys}
    return PlatformIds(ids["live"], ids["test"], frozenset(with_keys))


def find_owner(connection: Connection, platform_tokens: KeyValue, platform_id: str) -> str | None:
    """Find the developer of a platform."""
    owner = platform_tokens.get(connection, f"platform:{platform_id}:userId")
    return None if owner is None else str(owner["userId"])
