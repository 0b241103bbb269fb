"""Stripe fails at each call of what developers pay us with: a repeat finishes it, once."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from dream_api.developers.accounts import mint_platform
from dream_api.gateways.stripe import Stripe, StripeUnavailable
from dream_api.kit.ids import new_id
from dream_api.kit.keys import Mode
from tests.integration.developers.conftest import Payer
from tests.stripe_faults import FaultyStripe, Outage, Verb, faulty, walk_every_outage
from tests.stripe_server import gateway


@pytest.fixture
async def wire(stripe_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FaultyStripe]:
    """Serve a wire that breaks."""
    async with faulty(stripe_url, monkeypatch) as served:
        yield served


@pytest.fixture
async def broken(wire: FaultyStripe) -> AsyncIterator[Stripe]:
    """Give our own account over that wire."""
    async with gateway(wire.url) as opened:
        yield opened


async def _another(payer: Payer) -> Payer:
    """Let another developer sign up."""
    developer = replace(payer, developer_id=new_id("dev", payer.clock.now()))
    given = payer.bindings.front_auth_api
    await given.developers.write(
        lambda connection: mint_platform(
            connection, given.platform_tokens, developer.developer_id, Mode.TEST
        )
    )
    return developer


async def test_the_page_where_one_pays_survives_every_outage(
    payer: Payer, wire: FaultyStripe, broken: Stripe
) -> None:
    """One customer, one open page, however often it was asked for."""

    async def act(developer: Payer) -> None:
        await replace(developer, stripe=broken).open_checkout()

    async def unfinished(developer: Payer) -> None:
        assert not (await developer.room().get(developer.developer_id)).is_paid

    async def done(developer: Payer) -> None:
        record = await developer.room()._record(developer.developer_id)  # noqa: SLF001 - to ask Stripe.
        assert record is not None
        customer = str(record.stripe_customer_id)
        assert 1 == len(await developer.stripe.list_open_checkouts(None, customer))

    verb = Verb(lambda: _another(payer), act, unfinished, done)
    assert await walk_every_outage(wire, verb)


async def test_a_page_whose_answer_was_lost_is_closed_by_the_next_one(
    payer: Payer, wire: FaultyStripe, broken: Stripe
) -> None:
    """Asked again from another place it is another page at Stripe: the first one goes."""
    wire.heal()
    await replace(payer, stripe=broken).open_checkout()
    before_the_page = wire.asked.index("POST /v1/checkout/sessions")
    developer = await _another(payer)
    wire.break_at(before_the_page, Outage.LOST)
    with pytest.raises(StripeUnavailable):
        await replace(developer, stripe=broken).open_checkout()
    wire.heal()

    opened = await developer.room().create_checkout(
        developer.developer_id, "ada@example.com", "https://app.example/paid"
    )

    record = await developer.room()._record(developer.developer_id)  # noqa: SLF001 - to ask Stripe.
    assert record is not None
    stand_open = await developer.stripe.list_open_checkouts(None, str(record.stripe_customer_id))
    assert [opened.session_id] == [one.id for one in stand_open]


async def test_coming_back_from_paying_survives_every_outage(
    payer: Payer, wire: FaultyStripe, broken: Stripe
) -> None:
    """Paid is paid, with the repeat at the latest; nobody is charged twice."""
    sessions: dict[str, str] = {}

    async def prepare() -> Payer:
        developer = await _another(payer)
        checkout = await developer.open_checkout()
        await developer.fill_in(checkout)
        sessions[developer.developer_id] = checkout.session_id
        return developer

    async def act(developer: Payer) -> None:
        room = replace(developer, stripe=broken).room()
        await room.settle_checkout(developer.developer_id, sessions[developer.developer_id])

    async def unfinished(developer: Payer) -> None:
        standing = await developer.room().get(developer.developer_id)
        assert standing.is_paid is (await developer.live_platform() is not None)

    async def done(developer: Payer) -> None:
        assert (await developer.room().get(developer.developer_id)).is_paid
        assert 1 == len(await developer.subscriptions())

    assert await walk_every_outage(wire, Verb(prepare, act, unfinished, done))


async def test_the_portal_of_developers_survives_every_outage(
    payer: Payer, wire: FaultyStripe, broken: Stripe
) -> None:
    """Its settings are found or made; asking changes nothing of what is paid."""
    await payer.pay()

    async def prepare() -> Payer:
        return payer

    async def act(developer: Payer) -> None:
        await replace(developer, stripe=broken).room().billing_portal(developer.developer_id)

    async def paid(developer: Payer) -> None:
        assert (await developer.room().get(developer.developer_id)).is_paid

    assert await walk_every_outage(wire, Verb(prepare, act, paid, paid))


async def test_a_developer_who_leaves_survives_every_outage(
    payer: Payer, wire: FaultyStripe, broken: Stripe
) -> None:
    """Everything that could still be charged has ended, or the refusal says to try again."""

    async def prepare() -> Payer:
        developer = await _another(payer)
        await developer.pay()
        return developer

    async def act(developer: Payer) -> None:
        await replace(developer, stripe=broken).room().cancel(developer.developer_id)

    async def unfinished(developer: Payer) -> None:
        assert 1 == len(await developer.subscriptions())

    async def done(developer: Payer) -> None:
        assert ["canceled"] == [one["status"] for one in await developer.subscriptions()]
        assert not (await developer.room().get(developer.developer_id)).is_paid

    assert await walk_every_outage(wire, Verb(prepare, act, unfinished, done))


async def test_hearing_of_an_end_survives_every_outage(
    payer: Payer, wire: FaultyStripe, broken: Stripe
) -> None:
    """By an event or a comparison: what was paid stays paid until Stripe has said otherwise."""

    async def publish(_developer_id: str) -> None:
        """Nobody else listens."""

    async def prepare() -> Payer:
        developer = await _another(payer)
        await developer.pay()
        (subscription,) = await developer.subscriptions()
        await developer.stripe.cancel_subscription(None, subscription["id"])
        return developer

    async def hear(developer: Payer) -> None:
        (subscription,) = await developer.subscriptions()
        await replace(developer, stripe=broken).room().refresh(subscription["id"])

    async def compare(developer: Payer) -> None:
        await replace(developer, stripe=broken).room().reconcile(publish)

    async def unfinished(developer: Payer) -> None:
        assert (await developer.room().get(developer.developer_id)).is_paid

    async def done(developer: Payer) -> None:
        assert not (await developer.room().get(developer.developer_id)).is_paid

    for act in (hear, compare):
        assert await walk_every_outage(wire, Verb(prepare, act, unfinished, done))
