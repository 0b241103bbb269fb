"""Stripe fails at each call of each verb of end users: nothing half done, and a repeat finishes it.

Slow, 429, 500, half an answer, none at all, and done without saying so. Changes of plan have a file
of their own.
"""

import pytest

from dream_api.gateways.stripe import StripeUnavailable
from dream_api.shared.inbox import InboxEvent, InboxState
from tests.integration.customers.counter import Counter, counter
from tests.stripe_faults import Outage, Verb, walk_every_outage

__all__ = ["counter"]

RETURN_URL = "https://app.example/account"
LOST_SECONDS = 601


async def test_a_checkout_survives_every_outage(counter: Counter) -> None:
    """Until it is opened nobody has an address to pay at; afterwards one session is on record."""
    broken, shop = counter.broken, counter.shop

    async def on_record(user_id: str) -> list[str]:
        sql = "SELECT status FROM subscriptions_checkouts WHERE user_id = ?"
        return await shop.bindings.customers.read(
            lambda c: [row[0] for row in c.exec_driver_sql(sql, (user_id,))]
        )

    async def prepare() -> str:
        return counter.name()

    async def unfinished(user_id: str) -> None:
        assert [] == await on_record(user_id)
        assert [] == await counter.subscriptions_of(user_id)

    async def done(user_id: str) -> None:
        assert ["open"] == await on_record(user_id)
        assert 1 == len(await counter.open_sessions_of(user_id))
        await counter.agrees(user_id, ("free", 0))

    verb = Verb(prepare, lambda user_id: broken.open("pro", user_id), unfinished, done)
    assert await walk_every_outage(counter.wire, verb)


async def test_a_session_whose_answer_was_lost_is_closed_without_anybody_coming_back(
    counter: Counter,
) -> None:
    """Stripe made it and nobody has its address: the sweep finds it by whose it is."""
    user_id = counter.name()
    counter.wire.break_at(0, Outage.LOST)
    with pytest.raises(StripeUnavailable):
        await counter.broken.open("pro", user_id)
    counter.wire.heal()
    stands_open = await counter.open_sessions_of(user_id)

    await counter.shop.subscriptions.reconcile_stale()
    at_once = await counter.open_sessions_of(user_id)
    counter.shop.clock.advance(LOST_SECONDS)
    await counter.shop.subscriptions.reconcile_stale()
    later = await counter.open_sessions_of(user_id)

    assert (1, stands_open, []) == (len(stands_open), at_once, later)


async def test_the_sweep_leaves_the_session_that_the_person_has(counter: Counter) -> None:
    """An answer was lost, the person asked again: what they were given stays open."""
    user_id = counter.name()
    counter.wire.break_at(0, Outage.LOST)
    with pytest.raises(StripeUnavailable):
        await counter.broken.open("pro", user_id)
    counter.wire.heal()
    _, session_id = await counter.broken.open("basic", user_id)

    counter.shop.clock.advance(LOST_SECONDS)
    await counter.shop.subscriptions.reconcile_stale()

    assert [session_id] == await counter.open_sessions_of(user_id)


async def test_a_checkout_that_closes_another_survives_every_outage(counter: Counter) -> None:
    """The older one is closed at Stripe before its row says so; only the newer can be paid."""
    broken, shop = counter.broken, counter.shop
    sessions: dict[str, str] = {}

    async def prepare() -> str:
        user_id = counter.name()
        sessions[user_id] = (await shop.open("basic", user_id))[1]
        return user_id

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("free", 0))

    async def done(user_id: str) -> None:
        older = await shop.stripe.get_checkout(shop.account_id, sessions[user_id])
        assert "expired" == older.status

    verb = Verb(prepare, lambda user_id: broken.open("pro", user_id), unfinished, done)
    assert await walk_every_outage(counter.wire, verb)


async def test_coming_back_from_checkout_survives_every_outage(counter: Counter) -> None:
    """Paid is paid: the plan comes with the repeat, and nothing is charged again."""
    broken, shop = counter.broken, counter.shop
    sessions: dict[str, str] = {}

    async def prepare() -> str:
        user_id = counter.name()
        url, sessions[user_id] = await shop.open("pro", user_id)
        await shop.pay(url)
        return user_id

    async def act(user_id: str) -> None:
        await broken.subscriptions.settle_checkout(shop.platform_id, sessions[user_id])

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("free", 0), ("pro", 2_900))

    async def done(user_id: str) -> None:
        await counter.agrees(user_id, ("pro", 2_900))
        assert [2_900] == await counter.charges_of(user_id)

    assert await walk_every_outage(counter.wire, Verb(prepare, act, unfinished, done))


async def test_hearing_of_a_refund_survives_every_outage(counter: Counter) -> None:
    """What Stripe could not say yet is asked again; nothing is given back twice in our books."""
    shop = counter.shop

    async def prepare() -> str:
        user_id = await counter.subscriber("pro")
        (charge, *_) = await counter.owner.charges()
        await counter.owner.press("refund", charge=charge["id"], amount="100")
        return user_id

    async def act(_user_id: str) -> None:
        (charge, *_) = await counter.owner.charges()
        now = shop.clock.now()
        event = InboxEvent(
            id="inb_1",
            source="stripe:test",
            event_id="evt_1",
            event_type="charge.refunded",
            platform_id=shop.platform_id,
            account=shop.account_id,
            payload=charge,
            state=InboxState.PENDING,
            attempts=1,
            received_at=now,
            due_at=now,
            finished_at=None,
            reason=None,
        )
        await counter.broken.subscriptions.on_event(event)

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("pro", 2_900))

    async def done(user_id: str) -> None:
        state = await shop.subscriptions.state(shop.platform_id, user_id)
        assert state is not None
        assert 100 == state["refundedCents"]

    assert await walk_every_outage(counter.wire, Verb(prepare, act, unfinished, done))


async def test_the_portal_survives_every_outage(counter: Counter) -> None:
    """Its settings are made once on an account, however often their answer is lost."""
    shop = counter.shop
    user_id = await counter.subscriber("pro")

    async def forget_settings() -> str:
        await shop.bindings.customers.write(
            lambda c: c.exec_driver_sql("DELETE FROM subscriptions_portals")
        )
        return user_id

    async def act(user_id: str) -> None:
        await counter.broken.subscriptions.portal(shop.platform_id, user_id, RETURN_URL)

    async def one_at_most(user_id: str) -> None:
        found = await counter.owner.ask("GET", "/v1/billing_portal/configurations")
        assert len(found["data"]) <= 1
        await counter.agrees(user_id, ("pro", 2_900))

    verb = Verb(forget_settings, act, one_at_most, one_at_most)
    assert await walk_every_outage(counter.wire, verb)


async def test_erasing_survives_every_outage(counter: Counter) -> None:
    """Nobody is forgotten who could still be billed."""
    shop, subscriptions = counter.shop, counter.broken.subscriptions

    async def forget_identity(_platform_id: str, _user_id: str) -> None:
        """Users made by a server have none."""

    async def act(user_id: str) -> None:
        await subscriptions.erase(shop.platform_id, user_id, forget_identity)

    async def unfinished(user_id: str) -> None:
        assert await shop.end_users.find(shop.platform_id, user_id) is not None

    async def done(user_id: str) -> None:
        assert await shop.end_users.find(shop.platform_id, user_id) is None
        assert [] == await counter.subscriptions_of(user_id)

    verb = Verb(lambda: counter.subscriber("pro"), act, unfinished, done)
    assert await walk_every_outage(counter.wire, verb)


async def test_looking_again_survives_every_outage(counter: Counter) -> None:
    """What we keep stays as it was, until Stripe has said what is."""
    shop = counter.shop

    async def prepare() -> str:
        user_id = await counter.subscriber("pro")
        subscription_id = str((await shop.user(user_id)).stripe_subscription_id)
        await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
        return user_id

    async def act(user_id: str) -> None:
        subscription_id = str((await shop.user(user_id)).stripe_subscription_id)
        await counter.broken.subscriptions.refresh(shop.platform_id, subscription_id)

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("pro", 2_900))

    async def done(user_id: str) -> None:
        await counter.agrees(user_id, ("free", 0))

    assert await walk_every_outage(counter.wire, Verb(prepare, act, unfinished, done))


async def test_a_comparison_survives_every_outage(counter: Counter) -> None:
    """What was compared before the outage stands; the next comparison finds the rest."""
    shop = counter.shop
    ended: list[str] = []

    async def prepare() -> str:
        for subscription_id in ended[-1:]:
            await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
            await shop.subscriptions.refresh(shop.platform_id, subscription_id)
        user_id = counter.name()
        ended.append(await shop.subscribe_unheard("pro", user_id))
        (charge, *_) = await counter.owner.charges()
        await counter.owner.press("refund", charge=charge["id"], amount="100")
        return user_id

    async def act(_user_id: str) -> None:
        await counter.broken.subscriptions.reconcile(shop.platform_id)

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("free", 0), ("pro", 2_900))

    async def done(user_id: str) -> None:
        await counter.agrees(user_id, ("pro", 2_900))
        state = await shop.subscriptions.state(shop.platform_id, user_id)
        assert state is not None
        assert 100 == state["refundedCents"]

    assert await walk_every_outage(counter.wire, Verb(prepare, act, unfinished, done))
