"""While Stripe is away: nothing is half done, and nothing is lost."""

import pytest

from dream_api.gateways.stripe import StripeUnavailable
from dream_api.shared.inbox import InboxState
from tests.integration.customers.shop import USER, Shop


async def _forget_identity(_platform_id: str, _user_id: str) -> None:
    """Users made by a server have none."""


async def test_nobody_is_erased_while_their_subscription_cannot_be_ended(
    shop: Shop, shop_without_stripe: Shop
) -> None:
    """Else they would go on paying for an account that is gone."""
    await shop.subscribe("pro")

    with pytest.raises(StripeUnavailable):
        await shop_without_stripe.subscriptions.erase(shop.platform_id, USER, _forget_identity)

    assert "pro" == (await shop.row()).plan


async def test_an_event_waits_until_stripe_is_back(shop: Shop, shop_without_stripe: Shop) -> None:
    """It is tried again later, and then does what it would have done."""
    subscription_id = await shop.subscribe_unheard("pro")
    await shop_without_stripe.tell_of(subscription_id)
    waiting = (await shop.log()).events[0]

    shop.clock.advance(60)
    await shop.inbox.handle_due(shop.handlers)

    assert (InboxState.PENDING, 1) == (waiting.state, waiting.attempts)
    assert "stripe_unavailable" in str(waiting.reason)
    assert "pro" == (await shop.row()).plan


async def test_a_checkout_that_stripe_did_not_open_leaves_no_trace(
    shop_without_stripe: Shop,
) -> None:
    """The same request works later; the lock is given back."""
    for _ in range(2):
        with pytest.raises(StripeUnavailable):
            await shop_without_stripe.open("pro")

    assert "free" == (await shop_without_stripe.row()).plan


async def test_the_sweep_stops_quietly_and_comes_back(
    shop: Shop, shop_without_stripe: Shop
) -> None:
    """What could not be asked about stays on the list."""
    subscription_id = await shop.subscribe("pro")
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
    shop.clock.advance(25 * 3_600)

    await shop_without_stripe.subscriptions.reconcile_stale()
    await shop.subscriptions.reconcile_stale()

    assert "canceled" == (await shop.row()).subscription_status
