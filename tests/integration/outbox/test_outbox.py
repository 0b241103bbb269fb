"""The outbox: what a transaction queued is delivered, or visible as undelivered."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.gateways.mail import Mail
from dream_api.kit.crypto import MASTER_KEY_BYTES, Vault
from dream_api.shared.outbox import ATTEMPTS_MAX, Backlog, Mailbox, Outbox, deliver_mail
from dream_api.stores import Bindings, Connection, Store


@pytest.fixture
def store(bindings: Bindings) -> Store:
    """Give one world's store."""
    return bindings.front_auth_api.developers


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """Give an outbox that seals with an invented master key."""
    return Outbox(store, Vault([b"m" * MASTER_KEY_BYTES]))


class Wire:
    """Where messages go: it may be down."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.is_down = False

    async def deliver(self, payload: dict[str, Any]) -> None:
        """Take one payload."""
        if self.is_down:
            raise ConnectionError("down")
        self.sent.append(payload)


@pytest.fixture
def wire() -> Wire:
    """Give a wire that works."""
    return Wire()


@pytest.fixture
def queue(outbox: Outbox, clock: MovableClock) -> Callable[[Connection, int], None]:
    """Give a verb that queues one numbered message."""
    return lambda connection, number: outbox.add(
        connection, "note", {"number": number}, clock.now()
    )


async def test_messages_leave_in_the_order_they_were_queued(
    store: Store, outbox: Outbox, clock: MovableClock, wire: Wire, queue: Any
) -> None:
    """And only once."""
    for number in range(3):
        await store.write(partial(queue, number=number))

    delivered = await outbox.deliver_due(clock, {"note": wire.deliver})
    again = await outbox.deliver_due(clock, {"note": wire.deliver})

    assert (3, 0) == (delivered, again)
    assert [0, 1, 2] == [payload["number"] for payload in wire.sent]


async def test_a_verb_that_fails_sends_nothing(
    store: Store, outbox: Outbox, clock: MovableClock, wire: Wire, queue: Any
) -> None:
    """The message is part of the change: no change, no message."""

    def fails(connection: Connection) -> None:
        queue(connection, 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(fails)

    assert 0 == await outbox.deliver_due(clock, {"note": wire.deliver})


async def test_a_message_waits_until_the_wire_is_back(
    store: Store, outbox: Outbox, clock: MovableClock, wire: Wire, queue: Any
) -> None:
    """A failure postpones it a little, and hides it from nobody."""
    await store.write(lambda c: queue(c, 1))
    wire.is_down = True
    await outbox.deliver_due(clock, {"note": wire.deliver})
    wire.is_down = False
    at_once = await outbox.deliver_due(clock, {"note": wire.deliver})
    clock.advance(5)

    assert (0, 1) == (at_once, await outbox.deliver_due(clock, {"note": wire.deliver}))


async def test_a_message_that_never_gets_through_is_parked_and_revived(
    store: Store, outbox: Outbox, clock: MovableClock, wire: Wire, queue: Any
) -> None:
    """After its last attempt it is dead: counted, kept, and sent again when somebody says so."""
    await store.write(lambda c: queue(c, 1))
    wire.is_down = True
    for _ in range(ATTEMPTS_MAX):
        await outbox.deliver_due(clock, {"note": wire.deliver})
        clock.advance(3_600)
    dead = await outbox.backlog()
    wire.is_down = False
    await outbox.revive_dead(clock)
    await outbox.deliver_due(clock, {"note": wire.deliver})

    assert Backlog(waiting=0, dead=1) == dead
    assert 1 == len(wire.sent)


async def test_a_message_that_nobody_delivers_here_stays(
    store: Store, outbox: Outbox, clock: MovableClock, wire: Wire, queue: Any
) -> None:
    """Another worker may know its kind."""
    await store.write(lambda c: queue(c, 1))

    await outbox.deliver_due(clock, {"other": wire.deliver})

    assert Backlog(waiting=1, dead=0) == await outbox.backlog()


async def test_a_message_is_not_readable_in_the_store(
    store: Store, outbox: Outbox, clock: MovableClock
) -> None:
    """A code that waits for a mail server is worth an account."""
    await store.write(lambda c: outbox.add(c, "note", {"code": "314159"}, clock.now()))

    rows = await store.read(lambda c: c.exec_driver_sql("SELECT * FROM outbox_messages").all())

    assert "314159" not in str(rows)


async def test_a_listener_hears_after_the_commit(
    store: Store, outbox: Outbox, clock: MovableClock, wire: Wire, queue: Any
) -> None:
    """What must not wait for the worker is delivered when ``notify`` returns."""
    outbox.listen(lambda: outbox.deliver_due(clock, {"note": wire.deliver}))
    await store.write(partial(queue, number=1))

    await outbox.notify()

    assert [{"number": 1}] == wire.sent


async def test_looking_into_the_mailbox_fetches_what_waits(
    store: Store, outbox: Outbox, clock: MovableClock
) -> None:
    """Also while the worker has it in hand."""
    mailbox = Mailbox(store, clock)
    deliveries = {"mail": deliver_mail(mailbox.send)}
    mailbox.fetch_with(lambda: outbox.deliver_due(clock, deliveries))
    payload = {"to": "ada@example.com", "subject": "Hello", "text": "Text"}
    await store.write(partial(outbox.add, kind="mail", payload=payload, now=clock.now()))

    worker = asyncio.create_task(outbox.deliver_due(clock, deliveries))
    await asyncio.sleep(0)

    assert 1 == len(await mailbox.list())
    assert 1 == await worker


async def test_the_mailbox_shows_the_newest_last(
    store: Store, outbox: Outbox, clock: MovableClock
) -> None:
    """Of everybody, or of one recipient in any spelling."""
    mailbox = Mailbox(store, clock)
    for name in ("Ada", "Bob", "Ada"):
        payload = {"to": f"{name}@example.com", "subject": "Hello", "text": "Text"}
        await store.write(partial(outbox.add, kind="mail", payload=payload, now=clock.now()))
        await outbox.deliver_due(clock, {"mail": deliver_mail(mailbox.send)})

    everybody, ada = await mailbox.list(), await mailbox.list("ada@example.com")

    assert ["Ada", "Bob", "Ada"] == [one.mail.to.split("@")[0] for one in everybody]
    assert 2 == len(ada)
    assert sorted(everybody, key=lambda one: one.at) == everybody


async def test_the_mailbox_keeps_no_more_than_it_can_show(
    store: Store, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest mail makes room."""
    monkeypatch.setattr("dream_api.shared.outbox.mailbox.MAILS_KEPT", 2)
    mailbox = Mailbox(store, clock)
    for number in range(3):
        await mailbox.send(Mail("ada@example.com", str(number), "Text"))
        clock.advance(1)

    assert ["1", "2"] == [one.mail.subject for one in await mailbox.list()]
