"""What the transactions of one world's realms share."""

from dataclasses import dataclass

from dream_api.kit.crypto import Vault
from dream_api.shared.identity.codes import Ticket
from dream_api.shared.identity.mail_links import seal_link
from dream_api.shared.identity.mails import MAIL_KIND, Payload
from dream_api.shared.identity.model import MailBrand, RealmConfig, Visit
from dream_api.shared.identity.signing import SigningKeys
from dream_api.shared.outbox import Outbox
from dream_api.stores import Connection


@dataclass(frozen=True, slots=True)
class Desk:
    """The realm's rules, keys, vault and outgoing mail."""

    config: RealmConfig
    vault: Vault
    signing: SigningKeys
    outbox: Outbox

    def brand(self, connection: Connection, visit: Visit) -> MailBrand:
        """Give the name and look of the app that people sign in to."""
        return self.config.hooks.branding(connection, visit.realm_id)

    def link(self, visit: Visit, ticket: Ticket) -> str:
        """Give the address of the page where one click does what the code does."""
        token = seal_link(self.vault, visit.realm_id, ticket)
        return f"{self.config.page(visit.realm_id, 'confirm')}?token={token}"

    def post(self, connection: Connection, visit: Visit, mail: Payload) -> None:
        """Queue a mail in this transaction."""
        self.outbox.add(connection, MAIL_KIND, mail, visit.now)

    def pretend_to_post(self, connection: Connection, visit: Visit, mail: Payload) -> None:
        """Take as long as ``post`` and send nothing."""
        self.outbox.pretend(connection, MAIL_KIND, mail, visit.now)
