"""The verbs of the outbox."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dream_api.gateways.clock import Clock
from dream_api.gateways.mail import Mail
from dream_api.kit.crypto import Vault, place
from dream_api.kit.errors import Unavailable
from dream_api.kit.ids import new_id
from dream_api.shared.outbox import store as sql
from dream_api.shared.outbox.model import (
    ATTEMPTS_MAX,
    DELIVERY_TIMEOUT_SECONDS,
    Backlog,
    Delivery,
    Message,
    backoff,
)
from dream_api.stores import Connection, Store

DELIVERIES_MAX = 100
"""Messages that one call of ``deliver_due`` sends at most."""
DEAD_KEPT = timedelta(days=30)
_REASON_CHARACTERS_MAX = 200
_PAGE_ROWS = 100


class Outbox:
    """The outbox of one world. Payloads are sealed: they may carry codes and links.

    A message is delivered at least once: a crash between sending and noting it sends it again.
    """

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._listener: Callable[[], Awaitable[object]] | None = None
        self._delivering = asyncio.Lock()

    def listen(self, listener: Callable[[], Awaitable[object]]) -> None:
        """Have *listener* awaited by ``notify``: what must not wait for the worker's next look."""
        self._listener = listener

    def add(
        self, connection: Connection, kind: str, payload: Mapping[str, Any], now: datetime
    ) -> None:
        """Queue a message in the transaction of the change that causes it."""
        self._add(connection, kind, payload, now)

    def pretend(
        self, connection: Connection, kind: str, payload: Mapping[str, Any], now: datetime
    ) -> None:
        """Do the work of ``add`` and leave nothing, where time must not tell which it was."""
        sql.remove(connection, self._add(connection, kind, payload, now))

    async def notify(self) -> None:
        """Say, after the commit, that something waits. Forgetting it only costs a moment."""
        if self._listener is None:
            return
        try:
            await self._listener()
        except Unavailable:
            return  # The change itself is safe, and the worker comes round anyway.

    async def deliver_due(self, clock: Clock, deliver: Mapping[str, Delivery]) -> int:
        """Send what is due, one after the other, at most DELIVERIES_MAX; give how many went.

        Kinds without a delivery stay where they are. A failure backs off, and after
        ATTEMPTS_MAX the message is dead. Of two calls in a process the second waits, and
        finds delivered what the first had in hand.
        """
        delivered = 0
        async with self._delivering:
            for _ in range(DELIVERIES_MAX):
                message = await self._take(deliver.keys(), clock.now())
                if message is None:
                    break
                delivered += await self._deliver(message, deliver[message.kind], clock)
        return delivered

    async def backlog(self) -> Backlog:
        """Count what waits and what is dead."""
        return await self._store.read(sql.backlog)

    async def revive_dead(self, clock: Clock) -> int:
        """Make every dead message due again; give how many."""
        now = clock.now()
        return await self._store.write(lambda connection: sql.revive(connection, now))

    async def clean_up(self, clock: Clock, *, limit: int = 1000) -> int:
        """Forget messages that have been dead for DEAD_KEPT; give how many."""
        before = clock.now() - DEAD_KEPT
        return await self._store.write(lambda c: sql.remove_dead(c, before, limit))

    async def rekey(self) -> int:
        """Seal payloads that an older master key sealed under the active one; give how many.

        One transaction a page, beside a running server: a message that is delivered meanwhile
        is simply gone.
        """
        after, changed = "", 0
        while True:
            last, count = await self._store.write(partial(self._rekey_page, after=after))
            changed += count
            if last is None:
                return changed
            after = last

    def _rekey_page(self, connection: Connection, after: str) -> tuple[str | None, int]:
        changed, last = 0, None
        for row in sql.list_sealed(connection, after, _PAGE_ROWS):
            last = row.message_id
            if not self._vault.is_current(row.payload_sealed):
                context = _place(row.message_id, row.kind)
                text = self._vault.decrypt(row.payload_sealed, context)
                sql.reseal(connection, row.message_id, self._vault.encrypt(text, context))
                changed += 1
        return last, changed

    def _add(
        self, connection: Connection, kind: str, payload: Mapping[str, Any], now: datetime
    ) -> str:
        message_id = new_id("msg", now)
        text = json.dumps(payload, separators=(",", ":"))
        sealed = self._vault.encrypt(text, _place(message_id, kind))
        sql.add(connection, message_id, kind, sealed, now)
        return message_id

    async def _take(self, kinds: Collection[str], now: datetime) -> Message | None:
        return await self._store.write(lambda connection: sql.take(connection, kinds, now))

    async def _deliver(self, message: Message, delivery: Delivery, clock: Clock) -> bool:
        try:
            text = self._vault.decrypt(
                message.payload_sealed, _place(message.message_id, message.kind)
            )
            async with asyncio.timeout(DELIVERY_TIMEOUT_SECONDS):
                await delivery(json.loads(text))
        except Exception as error:  # noqa: BLE001 - whatever failed, the message is tried again or parked.
            await self._note_failure(message, error, clock.now())
            return False
        await self._store.write(lambda c: sql.remove(c, message.message_id))
        return True

    async def _note_failure(self, message: Message, error: Exception, now: datetime) -> None:
        reason = f"{type(error).__name__}: {error}"[:_REASON_CHARACTERS_MAX]
        if message.attempts >= ATTEMPTS_MAX:
            await self._store.write(lambda c: sql.bury(c, message.message_id, reason, now))
        else:
            due_at = now + backoff(message.attempts)
            await self._store.write(lambda c: sql.postpone(c, message.message_id, reason, due_at))


def deliver_mail(send: Callable[[Mail], Awaitable[None]]) -> Delivery:
    """Make the delivery of messages of the kind ``mail`` out of a gateway's ``send``."""

    async def deliver(payload: dict[str, Any]) -> None:
        await send(Mail(**payload))

    return deliver


def _place(message_id: str, kind: str) -> str:
    return place("outbox_messages", "payload_sealed", kind, message_id)
