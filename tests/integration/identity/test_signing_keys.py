"""Signing keys: published before they sign, kept while somebody may still verify with them."""

import json

import jwt
import pytest

from dream_api.kit.crypto import MASTER_KEY_BYTES, Vault
from dream_api.kit.tokens import thumbprint
from dream_api.shared.identity import RealmConfig, Unauthenticated
from dream_api.shared.outbox import Outbox
from tests.integration.identity.conftest import PLATFORM_A, PUBLIC_URL, House, build

ADA = "ada@example.com"


async def _key_ids(house: House) -> list[str]:
    return [key["kid"] for key in (await house.realm.keyring.jwks())["keys"]]


async def test_a_stock_verifier_needs_only_the_published_keys(customers: House) -> None:
    """Discovery, key set, token: nothing of ours is asked for."""
    token = (await customers.join(ADA)).token
    document = customers.realm.discovery(PLATFORM_A)
    keys = jwt.PyJWKSet.from_dict(await customers.realm.keyring.jwks())

    claims = jwt.decode(
        token,
        keys[jwt.get_unverified_header(token)["kid"]],
        algorithms=document["id_token_signing_alg_values_supported"],
        audience=PLATFORM_A,
        issuer=document["issuer"],
        options={"verify_iat": False},
    )

    assert PLATFORM_A == claims["platformId"]
    assert f"{document['issuer']}/.well-known/jwks.json" == document["jwks_uri"]


async def test_the_private_half_is_never_published(developers: House) -> None:
    """Neither member nor file holds it in the open."""
    await developers.join(ADA)

    published = (await developers.realm.keyring.jwks())["keys"]

    assert 2 == len(published)
    for key in published:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}
        assert thumbprint(key) == key["kid"]


async def test_the_two_worlds_publish_different_keys(developers: House, customers: House) -> None:
    """Two realms share no key."""
    assert set(await _key_ids(developers)).isdisjoint(await _key_ids(customers))


async def test_the_next_key_is_known_before_it_signs(developers: House) -> None:
    """Whoever caches the set for hours knows the key when its first token arrives."""
    before = await _key_ids(developers)

    await developers.realm.keyring.rotate()
    token = (await developers.join(ADA)).token

    assert jwt.get_unverified_header(token)["kid"] in before


async def test_a_rotation_ends_no_token(developers: House) -> None:
    """The old key verifies what it signed, for a day."""
    old = (await developers.join(ADA)).token

    await developers.realm.keyring.rotate()

    assert await developers.realm.authenticate_token("developers", old)
    assert 3 == len(await _key_ids(developers))


async def test_a_retired_key_goes_after_a_day(developers: House) -> None:
    """And with it the last way to make a token with it."""
    await developers.join(ADA)
    await developers.realm.keyring.rotate()
    developers.clock.advance(24 * 3600)
    await developers.realm.keyring.prepare()

    assert 2 == len(await _key_ids(developers))


async def test_a_key_signs_for_ninety_days(developers: House) -> None:
    """Then the daily round promotes the next one."""
    await developers.join(ADA)
    developers.clock.advance(90 * 24 * 3600 - 1)
    too_early = await developers.realm.keyring.prepare()
    developers.clock.advance(1)

    assert (False, True) == (too_early, await developers.realm.keyring.prepare())


async def test_a_leaked_key_is_worthless_at_once(developers: House) -> None:
    """What it signed is refused, refresh tokens too, and no old key is published."""
    signed_in = await developers.join(ADA)
    before = await _key_ids(developers)

    await developers.realm.keyring.rotate(revoke_now=True)

    assert set(before).isdisjoint(await _key_ids(developers))
    with pytest.raises(Unauthenticated):
        await developers.realm.authenticate_token("developers", signed_in.token)
    with pytest.raises(Unauthenticated):
        await developers.realm.refresh("developers", signed_in.refresh_token)


async def test_a_new_master_key_seals_the_old_keys_again(customers: House) -> None:
    """After rekey the old master key may be thrown away, for waiting mails too."""
    token = (await customers.join(ADA)).token
    await customers.realm.forgot_password(PLATFORM_A, ADA)
    old, new = b"m" * MASTER_KEY_BYTES, b"n" * MASTER_KEY_BYTES
    config = RealmConfig.customers(PUBLIC_URL, customers.world.hooks())
    both = build(customers.store, customers.clock, Vault([new, old]), config, PLATFORM_A)
    only_new = build(customers.store, customers.clock, Vault([new]), config, PLATFORM_A)
    before = await only_new.realm.keyring.can_be_opened()

    await both.realm.keyring.rekey()
    await Outbox(customers.store, both.vault).rekey()

    assert (False, True) == (before, await only_new.realm.keyring.can_be_opened())
    assert await only_new.realm.authenticate_token(PLATFORM_A, token)
    assert await only_new.realm.sign_in(PLATFORM_A, ADA, "violet anchor sandwich")
    assert await only_new.post.code(ADA)


async def test_no_private_key_is_in_the_file(customers: House) -> None:
    """It lies there sealed: the coordinates of the public half are readable, ``d`` is not."""
    await customers.join(ADA)
    folder = customers.clock._path.parent  # noqa: SLF001 - the clock lies beside the data.

    stored = b"".join(path.read_bytes() for path in folder.glob("customers.db*"))

    assert json.dumps("x").encode() + b":" in stored
    assert json.dumps("d").encode() + b":" not in stored
