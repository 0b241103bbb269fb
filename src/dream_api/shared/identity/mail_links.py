"""Links in mails: the code itself, sealed, so that one click does what typing it would.

A link is opened without the store and proves nothing by being opened: what it holds is used up
where a code is. It proves the address, and not that whoever reads the mail is who asked for it.
Nobody can make or change one without the master key (AES-256-GCM), and whoever does not have the
mail has 128 bits to guess; so wrong tries of a stranger do not void it.
"""

import json
from dataclasses import dataclass

from dream_api.kit.crypto import UnreadableSecret, Vault
from dream_api.shared.identity.addresses import parse_address
from dream_api.shared.identity.codes import Ticket
from dream_api.shared.identity.model import Principal, Purpose
from dream_api.shared.identity.pending import PendingSignUp

TOKEN_CHARACTERS_MAX = 2_048


@dataclass(frozen=True, slots=True)
class MailLink:
    """What a link in a mail stands for."""

    purpose: Purpose
    email: str
    code: str
    user_id: str

    def began_with(self, pending: PendingSignUp | None) -> bool:
        """Tell whether it was mailed for this very sign-up."""
        return pending is not None and pending.user_id == self.user_id

    def is_of(self, principal: Principal | None) -> bool:
        """Tell whether it was mailed for this person."""
        return principal is not None and principal.user_id == self.user_id

    @property
    def ticket(self) -> Ticket:
        """Give the code as one that nobody has guessed."""
        address = parse_address(self.email)
        return Ticket(self.purpose, address, self.code, self.user_id, came_sealed=True)


def seal_link(vault: Vault, realm_id: str, ticket: Ticket) -> str:
    """Turn a code that is about to be mailed into the token of a link."""
    assert ticket.user_id is not None, "a mailed code is somebody's"
    parts = [ticket.purpose.value, ticket.address.email, ticket.code, ticket.user_id]
    return vault.encrypt(json.dumps(parts), _context(realm_id))


def open_link(vault: Vault, realm_id: str, token: str) -> MailLink | None:
    """Read the token of a link; None for what this realm has not sealed."""
    if not token.isascii() or len(token) > TOKEN_CHARACTERS_MAX:
        return None
    try:
        purpose, email, code, user_id = json.loads(vault.decrypt(token, _context(realm_id)))
    except (UnreadableSecret, ValueError):
        return None
    return MailLink(Purpose(purpose), email, code, user_id)


def _context(realm_id: str) -> str:
    return f"identity_mail_link|{realm_id}"
