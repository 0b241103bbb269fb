"""Connecting an account: every way back from Stripe, and what it leaves behind."""

from urllib.parse import parse_qs, urlsplit

import pytest
from typing_extensions import override

from dream_api.bridge.connect import STATE_SECONDS, Connect, ConnectRefused, PaymentRequired
from dream_api.gateways.clock import MovableClock
from dream_api.gateways.stripe import (
    AccountGone,
    Departure,
    OauthConnection,
    OauthOnboarding,
    Stripe,
    StripeModes,
)
from dream_api.kit.keys import Mode
from dream_api.shared.inbox import InboxEvent, InboxState
from tests.integration.bridge.conftest import open_shop
from tests.integration.bridge.shop import CALLBACK, Shop
from tests.stripe_server import approve, gateway


async def tell_deauthorized(shop: Shop) -> None:
    """Deliver the event that Stripe sends when a developer disconnects us there."""
    event = InboxEvent(
        id="inb_1",
        source="stripe",
        event_id="evt_1",
        event_type="account.application.deauthorized",
        platform_id=shop.platform_id,
        account=shop.account_id,
        payload={"data": {"object": {"id": "ca_simulator", "object": "application"}}},
        state=InboxState.PENDING,
        attempts=1,
        received_at=shop.clock.now(),
        due_at=shop.clock.now(),
        finished_at=None,
        reason=None,
    )
    await shop.connect().on_deauthorized(event)


async def reason_of(shop: Shop, back: dict[str, str | None]) -> str:
    """Come back and give the reason of the refusal."""
    with pytest.raises(ConnectRefused) as refused:
        await shop.connect().callback(shop.developer_id, **back)
    return refused.value.reason


async def test_a_connected_account_is_found_both_ways(connected: Shop) -> None:
    """By the platform, and by the account that an event names; no credential is kept."""
    linked = await connected.linked()
    bindings = connected.bindings.front_auth_api
    rows = await bindings.customers.read(lambda c: bindings.customer_tokens.list(c, limit=100))
    values = {row.key: row.value for row in rows}

    assert linked is not None
    assert "read_write" == linked.scope
    assert connected.platform_id == values[f"stripeaccount:live:{linked.account_id}"]
    assert {"stripeUserId", "scope", "livemode", "connectedAt"} == set(
        values[f"platform:{connected.platform_id}:stripe"]
    )


async def test_who_declines_connects_nothing(shop: Shop) -> None:
    """The developer may start again."""
    back = await shop.visit_stripe(action="deny")

    assert "access_denied" == await reason_of(shop, back)
    assert await shop.linked() is None


async def test_a_state_works_once(shop: Shop) -> None:
    """A repeated callback is refused before the code goes to Stripe, which would revoke."""
    back = await shop.visit_stripe()
    await shop.connect().callback(shop.developer_id, **back)

    assert "state_expired" == await reason_of(shop, back)
    assert await shop.linked() is not None


async def test_a_state_lives_ten_minutes(shop: Shop, clock: MovableClock) -> None:
    """Then the developer starts again."""
    back = await shop.visit_stripe()
    clock.advance(STATE_SECONDS)

    assert "state_expired" == await reason_of(shop, back)
    assert await shop.linked() is None


async def test_a_state_is_of_no_use_to_another_developer(shop: Shop) -> None:
    """A forged callback would graft a stranger's account; the rightful one still works."""
    stranger = await open_shop(Shop(shop.bindings, shop.stripes, shop.clock, shop.stripe_url))
    back = await shop.visit_stripe()

    assert "state_mismatch" == await reason_of(stranger, back)
    assert await stranger.linked() is None
    assert Mode.LIVE is await shop.connect().callback(shop.developer_id, **back)


@pytest.mark.parametrize("state", [None, "", "made-up", "x" * 10_000])
async def test_a_state_that_we_did_not_give_is_refused(shop: Shop, state: str | None) -> None:
    """Whatever the code is."""
    assert "state_expired" == await reason_of(shop, {"code": "ac_1", "state": state, "error": None})


@pytest.mark.parametrize("code", [None, "", "ac_unknown", "x" * 10_000])
async def test_a_code_that_stripe_did_not_give_is_refused(shop: Shop, code: str | None) -> None:
    """Nothing is stored."""
    back = await shop.visit_stripe()

    assert "code_refused" == await reason_of(shop, {**back, "code": code})
    assert await shop.linked() is None


async def test_while_stripe_is_away_the_way_back_says_so(shop: Shop) -> None:
    """The state is used up, so the developer starts again."""
    back = await shop.visit_stripe()
    async with gateway("http://127.0.0.1:9") as away:
        shop.stripes = StripeModes(away, None)

        assert "stripe_unavailable" == await reason_of(shop, back)


async def test_an_account_has_one_platform_in_each_mode(connected: Shop) -> None:
    """Its events could not be told apart otherwise; the first platform keeps it."""
    other = await open_shop(
        Shop(connected.bindings, connected.stripes, connected.clock, connected.stripe_url)
    )
    back = await other.visit_stripe(account=connected.account_id)

    assert "already_connected" == await reason_of(other, back)
    assert await other.linked() is None
    assert await connected.linked() is not None


async def test_connecting_again_replaces_the_account(connected: Shop) -> None:
    """The old account is free for another platform."""
    old = connected.account_id
    await connected.connect_account()
    other = await open_shop(
        Shop(connected.bindings, connected.stripes, connected.clock, connected.stripe_url)
    )
    await other.connect_account(account=old)

    assert old == other.account_id != connected.account_id


async def test_the_account_before_is_closed_to_our_key(connected: Shop) -> None:
    """Nobody here uses it any more, so Stripe takes our access back at once."""
    live, old = connected.stripes.live, connected.account_id
    assert live is not None
    await connected.connect_account()

    with pytest.raises(AccountGone):
        await live.get_account(old)
    assert connected.account_id == (await live.get_account(connected.account_id)).id


async def test_the_same_account_again_stays_open(connected: Shop) -> None:
    """Connecting it twice is harmless, and closes nothing."""
    live, same = connected.stripes.live, connected.account_id
    assert live is not None
    await connected.connect_account(account=same)

    assert same == connected.account_id == (await live.get_account(same)).id


async def test_an_account_that_another_platform_has_stays_theirs(connected: Shop) -> None:
    """The refusal closes nothing either: the first platform goes on selling."""
    live, theirs = connected.stripes.live, connected.account_id
    assert live is not None
    other = await open_shop(
        Shop(connected.bindings, connected.stripes, connected.clock, connected.stripe_url)
    )
    await other.connect_account()
    kept = other.account_id

    assert "already_connected" == await reason_of(other, await other.visit_stripe(account=theirs))
    linked, first = await other.linked(), await connected.linked()
    assert linked is not None
    assert first is not None
    assert (kept, theirs) == (linked.account_id, first.account_id)
    for account in (kept, theirs):
        assert account == (await live.get_account(account)).id


async def test_live_needs_payment_and_test_does_not(shop: Shop) -> None:
    """Build and try before paying; who stops paying on the way lands on a reason."""
    back = await shop.visit_stripe()
    shop.has_paid = False

    with pytest.raises(PaymentRequired):
        await shop.connect().authorize(shop.developer_id, Mode.LIVE)
    assert "payment_required" == await reason_of(shop, back)
    await shop.connect_account(Mode.TEST)
    assert await shop.linked(Mode.TEST) is not None


async def test_disconnecting_gives_the_access_back(connected: Shop) -> None:
    """Both rows go, Stripe knows, and a second time is no error."""
    connect = connected.connect()

    await connect.disconnect(connected.developer_id, Mode.LIVE)
    await connect.disconnect(connected.developer_id, Mode.LIVE)

    assert await connected.linked() is None
    live = connected.stripes.live
    assert live is not None
    with pytest.raises(AccountGone):
        await live.get_account(connected.account_id)


async def test_disconnecting_at_stripe_is_heard(connected: Shop) -> None:
    """The account is forgotten once Stripe says that the access is gone."""
    live = connected.stripes.live
    assert live is not None
    await live.deauthorize(connected.account_id)

    await tell_deauthorized(connected)

    assert await connected.linked() is None


async def test_an_old_event_does_not_end_a_new_connection(connected: Shop) -> None:
    """Events come late and twice; the developer has connected again meanwhile."""
    await tell_deauthorized(connected)

    assert await connected.linked() is not None


class MadeForThem(OauthOnboarding):
    """Another way: the account is known when the developer leaves, and no code comes back."""

    def __init__(self, stripe: Stripe) -> None:
        super().__init__(stripe)
        self._own = stripe

    @override
    async def begin(self, *, state: str, return_url: str, email: str | None) -> Departure:
        """Make the account before anybody is sent away, as Account Links do."""
        back = await approve(self._own.authorize_url(state=state, redirect_uri=return_url))
        code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
        made = await self._own.exchange_code(code)
        return Departure(f"{return_url}?state={state}", made.account_id)

    @override
    async def finish(self, *, code: str | None, account_id: str | None) -> OauthConnection:
        """Look at the account that was made."""
        assert (code, account_id) != (None, None), "the state has kept the account"
        account = await self.get_account(str(account_id))
        return OauthConnection(account_id=account.id, scope="read_write", livemode=False)


async def test_another_way_of_connecting_fits_the_same_port(shop: Shop) -> None:
    """One whose way back carries no code: the visit's state has kept the account."""
    connect = Connect(
        shop.bindings.oauth_api,
        shop.stripes,
        shop.clock,
        redirect_uri=CALLBACK,
        is_paid=shop.is_paid,
        way=MadeForThem,
    )
    url = await connect.authorize(shop.developer_id, Mode.LIVE)
    state = parse_qs(urlsplit(url).query)["state"][0]
    await connect.callback(shop.developer_id, code=None, state=state, error=None)
    linked = await shop.linked()

    assert linked is not None
    assert linked.account_id.startswith("acct_")
