"""The heart: one store, one thread that works on it, and the loops of time and delivery."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from stripe_simulator.books import Books
from stripe_simulator.clock import Clock
from stripe_simulator.configuration import (
    DATA_FILE_NAME,
    HOST_DEFAULT,
    PORT_DEFAULT,
    Application,
    Configuration,
)
from stripe_simulator.delivery import Deliverer
from stripe_simulator.resources.accounts import open_own_account
from stripe_simulator.rolling import STEPS_MAX, roll
from stripe_simulator.store import Store

T = TypeVar("T")
TICK_SECONDS = 0.25

_logger = logging.getLogger(__name__)


class Simulator:
    """Runs every piece of work on the store, one after the other, each in one transaction."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.clock = Clock(configuration.clock_file)
        self.origin = f"http://{HOST_DEFAULT}:{PORT_DEFAULT}"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stripe-simulator")
        self._store: Store | None = None
        self._deliverer = Deliverer(self._quiet_work, self.clock.now, configuration.retry_seconds)
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open the store and start the loops.

        Raises:
            StoreInUseError: Another simulator works on the same folder.
        """
        self.configuration.data.mkdir(parents=True, exist_ok=True)
        path = self.configuration.data / DATA_FILE_NAME
        self._store = await self._in_thread(lambda: Store(path))
        await self._quiet_work(self._open_own_accounts)
        self._loops = [
            asyncio.create_task(self._deliverer.run()),
            asyncio.create_task(self._tick()),
        ]

    async def stop(self) -> None:
        """Stop the loops and close the store; deliveries under way are sent again next time."""
        for loop in self._loops:
            loop.cancel()
        for loop in self._loops:
            with contextlib.suppress(asyncio.CancelledError):
                await loop
        if self._store is not None:
            await self._in_thread(self._store.close)
        self._thread.shutdown()

    async def work(self, function: Callable[[Store], T]) -> T:
        """Roll time forward, then run *function* in one transaction, then deliver at once.

        Raises:
            StripeError: What *function* refuses; nothing of it is stored then.
        """
        await self._quiet_work(self._roll)
        answer = await self._quiet_work(function)
        self._deliverer.wake()
        return answer

    def books(self, store: Store, application: Application) -> Books:
        """The books of the account that owns *application*, now."""
        return Books(store, application, application.account_id, self.clock.now(), self.origin)

    def books_of(self, store: Store, account_id: str) -> Books | None:
        """The books of an account of any application, for pages; nothing if it is unknown."""
        account = store.find_anywhere("account", account_id)
        if account is None:
            return None
        books = self.books(store, Application(account.hidden["client_id"]))
        return replace(books, account=account_id)

    def _roll(self, store: Store) -> int:
        return roll(store, now=self.clock.now(), origin=self.origin)

    def _open_own_accounts(self, store: Store) -> None:
        for application in self.configuration.applications.values():
            open_own_account(self.books(store, application))

    async def _tick(self) -> None:
        """Roll time forward also when nobody asks."""
        while True:
            steps = 0
            try:
                steps = await self._quiet_work(self._roll)
            except Exception:
                # Requests fail loudly for the same reason; the loop must outlive the cause.
                _logger.exception("time could not be rolled forward")
            if steps:
                self._deliverer.wake()
            if steps < STEPS_MAX:
                await asyncio.sleep(TICK_SECONDS)

    async def _quiet_work(self, function: Callable[[Store], T]) -> T:
        def run() -> T:
            assert self._store is not None, "started before it is used"
            with self._store.transaction():
                return function(self._store)

        return await self._in_thread(run)

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)
