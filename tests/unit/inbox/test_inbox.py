"""The inbox: each event once, handled eventually or visibly dead."""

import asyncio

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.kit.cursors import InvalidCursor
from dream_api.kit.errors import NotFound, Unavailable
from dream_api.shared.inbox import EventQuarantined, Handlers, Inbox, InboxEvent, InboxState
from dream_api.shared.inbox.model import ATTEMPTS_MAX, RETRY_SECONDS_MAX
from dream_api.stores import Bindings

PLATFORM = "pk_test_1"


@pytest.fixture
def inbox(bindings: Bindings, clock: MovableClock) -> Inbox:
    """Open the customers' inbox."""
    return Inbox(bindings.api_multi.customers, clock)


async def _receive(
    inbox: Inbox, event_id: str = "evt_1", platform_id: str = PLATFORM, source: str = "stripe:test"
) -> bool:
    return await inbox.receive(source, event_id, "thing.updated", platform_id, "acct_1", {"n": 1})


class Recorder:
    """A handler that remembers what it was given, and raises what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.events: list[InboxEvent] = []
        self.error = error

    async def __call__(self, event: InboxEvent) -> None:
        """Handle one event."""
        self.events.append(event)
        if self.error is not None:
            raise self.error

    @property
    def handlers(self) -> Handlers:
        """Give the table that names this handler."""
        return {"thing.updated": [self]}


async def _only(inbox: Inbox) -> InboxEvent:
    (event,) = (await inbox.list(PLATFORM, 10)).events
    return event


async def test_an_event_that_comes_twice_is_stored_once(inbox: Inbox) -> None:
    """Senders repeat; the second time is answered alike and changes nothing."""
    assert [True, False] == [await _receive(inbox), await _receive(inbox)]


async def test_an_event_that_comes_in_parallel_is_stored_once(inbox: Inbox) -> None:
    """Twenty deliveries at once of one event are one row."""
    stored = await asyncio.gather(*(_receive(inbox) for _ in range(20)))

    assert 1 == sum(stored)


async def test_the_same_id_from_another_setting_is_another_event(inbox: Inbox) -> None:
    """Ids are unique per sender only."""
    await _receive(inbox, source="stripe:live")

    assert await _receive(inbox, source="stripe:test")


async def test_a_handled_event_is_handled_once(inbox: Inbox) -> None:
    """What is done is not due again."""
    recorder = Recorder()
    await _receive(inbox)

    await inbox.handle_due(recorder.handlers)
    await inbox.handle_due(recorder.handlers)

    assert [{"n": 1}] == [event.payload for event in recorder.events]


async def test_a_type_that_nobody_handles_is_done(inbox: Inbox) -> None:
    """Stripe has two hundred types; most concern us not."""
    await _receive(inbox)

    await inbox.handle_due({})

    assert InboxState.DONE is (await _only(inbox)).state


async def test_a_failure_is_tried_again_later_and_not_at_once(
    inbox: Inbox, clock: MovableClock
) -> None:
    """Whatever is down gets time to come back."""
    recorder = Recorder(Unavailable("Stripe is away."))
    await _receive(inbox)
    await inbox.handle_due(recorder.handlers)
    at_once = await inbox.handle_due(recorder.handlers)

    recorder.error = None
    clock.advance(60)
    await inbox.handle_due(recorder.handlers)

    assert (0, InboxState.DONE) == (at_once, (await _only(inbox)).state)


async def test_an_event_that_always_fails_dies_visibly(inbox: Inbox, clock: MovableClock) -> None:
    """After the last attempt it is dead, with the reason, and takes nobody's time any more."""
    recorder = Recorder(Unavailable("Stripe is away."))
    await _receive(inbox)
    for _ in range(ATTEMPTS_MAX + 3):
        await inbox.handle_due(recorder.handlers)
        clock.advance(2 * RETRY_SECONDS_MAX)

    event = await _only(inbox)

    assert (InboxState.DEAD, "unavailable: Stripe is away.") == (event.state, event.reason)
    assert ATTEMPTS_MAX == len(recorder.events)


async def test_a_bug_in_a_handler_costs_its_event_only(inbox: Inbox) -> None:
    """The others of the batch are handled."""
    recorder = Recorder()
    await inbox.receive("stripe:test", "evt_bug", "broken", PLATFORM, None, {})
    await _receive(inbox)

    await inbox.handle_due({**recorder.handlers, "broken": [Recorder(ZeroDivisionError())]})

    assert 1 == len(recorder.events)


async def test_a_quarantined_event_is_not_tried_again(inbox: Inbox, clock: MovableClock) -> None:
    """It names something that we do not know, and tomorrow we shall not know it either."""
    recorder = Recorder(EventQuarantined("Nobody here."))
    await _receive(inbox)
    await inbox.handle_due(recorder.handlers)
    clock.advance(RETRY_SECONDS_MAX)
    await inbox.handle_due(recorder.handlers)

    event = await _only(inbox)

    assert (1, InboxState.QUARANTINED, "Nobody here.") == (
        len(recorder.events),
        event.state,
        event.reason,
    )


async def test_a_worker_that_died_gives_its_events_back(inbox: Inbox, clock: MovableClock) -> None:
    """A claim is a lease: when it has run out, somebody else takes the event."""
    await _receive(inbox)
    await inbox.due()
    meanwhile = await inbox.due()

    clock.advance(61)

    assert ([], 2) == (meanwhile, (await inbox.due())[0].attempts)


async def test_an_event_that_kills_its_worker_dies_too(inbox: Inbox, clock: MovableClock) -> None:
    """A claim counts as an attempt, so nothing is tried for ever."""
    await _receive(inbox)
    for _ in range(ATTEMPTS_MAX + 1):
        await inbox.due()
        clock.advance(61)

    assert InboxState.DEAD is (await _only(inbox)).state


async def test_a_dead_event_that_is_replayed_is_handled_again(
    inbox: Inbox, clock: MovableClock
) -> None:
    """Replay gives it all its attempts back."""
    await _receive(inbox)
    for _ in range(ATTEMPTS_MAX + 1):
        await inbox.due()
        clock.advance(61)
    recorder = Recorder()

    await inbox.replay(PLATFORM, (await _only(inbox)).id)
    await inbox.handle_due(recorder.handlers)

    assert InboxState.DONE is (await _only(inbox)).state


async def test_nobody_replays_another_platforms_event(inbox: Inbox) -> None:
    """Somebody else's event is a 404 equal to a missing one."""
    await _receive(inbox)
    event = await _only(inbox)

    with pytest.raises(NotFound):
        await inbox.replay("pk_test_2", event.id)


async def test_a_log_shows_its_own_platform_only(inbox: Inbox) -> None:
    """Events of others are not listed."""
    await _receive(inbox, "evt_theirs", "pk_test_2")

    assert [] == list((await inbox.list(PLATFORM, 10)).events)


async def test_a_log_is_paged_newest_first(inbox: Inbox, clock: MovableClock) -> None:
    """Every event appears once, whatever the size of the page."""
    for number in range(5):
        await _receive(inbox, f"evt_{number}")
        clock.advance(1)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await inbox.list(PLATFORM, 2, cursor)
        seen += [event.event_id for event in page.events]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert [f"evt_{number}" for number in (4, 3, 2, 1, 0)] == seen


async def test_a_cursor_of_another_platform_is_refused(inbox: Inbox) -> None:
    """A cursor fits the list that answered it."""
    for number in range(2):
        await _receive(inbox, f"evt_{number}", "pk_test_2")
    cursor = (await inbox.list("pk_test_2", 1)).next_cursor

    with pytest.raises(InvalidCursor):
        await inbox.list(PLATFORM, 1, cursor)


async def test_old_events_are_dropped_and_pending_ones_are_not(
    inbox: Inbox, clock: MovableClock
) -> None:
    """Payloads hold people's addresses: they stay as long as they are of use."""
    await _receive(inbox, "evt_done")
    await inbox.handle_due({})
    await _receive(inbox, "evt_pending")
    clock.advance(31 * 86_400)

    dropped = await inbox.drop_old()

    assert (1, "evt_pending") == (dropped, (await _only(inbox)).event_id)
