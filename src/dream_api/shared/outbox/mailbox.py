"""The mailbox of development: mails are kept in the store instead of leaving."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dream_api.gateways.clock import Clock
from dream_api.gateways.mail import Mail
from dream_api.kit.ids import new_id
from dream_api.shared.outbox import store as sql
from dream_api.stores import Connection, Store

MAILS_KEPT = 1000
LIST_LIMIT_MAX = 200


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail as ``/dev/mailbox`` shows it."""

    mail_id: str
    mail: Mail
    at: datetime


class Mailbox:
    """Takes a mail gateway's place where no mail server is set. Development only."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._fetch: Callable[[], Awaitable[object]] | None = None

    def fetch_with(self, fetch: Callable[[], Awaitable[object]]) -> None:
        """Have *fetch* deliver what waits whenever somebody looks: mail is there at once."""
        self._fetch = fetch

    async def send(self, mail: Mail) -> None:
        """Keep a mail; the oldest beyond MAILS_KEPT goes."""
        now = self._clock.now()
        values = {
            "mail_id": new_id("mail", now),
            "recipient": mail.to,
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
            "code": mail.code,
            "link": mail.link,
            "sent_at": now,
        }

        def keep(connection: Connection) -> None:
            sql.put_mail(connection, values)
            sql.drop_mails(connection, MAILS_KEPT)

        await self._store.write(keep)

    async def list(
        self, recipient: str | None = None, *, limit: int = LIST_LIMIT_MAX
    ) -> list[ReceivedMail]:
        """List the newest mails of one recipient or of all, newest last."""
        if self._fetch is not None:
            await self._fetch()
        rows = await self._store.read(
            lambda connection: sql.list_mails(connection, recipient, min(limit, LIST_LIMIT_MAX))
        )
        return [_received(row) for row in reversed(rows)]

    async def find(self, mail_id: str) -> ReceivedMail | None:
        """Find one mail."""
        row = await self._store.read(lambda connection: sql.find_mail(connection, mail_id))
        return None if row is None else _received(row)


def _received(row: Any) -> ReceivedMail:
    mail = Mail(row.recipient, row.subject, row.text, row.code, row.link, html=row.html)
    return ReceivedMail(row.mail_id, mail, row.sent_at)
