"""The link of platform and account, both ways round, in CUSTOMER_TOKENS_KV.

``platform:{platformId}:stripe`` is what we know of the account; ``stripeaccount:{mode}:{acct}``
finds the platform that an event of the account belongs to, so an account has one platform a mode.
``stripeleaving:{platformId}:{acct}`` is an account that Stripe has still to take back from us.
"""

from datetime import datetime

from dream_api.customers.platforms import StripeConnection, read_connection
from dream_api.kit.keys import Mode, mode_of
from dream_api.stores import Connection, KeyValue

_LEAVING = "stripeleaving:"


class AccountTaken(Exception):
    """Another platform of the same mode is linked with the account."""


def link(
    connection: Connection,
    customer_tokens: KeyValue,
    platform_id: str,
    account: StripeConnection,
) -> str | None:
    """Link an account; give the id of the one that it replaces, None if there was no other.

    Raises:
        AccountTaken: it is another platform's.
    """
    key = _account_key(mode_of(platform_id), account.account_id)
    if customer_tokens.get(connection, key) not in (None, platform_id):
        raise AccountTaken
    before = read_connection(connection, customer_tokens, platform_id)
    unlink(connection, customer_tokens, platform_id)
    customer_tokens.put(connection, f"platform:{platform_id}:stripe", account.to_wire())
    customer_tokens.put(connection, key, platform_id)
    if before is None or before.account_id == account.account_id:
        return None
    return before.account_id


def unlink(
    connection: Connection,
    customer_tokens: KeyValue,
    platform_id: str,
    account_id: str | None = None,
) -> None:
    """Remove both rows; with *account_id*, only if that account is the linked one."""
    linked = read_connection(connection, customer_tokens, platform_id)
    if linked is None or account_id not in (None, linked.account_id):
        return
    customer_tokens.delete(connection, f"platform:{platform_id}:stripe")
    customer_tokens.delete(connection, _account_key(mode_of(platform_id), linked.account_id))


def is_linked(
    connection: Connection, customer_tokens: KeyValue, mode: Mode, account_id: str
) -> bool:
    """Tell whether any platform of a mode is linked with an account."""
    return customer_tokens.get(connection, _account_key(mode, account_id)) is not None


def put_leaving(
    connection: Connection,
    customer_tokens: KeyValue,
    platform_id: str,
    account_id: str,
    expires_at: datetime,
) -> None:
    """Remember that a platform has left an account which Stripe has not taken back yet."""
    key = _leaving_key(platform_id, account_id)
    customer_tokens.put(connection, key, True, expires_at=expires_at)


def drop_leaving(
    connection: Connection, customer_tokens: KeyValue, platform_id: str, account_id: str
) -> None:
    """Forget it: Stripe has taken the account back, or somebody uses it again."""
    customer_tokens.delete(connection, _leaving_key(platform_id, account_id))


def list_leaving(
    connection: Connection, customer_tokens: KeyValue, limit: int
) -> list[tuple[str, str]]:
    """List (platform, account) that wait to be taken back, of all platforms."""
    found = customer_tokens.list(connection, _LEAVING, limit=limit)
    return [_left_by(entry.key) for entry in found]


def _left_by(key: str) -> tuple[str, str]:
    platform_id, _, account_id = key.removeprefix(_LEAVING).partition(":")
    return platform_id, account_id


def _leaving_key(platform_id: str, account_id: str) -> str:
    return f"{_LEAVING}{platform_id}:{account_id}"


def _account_key(mode: Mode, account_id: str) -> str:
    return f"stripeaccount:{mode}:{account_id}"
