"""One-time codes: six digits for one address, one purpose and one account.

Where somebody has guessed at an address for too long, the next codes have twelve digits for a
day: the guesser is done, and the owner has a little more to type.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dream_api.kit.crypto import Vault, new_secret
from dream_api.shared.identity import networks
from dream_api.shared.identity.addresses import Address
from dream_api.shared.identity.model import (
    CODE_DIGITS,
    CODE_GUESSES_MAX,
    CODE_GUESSES_WINDOW,
    CODE_LIFETIME,
    CODE_TRIES,
    LINK_LIFETIME,
    LONG_CODE_DIGITS,
    MAILS_MAX,
    MAILS_OF_ALL_MAX,
    MAILS_WINDOW,
    Purpose,
    Visit,
)
from dream_api.shared.identity.store import codes as sql
from dream_api.shared.identity.store import limits
from dream_api.stores import Connection

NOBODY = ""
"""Whose code an address without an account gets: the work is the same, and nothing comes of it."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A code with what it is bound to; of a try, ``user_id`` may be unknown (None)."""

    purpose: Purpose
    address: Address
    code: str
    user_id: str | None
    came_sealed: bool = False
    """Whether it came in a link that we sealed, and so was not guessed."""


def new_code(connection: Connection, visit: Visit, purpose: Purpose, email_key: str) -> str:
    """Make a random code, a long one where too many wrong ones were tried."""
    is_guessed_at = _count_guesses(connection, visit, purpose, email_key) >= CODE_GUESSES_MAX
    digits = LONG_CODE_DIGITS if is_guessed_at else CODE_DIGITS
    return f"{secrets.randbelow(10**digits):0{digits}}"


def may_mail(connection: Connection, visit: Visit, purpose: Purpose, email_key: str) -> bool:
    """Count one mail to an address; False when it had its share of this hour.

    Each purpose has a share of its own, and each network a part of it: a stranger who asks again
    and again for somebody's address must not use up the mails by which that person gets in.
    """
    share, since = _share(purpose, email_key), visit.now - MAILS_WINDOW
    asked_from = f"{visit.network}|"
    sent = limits.count_mailings(connection, visit.realm_id, share, since, asked_from)
    sent_to_all = limits.count_mailings(connection, visit.realm_id, share, since)
    if sent >= MAILS_MAX or sent_to_all >= MAILS_OF_ALL_MAX:
        return False
    mailing_id = asked_from + new_secret()
    limits.add_mailing(connection, visit.realm_id, share, mailing_id, visit.now)
    return True


def forget_limits(connection: Connection, realm_id: str, email_key: str) -> None:
    """Forget how many mails an address had, and how many wrong codes."""
    for purpose in Purpose:
        limits.clear_mailings(connection, realm_id, _share(purpose, email_key))
        limits.clear_failures(connection, realm_id, _guesses_key(purpose, email_key))


def put_code(connection: Connection, vault: Vault, visit: Visit, ticket: Ticket) -> None:
    """Make a code the only valid one of its address and purpose."""
    user_id = ticket.user_id or NOBODY
    values = {
        "purpose": ticket.purpose,
        "email_key": ticket.address.key,
        "user_id": user_id,
        "fingerprint": vault.fingerprint(ticket.code, _context(visit, ticket, user_id)),
        "tries_left": CODE_TRIES,
        "expires_at": visit.now + CODE_LIFETIME,
    }
    sql.replace(connection, visit.realm_id, values)


def take_code(connection: Connection, vault: Vault, visit: Visit, ticket: Ticket) -> str | None:
    """Use a code up and give whose it is; None, and one try less, when it does not fit.

    A code fits only the account it was mailed for: with another ``user_id`` the right digits
    are wrong. One that came sealed in a link was not guessed: tries are not counted, wrong ones
    of others do not void it, and it lives for LINK_LIFETIME.

    Raises:
        TooManyAttempts: this network has tried too much just now, and not only here.
    """
    if not ticket.came_sealed:
        way_out = "use the link in the mail"
        networks.admit(connection, visit.realm_id, visit.network, visit.now, way_out)
    user_id = _take_code(connection, vault, visit, ticket)
    if user_id is None and not ticket.came_sealed:
        networks.count_failure(connection, visit.realm_id, visit.network, visit.now)
    return user_id


def _take_code(connection: Connection, vault: Vault, visit: Visit, ticket: Ticket) -> str | None:
    row = sql.lock(connection, visit.realm_id, ticket.purpose, ticket.address.key)
    if row is None:
        return None
    if _fits(connection, vault, visit, ticket, row):
        sql.remove(connection, visit.realm_id, ticket.purpose, ticket.address.key)
        return str(row.user_id)
    if not ticket.came_sealed:
        left = max(row.tries_left - 1, 0)
        sql.set_tries_left(connection, visit.realm_id, ticket.purpose, ticket.address.key, left)
        _count_guess(connection, visit, ticket)
    return None


def would_take(connection: Connection, vault: Vault, visit: Visit, ticket: Ticket) -> bool:
    """Tell whether ``take_code`` would take it; nothing is counted or used up."""
    row = sql.find(connection, visit.realm_id, ticket.purpose, ticket.address.key)
    return row is not None and _fits(connection, vault, visit, ticket, row)


def is_expected(connection: Connection, visit: Visit, ticket: Ticket) -> bool:
    """Tell whether this very account waits for a code of this purpose at this address."""
    row = sql.find(connection, visit.realm_id, ticket.purpose, ticket.address.key)
    return row is not None and row.user_id == ticket.user_id


def _fits(connection: Connection, vault: Vault, visit: Visit, ticket: Ticket, row: Any) -> bool:
    if ticket.came_sealed:
        is_live = visit.now < row.expires_at - CODE_LIFETIME + LINK_LIFETIME
    else:
        guesses = _count_guesses(connection, visit, ticket.purpose, ticket.address.key)
        is_too_short = guesses >= CODE_GUESSES_MAX and len(ticket.code) < LONG_CODE_DIGITS
        is_live = visit.now < row.expires_at and row.tries_left > 0 and not is_too_short
    is_bound = ticket.user_id in (None, row.user_id)
    context = _context(visit, ticket, row.user_id)
    return vault.matches(row.fingerprint, ticket.code, context) and is_live and is_bound


def _count_guesses(connection: Connection, visit: Visit, purpose: Purpose, email_key: str) -> int:
    return _guesses(connection, visit, _guesses_key(purpose, email_key))[0]


def _count_guess(connection: Connection, visit: Visit, ticket: Ticket) -> None:
    key = _guesses_key(ticket.purpose, ticket.address.key)
    count, since = _guesses(connection, visit, key)
    values = {"email_key": key, "failures": count + 1, "failed_at": since, "blocked_until": None}
    limits.put_failures(connection, visit.realm_id, values)


def _guesses(connection: Connection, visit: Visit, key: str) -> tuple[int, datetime]:
    """Give how many wrong codes were tried in the present window, and when it began."""
    row = limits.find_failures(connection, visit.realm_id, key)
    if row is None or visit.now >= row.failed_at + CODE_GUESSES_WINDOW:
        return 0, visit.now
    return row.failures, row.failed_at


def _guesses_key(purpose: Purpose, email_key: str) -> str:
    """Name what wrong codes are counted under; no address of a person is like that."""
    return f"code:{purpose}:{email_key}"


def _share(purpose: Purpose, email_key: str) -> str:
    return f"{purpose}:{email_key}"


def _context(visit: Visit, ticket: Ticket, user_id: str) -> str:
    return f"{visit.realm_id}\n{ticket.purpose}\n{ticket.address.key}\n{user_id}"
