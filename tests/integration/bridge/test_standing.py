"""Until when a live platform is paid for, carried across the worlds."""

from datetime import UTC, datetime

from dream_api.bridge.standing import StandingPublisher
from dream_api.customers.platforms import PlatformState, TierConfig
from dream_api.kit.periods import to_milliseconds
from tests.integration.bridge.shop import Shop

END = datetime(2026, 12, 1, tzinfo=UTC)


async def publish(shop: Shop, active_until: datetime | None) -> None:
    """Publish a standing."""

    async def standing(_developer_id: str) -> datetime | None:
        return active_until

    publisher = StandingPublisher(shop.bindings.front_auth_api, standing)
    await publisher.publish(shop.developer_id)


async def test_the_end_is_written_where_calls_are_refused(shop: Shop) -> None:
    """In the form that the customers' world reads, and the version is raised."""
    await publish(shop, END)
    bindings = shop.bindings.front_auth_api
    status = await bindings.customers.read(
        lambda c: bindings.customer_tokens.get(c, f"platform:{shop.platform_id}:status")
    )

    assert {"activeUntil": "2026-12-01T00:00:00Z"} == status
    assert 1 == await shop.version()


async def test_the_same_standing_again_empties_no_cache(shop: Shop) -> None:
    """The version stays; another end raises it."""
    await publish(shop, END)
    await publish(shop, END)
    unchanged = await shop.version()
    await publish(shop, None)

    assert (1, 2) == (unchanged, await shop.version())


def test_the_form_is_the_one_that_metering_reads() -> None:
    """Grace ends seven days later."""
    end_ms = to_milliseconds(END)
    state = PlatformState("pk_live_drm_x", 1, TierConfig(), end_ms)

    assert not state.is_inactive(end_ms)
    assert state.is_inactive(end_ms + 7 * 86_400_000)
