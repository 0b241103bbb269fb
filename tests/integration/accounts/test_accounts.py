"""Developers and their two platforms."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dream_api.developers.accounts import PLATFORM_MINTED, Accounts, audit, mint_platform
from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import MASTER_KEY_BYTES, Vault
from dream_api.kit.errors import NotFound
from dream_api.kit.keys import Mode, is_well_formed
from dream_api.shared.identity import DEVELOPERS_REALM_ID, Identity
from dream_api.shared.outbox import Outbox
from dream_api.stores import Bindings, FrontAuthApiBindings

ADA = Identity("dev_ada", "ada@example.com", "Ada", datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def given(bindings: Bindings) -> FrontAuthApiBindings:
    """Give what front-auth-api may touch."""
    return bindings.front_auth_api


@pytest.fixture
def outbox(given: FrontAuthApiBindings) -> Outbox:
    """Give the developers' outbox."""
    return Outbox(given.developers, Vault([b"m" * MASTER_KEY_BYTES]))


@pytest.fixture
def accounts(given: FrontAuthApiBindings, outbox: Outbox, clock: MovableClock) -> Accounts:
    """Give the room."""
    return Accounts(given, outbox, clock)


async def _verify(
    accounts: Accounts, given: FrontAuthApiBindings, identity: Identity = ADA
) -> None:
    await given.developers.write(lambda c: accounts.on_verified(c, DEVELOPERS_REALM_ID, identity))


async def test_a_verified_developer_has_a_test_platform_and_no_live_one(
    accounts: Accounts, given: FrontAuthApiBindings
) -> None:
    """Build and try before paying."""
    await _verify(accounts, given)
    ids = await accounts.platform_ids(ADA.user_id)

    assert is_well_formed(ids.test, "pk")
    assert (None, None) == (ids.live, ids.shown)
    assert ADA.user_id == await accounts.owner_of(ids.test)


async def test_a_new_address_keeps_the_platforms(
    accounts: Accounts, given: FrontAuthApiBindings
) -> None:
    """The hook runs again when an address changes."""
    await _verify(accounts, given)
    before = await accounts.platform_ids(ADA.user_id)
    await _verify(accounts, given, Identity(ADA.user_id, "ada@new.example", "Ada", ADA.created_at))

    assert before == await accounts.platform_ids(ADA.user_id)
    assert "ada@new.example" == (await accounts.get(ADA.user_id)).email


async def test_a_platform_is_minted_once_a_mode(
    accounts: Accounts, given: FrontAuthApiBindings
) -> None:
    """Paying again after a break finds the same publishable key."""
    await _verify(accounts, given)
    first, second = [
        await given.developers.write(
            lambda c: mint_platform(c, given.platform_tokens, ADA.user_id, Mode.LIVE)
        )
        for _ in range(2)
    ]
    ids = await accounts.platform_ids(ADA.user_id)

    assert first == second == ids.live
    assert first.startswith("pk_live_drm_")


async def test_the_live_platform_is_shown_once_its_keys_are_issued(
    accounts: Accounts, given: FrontAuthApiBindings
) -> None:
    """A test key shows nothing of it."""
    await _verify(accounts, given)
    live = await given.developers.write(
        lambda c: mint_platform(c, given.platform_tokens, ADA.user_id, Mode.LIVE)
    )
    ids = await accounts.platform_ids(ADA.user_id)
    shown = []
    for platform_id in (ids.test, live):
        copies = [{"id": "key_1", "hint": "…", "createdAt": "…", "platformId": platform_id}]
        await given.developers.write(
            lambda c, copies=copies: given.platform_tokens.put(  # type: ignore[misc]  # mypy cannot infer a default.
                c, f"user:{ADA.user_id}:apiKey", copies
            )
        )
        shown.append((await accounts.platform_ids(ADA.user_id)).shown)

    assert [None, live] == shown


async def test_the_other_world_is_told_of_a_new_platform(
    accounts: Accounts, given: FrontAuthApiBindings, outbox: Outbox, clock: MovableClock
) -> None:
    """Once, however often the address is verified."""
    told: list[dict[str, Any]] = []

    async def tell(payload: dict[str, Any]) -> None:
        told.append(payload)

    await _verify(accounts, given)
    await _verify(accounts, given)
    await outbox.deliver_due(clock, {PLATFORM_MINTED: tell})
    ids = await accounts.platform_ids(ADA.user_id)

    assert [{"developerId": ADA.user_id, "platformId": ids.test}] == told


async def test_a_stranger_is_no_developer(accounts: Accounts) -> None:
    """Nothing is made up for an id that nobody has."""
    with pytest.raises(NotFound):
        await accounts.get("dev_nobody")
    with pytest.raises(NotFound):
        await accounts.platform_ids("dev_nobody")


async def test_changes_are_remembered_newest_first(
    accounts: Accounts, given: FrontAuthApiBindings, clock: MovableClock
) -> None:
    """Also after the developer has left, without saying who it was."""
    await _verify(accounts, given)
    clock.advance(1)
    await given.developers.write(
        lambda c: audit(c, ADA.user_id, "keys.rotated", {"keyId": "key_1"}, clock.now())
    )
    clock.advance(1)
    await given.developers.write(lambda c: accounts.on_deleted(c, DEVELOPERS_REALM_ID, ADA.user_id))
    history = await accounts.history(ADA.user_id, limit=10)

    assert ["account.deleted", "keys.rotated", "account.verified"] == [
        entry.action for entry in history
    ]
    assert "ada@" not in str(history)
