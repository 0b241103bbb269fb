"""What an operator does to the secrets of both worlds, beside whatever serves them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dream_api.app.engines import Engine, engine_of
from dream_api.app.errors import MasterKeyNotServed, WrongMasterKey
from dream_api.app.vaults import build_vault
from dream_api.gateways.clock import Clock
from dream_api.settings import Settings
from dream_api.shared.identity import Keyring, RealmKind, open_keyring
from dream_api.shared.outbox import Outbox
from dream_api.stores import World


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """How much of one world was sealed under the active master key."""

    signing_keys: int
    messages: int


async def rotate_signing_keys(
    settings: Settings, clock: Clock, *, revoke_now: bool = False
) -> dict[World, str]:
    """Let the next signing key of each world sign; give its id.

    A server that runs signs with it from the next token on: it asks the store each time.

    Args:
        settings: every knob.
        clock: tells the time.
        revoke_now: a key leaked: every token and every session of both worlds ends at once.

    Raises:
        SchemaMismatch: the stores are not of this release.
    """
    async with _opened(engine_of(settings), settings, clock) as worlds:
        return {
            world: await secrets.keyring.rotate(revoke_now=revoke_now)
            for world, secrets in worlds.items()
        }


async def rekey(settings: Settings, clock: Clock) -> dict[World, Rekeyed]:
    """Seal under the first master key what an older one sealed. Safe to repeat.

    Short transactions, a page at a time; requests go on meanwhile.

    Raises:
        MasterKeyNotServed: a process serves these stores without that key; nothing was changed.
        WrongMasterKey: what is sealed cannot be opened; nothing was changed.
        SchemaMismatch: the stores are not of this release.
    """
    engine = engine_of(settings)
    served_with = engine.read_master_key_ids()
    if served_with is not None and build_vault(settings).key_ids[0] not in served_with:
        raise MasterKeyNotServed(
            "The process that serves these stores was started without the new master key. Restart "
            "it with DREAM_MASTER_KEY=new,old, then repeat this."
        )
    async with _opened(engine, settings, clock) as worlds:
        for secrets in worlds.values():
            if not await secrets.keyring.can_be_opened():
                raise WrongMasterKey(
                    "No configured master key opens what is sealed here. Put the key that the "
                    "stores were made with behind the new one: DREAM_MASTER_KEY=new,old."
                )
        return {
            world: Rekeyed(await secrets.keyring.rekey(), await secrets.outbox.rekey())
            for world, secrets in worlds.items()
        }


@dataclass(frozen=True, slots=True)
class _Secrets:
    """What one world keeps sealed."""

    keyring: Keyring
    outbox: Outbox


@asynccontextmanager
async def _opened(
    engine: Engine, settings: Settings, clock: Clock
) -> AsyncIterator[dict[World, _Secrets]]:
    await engine.check()
    vault = build_vault(settings)
    async with engine.opened_for_upkeep(clock) as bindings:
        loops = bindings.loops  # What is sealed lies across platforms.
        stores = {
            World.DEVELOPERS: (loops.front_auth_api.developers, RealmKind.DEVELOPERS),
            World.CUSTOMERS: (loops.api_multi.customers, RealmKind.CUSTOMERS),
        }
        yield {
            world: _Secrets(open_keyring(store, clock, kind, vault), Outbox(store, vault))
            for world, (store, kind) in stores.items()
        }
