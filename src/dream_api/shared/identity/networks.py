"""What one network may fail at and ask for within a minute; an unknown one is not counted."""

import math
from datetime import datetime

from dream_api.shared.identity.errors import TooManyAttempts
from dream_api.shared.identity.model import (
    NETWORK_FAILURES_MAX,
    NETWORK_MAILS_MAX,
    NETWORK_WINDOW,
)
from dream_api.shared.identity.store import limits
from dream_api.stores import Connection


def admit(connection: Connection, realm_id: str, network: str, now: datetime, way_out: str) -> None:
    """Let a network try a password or a code.

    Raises:
        TooManyAttempts: it has failed too often just now; the *way_out* is what else helps.
    """
    refuse_blocked(connection, realm_id, _failures_of(network), now, way_out)


def count_failure(connection: Connection, realm_id: str, network: str, now: datetime) -> None:
    """Count a wrong password or code, whosever it was meant to be."""
    if network:
        _count(connection, realm_id, _failures_of(network), now, NETWORK_FAILURES_MAX)


def count_mail(connection: Connection, realm_id: str, network: str, now: datetime) -> None:
    """Count something that may send a mail.

    Raises:
        TooManyAttempts: this network has asked for too many just now.
    """
    if network:
        key = f"mails:{network}"
        refuse_blocked(connection, realm_id, key, now, "ask from another network")
        _count(connection, realm_id, key, now, NETWORK_MAILS_MAX)


def refuse_blocked(
    connection: Connection, realm_id: str, key: str, now: datetime, way_out: str
) -> None:
    """Refuse what is counted under *key* while it is blocked.

    Raises:
        TooManyAttempts: it says how long, and what else helps.
    """
    failures = limits.find_failures(connection, realm_id, key)
    if failures is not None and failures.blocked_until and now < failures.blocked_until:
        seconds = math.ceil((failures.blocked_until - now).total_seconds())
        raise TooManyAttempts(f"Wait {seconds} seconds, or {way_out}.", retry_after_seconds=seconds)


def _failures_of(network: str) -> str:
    """Name what a network's failures are counted under; no address of a person is like that."""
    return f"network:{network}"


def _count(
    connection: Connection, realm_id: str, key: str, now: datetime, failures_max: int
) -> None:
    """Count in windows that begin with a failure; a full one blocks until it ends."""
    row = limits.find_failures(connection, realm_id, key)
    is_open = row is not None and now < row.failed_at + NETWORK_WINDOW
    started_at = row.failed_at if row is not None and is_open else now
    failures = (row.failures if row is not None and is_open else 0) + 1
    values = {
        "email_key": key,
        "failures": failures,
        "failed_at": started_at,
        "blocked_until": started_at + NETWORK_WINDOW if failures >= failures_max else None,
    }
    limits.put_failures(connection, realm_id, values)
