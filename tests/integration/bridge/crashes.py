"""Stores and a gateway that die at a chosen moment, as a process does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from dream_api.gateways.stripe import StripeModes
from dream_api.stores import Connection, FrontAuthApiBindings, Store

T = TypeVar("T")


class Crash(Exception):
    """The process is dead: whatever it still wanted to do does not happen."""


class Fuse:
    """Burns down one step at a time; when it is out, everything crashes."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def check(self) -> None:
        """Crash if the fuse is out."""
        if self.steps <= 0:
            raise Crash

    def burn(self) -> None:
        """Take one step; the last one crashes after its work is done."""
        self.steps -= 1
        self.check()


class CrashingStore:
    """A real store; the process dies after one of its commits."""

    def __init__(self, store: Store, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    async def write(self, verb: Callable[[Connection], T]) -> T:
        """Write, then perhaps die."""
        self._fuse.check()
        result = await self._store.write(verb)
        self._fuse.burn()
        return result

    async def read(self, verb: Callable[[Connection], T]) -> T:
        """Read while alive."""
        self._fuse.check()
        return await self._store.read(verb)

    def of(self, platform_id: str) -> Store:
        """Bind it to a platform; it dies as this one does."""
        return CrashingStore(self._store.of(platform_id), self._fuse)


class CrashingStripe:
    """A real gateway; the process dies after one of its calls was answered."""

    def __init__(self, stripe: Any, fuse: Fuse) -> None:
        self._stripe = stripe
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **options: Any) -> Any:
            self._fuse.check()
            result = await getattr(self._stripe, name)(*args, **options)
            self._fuse.burn()
            return result

        return call


def dying_bindings(bindings: FrontAuthApiBindings, fuse: Fuse) -> FrontAuthApiBindings:
    """Give bindings whose stores share *fuse*."""
    return replace(
        bindings,
        developers=CrashingStore(bindings.developers, fuse),
        customers=CrashingStore(bindings.customers, fuse),
    )


def dying_stripes(stripes: StripeModes, fuse: Fuse) -> StripeModes:
    """Give gateways that share *fuse*."""
    live: Any = CrashingStripe(stripes.live, fuse)
    return StripeModes(live, stripes.test)
