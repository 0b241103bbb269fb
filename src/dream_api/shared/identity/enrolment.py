"""What changes people inside a transaction: sign-up, verification, passwords, addresses.

Each function gives None or False where the caller has to be refused, instead of raising: a
raise would undo the counted try that the refusal is for.
"""

from dataclasses import replace

from dream_api.shared.identity import mails
from dream_api.shared.identity.addresses import Address
from dream_api.shared.identity.codes import (
    NOBODY,
    Ticket,
    forget_limits,
    is_expected,
    may_mail,
    new_code,
    put_code,
    take_code,
    would_take,
)
from dream_api.shared.identity.desk import Desk
from dream_api.shared.identity.errors import InvalidCode
from dream_api.shared.identity.model import Newcomer, Person, Principal, Purpose, Visit
from dream_api.shared.identity.sessions import Grant, open_session
from dream_api.shared.identity.store import codes, limits, people, sessions
from dream_api.stores import Connection


def enrol(connection: Connection, desk: Desk, visit: Visit, newcomer: Newcomer) -> None:
    """Keep a sign-up and mail its code; for a known address the same work, and another mail."""
    people.add_pending(connection, visit.realm_id, newcomer, visit.now)
    if not may_mail(connection, visit, Purpose.SIGN_UP, newcomer.email_key):
        return
    address = Address(newcomer.email, newcomer.email_key)
    code = new_code(connection, visit, Purpose.SIGN_UP, address.key)
    ticket = Ticket(Purpose.SIGN_UP, address, code, newcomer.user_id)
    put_code(connection, desk.vault, visit, ticket)
    brand = desk.brand(connection, visit)
    if people.find_verified(connection, visit.realm_id, newcomer.email_key) is None:
        mail = mails.sign_up_code(newcomer.email, brand, code, desk.link(visit, ticket))
    else:
        # The code is mailed to nobody, and `verify` would find the address taken.
        link = desk.config.page(visit.realm_id, "sign-in")
        mail = mails.account_exists(newcomer.email, brand, link)
    desk.post(connection, visit, mail)


def verify(
    connection: Connection, desk: Desk, visit: Visit, ticket: Ticket, caller_id: str | None
) -> Grant | None:
    """Activate the sign-up, or confirm the new address, that a code was mailed for; sign in.

    A change of address is only confirmed for the person who asked, signed in: whoever merely
    owns a mistyped address must not get the account with it.

    Raises:
        InvalidCode: the code fits, and does not say which of several sign-ups is the caller's.
    """
    change = replace(ticket, purpose=Purpose.CHANGE_EMAIL, user_id=caller_id)
    is_theirs = caller_id is not None and ticket.user_id in (None, caller_id)
    if is_theirs and is_expected(connection, visit, change):
        ticket = change
    if _is_ambiguous(connection, visit, ticket) and would_take(
        connection, desk.vault, visit, ticket
    ):
        raise _several_sign_ups()
    user_id = take_code(connection, desk.vault, visit, ticket)
    person = None if user_id is None else people.find(connection, visit.realm_id, user_id)
    if person is None:
        return None
    if people.find_verified(connection, visit.realm_id, ticket.address.key) is not None:
        return None
    if person.verified_at is None:
        people.verify(connection, visit.realm_id, person, visit.now)
    else:
        _change_address(connection, desk, visit, person, ticket.address)
    verified = people.find(connection, visit.realm_id, person.user_id)
    assert verified is not None, "it was just written"
    desk.config.hooks.on_verified(connection, visit.realm_id, verified.identity)
    return open_session(connection, desk, visit, verified.user_id)


def send_reset_code(connection: Connection, desk: Desk, visit: Visit, address: Address) -> None:
    """Mail a code that sets a new password; for an unknown address the same work, no mail."""
    if not may_mail(connection, visit, Purpose.RESET, address.key):
        return
    person = people.find_verified(connection, visit.realm_id, address.key)
    code = new_code(connection, visit, Purpose.RESET, address.key)
    ticket = Ticket(Purpose.RESET, address, code, NOBODY if person is None else person.user_id)
    put_code(connection, desk.vault, visit, ticket)
    brand = desk.brand(connection, visit)
    mail = mails.reset_code(address.email, brand, code, desk.link(visit, ticket))
    if person is None:
        desk.pretend_to_post(connection, visit, mail)
    else:
        desk.post(connection, visit, {**mail, "to": person.email})


def reset_password(
    connection: Connection, desk: Desk, visit: Visit, ticket: Ticket, password_hash: str
) -> bool:
    """Set a new password with a code; every session ends, failed sign-ins are forgotten."""
    user_id = take_code(connection, desk.vault, visit, ticket)
    person = None if user_id is None else people.find(connection, visit.realm_id, user_id)
    if person is None:
        return False
    _replace_password(connection, desk, visit, person, password_hash)
    sessions.remove_of_user(connection, visit.realm_id, person.user_id)
    limits.clear_failures(connection, visit.realm_id, person.email_key)
    return True


def change_password(
    connection: Connection, desk: Desk, visit: Visit, principal: Principal, password_hash: str
) -> bool:
    """Set a new password; every other session ends. False when the person is gone."""
    person = people.find(connection, visit.realm_id, principal.user_id)
    if person is None:
        return False
    _replace_password(connection, desk, visit, person, password_hash)
    sessions.remove_of_user(
        connection, visit.realm_id, person.user_id, except_session_id=principal.session_id
    )
    limits.clear_failures(connection, visit.realm_id, person.email_key)
    return True


def send_email_change_code(
    connection: Connection, desk: Desk, visit: Visit, address: Address, user_id: str
) -> None:
    """Mail a code to the new address; where it is somebody's already, tell that person."""
    if not may_mail(connection, visit, Purpose.CHANGE_EMAIL, address.key):
        return
    code = new_code(connection, visit, Purpose.CHANGE_EMAIL, address.key)
    ticket = Ticket(Purpose.CHANGE_EMAIL, address, code, user_id)
    put_code(connection, desk.vault, visit, ticket)
    brand = desk.brand(connection, visit)
    if people.find_verified(connection, visit.realm_id, address.key) is None:
        link = desk.link(visit, ticket)
        mail = mails.email_change_code(address.email, brand, code, link)
    else:
        link = desk.config.page(visit.realm_id, "sign-in")
        mail = mails.account_exists(address.email, brand, link)
    desk.post(connection, visit, mail)


def erase(connection: Connection, realm_id: str, user_id: str) -> bool:
    """Forget a person with sessions, codes and counters; False when there is none."""
    person = people.find(connection, realm_id, user_id)
    if person is None:
        return False
    sessions.remove_of_user(connection, realm_id, user_id)
    codes.remove_of_user(connection, realm_id, user_id)
    limits.clear_failures(connection, realm_id, person.email_key)
    forget_limits(connection, realm_id, person.email_key)
    people.remove(connection, realm_id, user_id)
    return True


def _is_ambiguous(connection: Connection, visit: Visit, ticket: Ticket) -> bool:
    """Tell whether a code could be a stranger's: mailed for a sign-up later than the caller's."""
    if ticket.purpose is not Purpose.SIGN_UP or ticket.user_id is not None:
        return False
    return people.count_pending(connection, visit.realm_id, ticket.address.key) > 1


def _several_sign_ups() -> InvalidCode:
    return InvalidCode(
        "Several sign-ups wait for this address. Send the userId of yours with its code, or open "
        "the link in the mail and type your password there."
    )


def _change_address(
    connection: Connection, desk: Desk, visit: Visit, person: Person, address: Address
) -> None:
    brand = desk.brand(connection, visit)
    desk.post(connection, visit, mails.email_changed(person.email, brand, address.email))
    people.set_email(
        connection, visit.realm_id, person.user_id, email=address.email, email_key=address.key
    )
    # Whoever reads the old mailbox must not set a password with what was mailed there.
    codes.remove_of_user(connection, visit.realm_id, person.user_id)


def _replace_password(
    connection: Connection, desk: Desk, visit: Visit, person: Person, password_hash: str
) -> None:
    people.set_password(connection, visit.realm_id, person.user_id, password_hash)
    # A code that is under way was asked for under the old password; it dies with it.
    codes.remove_of_user(connection, visit.realm_id, person.user_id)
    brand = desk.brand(connection, visit)
    link = desk.config.page(visit.realm_id, "sign-in")
    desk.post(connection, visit, mails.password_changed(person.email, brand, link))
