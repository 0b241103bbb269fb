"""Realms over real stores, with a world around them that only takes notes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import MASTER_KEY_BYTES, Vault
from dream_api.shared.identity import (
    DEVELOPERS_REALM_ID,
    Claims,
    Identity,
    MailBrand,
    Realm,
    RealmConfig,
    RealmHooks,
    SignedIn,
)
from dream_api.shared.outbox import Mailbox, Outbox, ReceivedMail, deliver_mail
from dream_api.stores import Bindings, Connection, Store

PUBLIC_URL = "https://dream.example"
PASSWORD = "violet anchor sandwich"
OTHER_PASSWORD = "granite teapot lullaby"
PLATFORM_A = "pk_test_drm_A"
PLATFORM_B = "pk_test_drm_B"


@dataclass
class World:
    """What a realm's hooks talk to: plans that a test sets, and what it was told."""

    plans: dict[str, str] = field(default_factory=dict)
    verified: list[tuple[str, Identity]] = field(default_factory=list)
    deleted: list[tuple[str, str]] = field(default_factory=list)

    def hooks(self) -> RealmHooks:
        """Give the realm's side of this world."""
        return RealmHooks(
            claims=self._claims,
            on_verified=lambda _, realm_id, identity: self.verified.append((realm_id, identity)),
            branding=lambda _, realm_id: MailBrand(f"Acme {realm_id[-1]}", "#0a7f5a"),
            on_deleted=lambda _, realm_id, user_id: self.deleted.append((realm_id, user_id)),
        )

    def _claims(self, _: Connection, realm_id: str, user_id: str) -> Claims:
        platform_id = None if realm_id == DEVELOPERS_REALM_ID else realm_id
        return Claims(platform_id, self.plans.get(user_id, "free"))


@dataclass
class Post:
    """The mail of one world: delivered when somebody looks."""

    outbox: Outbox
    mailbox: Mailbox
    clock: MovableClock

    async def mails(self, to: str | None = None) -> list[ReceivedMail]:
        """Deliver what waits and list it, newest last."""
        await self.outbox.deliver_due(self.clock, {"mail": deliver_mail(self.mailbox.send)})
        return await self.mailbox.list(to)

    async def code(self, to: str) -> str:
        """Give the newest code that was mailed to an address."""
        code = (await self.mails(to))[-1].mail.code
        assert code is not None, "the newest mail carries a code"
        return code


@dataclass
class House:
    """One world's realms and everything around them."""

    realm: Realm
    world: World
    post: Post
    store: Store
    outbox: Outbox
    vault: Vault
    clock: MovableClock
    realm_id: str

    async def join(self, email: str, *, realm_id: str | None = None) -> SignedIn:
        """Sign up and verify."""
        realm_id = realm_id or self.realm_id
        await self.realm.sign_up(realm_id, email, PASSWORD)
        return await self.realm.verify_email(realm_id, email, await self.post.code(email))


@pytest.fixture
def vault() -> Vault:
    """Give a vault with an invented master key."""
    return Vault([b"m" * MASTER_KEY_BYTES])


@pytest.fixture
async def developers(bindings: Bindings, clock: MovableClock, vault: Vault) -> AsyncIterator[House]:
    """Give realm 1."""
    world = World()
    config = RealmConfig.developers(PUBLIC_URL, world.hooks())
    house = build(bindings.front_auth_api.developers, clock, vault, config, DEVELOPERS_REALM_ID)
    house.world = world
    yield house
    house.realm.passwords.close()


@pytest.fixture
async def customers(bindings: Bindings, clock: MovableClock, vault: Vault) -> AsyncIterator[House]:
    """Give realm 2; tests use the populations of two platforms."""
    world = World()
    config = RealmConfig.customers(PUBLIC_URL, world.hooks())
    house = build(bindings.api_multi.customers, clock, vault, config, PLATFORM_A)
    house.world = world
    yield house
    house.realm.passwords.close()


def build(
    store: Store, clock: MovableClock, vault: Vault, config: RealmConfig, realm_id: str
) -> House:
    """Put a realm and its surroundings together."""
    outbox = Outbox(store, vault)
    return House(
        Realm(store, outbox, clock, vault, config),
        World(),
        Post(outbox, Mailbox(store, clock), clock),
        store,
        outbox,
        vault,
        clock,
        realm_id,
    )
