"""The verbs of an inbox: receive, work, show, replay."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any

import structlog

from dream_api.gateways.clock import Clock
from dream_api.kit.cursors import InvalidCursor, read_cursor, write_cursor
from dream_api.kit.errors import DreamError, NotFound
from dream_api.kit.ids import new_id
from dream_api.shared.inbox import store as rows
from dream_api.shared.inbox.errors import EventQuarantined
from dream_api.shared.inbox.model import (
    ATTEMPTS_MAX,
    Handlers,
    InboxEvent,
    InboxPage,
    InboxState,
    NewEvent,
    retry_delay,
)
from dream_api.stores import Connection, Store

CLAIM_MAX = 16
"""Events handled side by side; each may hold a call to Stripe."""
HANDLING_SECONDS_MAX = 30
LEASE = timedelta(seconds=2 * HANDLING_SECONDS_MAX)
"""How long a worker that died keeps an event to itself."""
RETENTION = timedelta(days=30)
DEAD_RETENTION = timedelta(days=90)
DELETE_MAX = 500
REASON_CHARACTERS_MAX = 500

_log = structlog.get_logger()


class Inbox:
    """The inbox of one world."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._chance = secrets.SystemRandom()

    async def receive(
        self,
        source: str,
        event_id: str,
        event_type: str,
        platform_id: str | None,
        account: str | None,
        payload: Any,
    ) -> bool:
        """Store a verified event; durable on return. False when it was stored before.

        Args:
            source: who sent it and through which setting, for example ``stripe:live``.
            event_id: the sender's id, unique per source.
            event_type: the sender's word for what happened; picks the handlers.
            platform_id: whom it concerns; None in the developers' world.
            account: the connected account that it happened on, if any.
            payload: what handlers read of it; JSON.
        """
        event = NewEvent(source, event_id, event_type, platform_id, account, payload)
        now = self._clock.now()
        own_id = new_id("inb", now)
        store = self._store if platform_id is None else self._store.of(platform_id)
        return await store.write(
            lambda connection: rows.insert_event(connection, own_id, event, now)
        )

    async def handle_due(self, handlers: Handlers, *, limit: int = CLAIM_MAX) -> int:
        """Handle the events that are due, side by side; give how many were taken.

        A handler that raises ``EventQuarantined`` ends the event, any other error makes it due
        again later, and after ATTEMPTS_MAX it is dead: visible, and replayed by hand.
        """
        events = await self.due(limit)
        await asyncio.gather(*(self._handle(event, handlers) for event in events))
        return len(events)

    async def due(self, limit: int = CLAIM_MAX) -> list[InboxEvent]:
        """Take due events under a lease; whoever takes them calls done, quarantine or failed."""
        now = self._clock.now()
        return await self._store.write(
            lambda connection: rows.claim_due(connection, now, now + LEASE, limit)
        )

    async def done(self, event_id: str) -> None:
        """Note that every effect of the event is on disk."""
        await self._finish(event_id, InboxState.DONE, None)

    async def quarantine(self, event_id: str, reason: str) -> None:
        """Put the event aside: it names something that we do not know, and changed nothing."""
        await self._finish(event_id, InboxState.QUARANTINED, reason)

    async def failed(self, event_id: str, reason: str) -> None:
        """Make the event due again later, or dead after its last attempt."""
        now = self._clock.now()
        chance = self._chance.random()

        def verb(connection: Connection) -> bool:
            event = rows.find_event(connection, event_id)
            if event is None:
                return False
            if event.attempts < ATTEMPTS_MAX:
                due_at = now + retry_delay(max(event.attempts, 1), chance=chance)
                rows.postpone(connection, event_id, due_at, reason[:REASON_CHARACTERS_MAX])
                return False
            rows.finish(connection, event_id, InboxState.DEAD, now, reason[:REASON_CHARACTERS_MAX])
            return True

        if await self._store.write(verb):
            _log.error("inbox.event_died", inbox_id=event_id, reason=reason)

    async def list(self, platform_id: str, limit: int, cursor: str | None = None) -> InboxPage:
        """List a platform's events, newest first.

        Raises:
            InvalidCursor: the cursor is not one of this list.
        """
        scope = f"inbox {platform_id}"
        before_id = None
        if cursor is not None:
            (position,) = read_cursor(cursor, scope)
            if not isinstance(position, str):
                raise InvalidCursor("The cursor is of another list. Start again without it.")
            before_id = position
        events = await self._store.of(platform_id).read(
            lambda connection: rows.list_events(connection, platform_id, limit + 1, before_id)
        )
        page = events[:limit]
        has_more = len(events) > limit
        return InboxPage(page, write_cursor([page[-1].id], scope) if has_more else None)

    async def get(self, platform_id: str, event_id: str) -> InboxEvent:
        """Show one event with what it carried.

        Raises:
            NotFound: the platform has no such event.
        """
        event = await self._store.of(platform_id).read(
            lambda connection: rows.find_event(connection, event_id)
        )
        if event is None or event.platform_id != platform_id:
            raise NotFound("No such event. List the platform's events for their ids.")
        return event

    async def replay(self, platform_id: str, event_id: str) -> None:
        """Make an event due again, whatever became of it; its effects are idempotent.

        Raises:
            NotFound: the platform has no such event.
        """
        now = self._clock.now()
        if not await self._store.of(platform_id).write(
            lambda connection: rows.make_due(connection, platform_id, event_id, now)
        ):
            raise NotFound("No such event. List the platform's events for their ids.")

    async def drop_old(self) -> int:
        """Delete events that ended long ago, a bounded number of them; give how many went."""
        now = self._clock.now()

        def verb(connection: Connection) -> int:
            quiet = (InboxState.DONE, InboxState.QUARANTINED)
            dropped = rows.delete_finished(connection, quiet, now - RETENTION, DELETE_MAX)
            dead = (InboxState.DEAD,)
            return dropped + rows.delete_finished(
                connection, dead, now - DEAD_RETENTION, DELETE_MAX
            )

        return await self._store.write(verb)

    async def _handle(self, event: InboxEvent, handlers: Handlers) -> None:
        try:
            async with asyncio.timeout(HANDLING_SECONDS_MAX):
                for handler in handlers.get(event.event_type, ()):
                    await handler(event)
        except EventQuarantined as error:
            await self.quarantine(event.id, error.detail)
        except DreamError as error:
            await self.failed(event.id, f"{error.code}: {error.detail}")
        except TimeoutError:
            await self.failed(event.id, f"Not handled within {HANDLING_SECONDS_MAX} s.")
        except Exception as error:  # noqa: BLE001 - logged, and shown in the platform's log.
            # A bug must cost one event's time, never the loop; its text may hold personal data.
            _log.exception("inbox.handler_broke", inbox_id=event.id, event_type=event.event_type)
            await self.failed(event.id, f"{type(error).__name__}: see the log of this event.")
        else:
            await self.done(event.id)

    async def _finish(self, event_id: str, state: InboxState, reason: str | None) -> None:
        now: datetime = self._clock.now()
        await self._store.write(
            lambda connection: rows.finish(connection, event_id, state, now, reason)
        )
