"""Guessing a password: counted, slowed down, and the same for known and unknown addresses."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dream_api.gateways.clock import Clock
from dream_api.kit.passwords import Passwords
from dream_api.shared.identity import networks
from dream_api.shared.identity.addresses import Address
from dream_api.shared.identity.errors import InvalidCredentials
from dream_api.shared.identity.model import (
    FAILURES_FORGOTTEN_AFTER,
    Person,
    failure_delay,
)
from dream_api.shared.identity.store import limits, people
from dream_api.stores import Connection, Store

_TURNS = 64


@dataclass(frozen=True, slots=True)
class _Account:
    """Whose password is compared: what failures are counted under, and the way around a delay."""

    key: str
    find: Callable[[Connection], Person | None]
    way_out: str


class Attempts:
    """Compares passwords. One address is tried one at a time in a process.

    Without turns, a hundred guesses at once would all pass the counter before it counts the
    first. Several processes together allow a few guesses more than FAILURES_FREE.
    """

    def __init__(self, store: Store, clock: Clock, passwords: Passwords) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._turns = tuple(asyncio.Lock() for _ in range(_TURNS))

    async def check(
        self, realm_id: str, address: Address, password: str, network: str = ""
    ) -> Person:
        """Find the person whose address and password these are.

        Failures are counted for the address, and for the *network* where it is known: a guesser
        who tries one password on many addresses is slowed down, and so is nobody else.

        Raises:
            InvalidCredentials: no such person, or another password; it counts as a failure.
            TooManyAttempts: too many failures in a row; nothing was compared.
            PasswordsBusy: too many passwords wait to be compared.
        """
        account = _Account(
            address.key,
            lambda connection: people.find_verified(connection, realm_id, address.key),
            "set a new password with a code by mail",
        )
        return await self._compare(realm_id, account, password, network)

    async def check_pending(
        self, realm_id: str, user_id: str, password: str, network: str = ""
    ) -> Person:
        """Find the sign-up that was made with this password; failures count for it alone.

        Raises:
            InvalidCredentials: no such sign-up, or another password; it counts as a failure.
            TooManyAttempts: too many failures in a row; nothing was compared.
            PasswordsBusy: too many passwords wait to be compared.
        """
        account = _Account(
            f"sign-up:{user_id}",
            lambda connection: people.find(connection, realm_id, user_id),
            "sign up again",
        )
        return await self._compare(realm_id, account, password, network)

    async def count_mail(self, realm_id: str, network: str) -> None:
        """Count something that may send a mail, where the network that asks is known.

        Nobody fills a realm with sign-ups, or has it write to all the world.

        Raises:
            TooManyAttempts: this network has asked for too many just now.
        """
        if network:
            now = self._clock.now()
            await self._store.of(realm_id).write(
                lambda connection: networks.count_mail(connection, realm_id, network, now)
            )

    async def _compare(
        self, realm_id: str, account: _Account, password: str, network: str
    ) -> Person:
        async with self._turns[hash((realm_id, account.key)) % _TURNS]:
            person = await self._store.of(realm_id).read(
                lambda connection: self._admit(connection, realm_id, account, network)
            )
            stored_hash = None if person is None else person.password_hash
            matches = await self._passwords.verify(stored_hash, password)
            if person is None or not matches:
                now = self._clock.now()
                await self._store.of(realm_id).write(
                    lambda c: _count_failures(c, realm_id, account.key, network, now)
                )
                raise InvalidCredentials(
                    "The email or the password is wrong, or the address is not verified yet."
                )
        return person

    def _admit(
        self, connection: Connection, realm_id: str, account: _Account, network: str
    ) -> Person | None:
        now = self._clock.now()
        networks.refuse_blocked(connection, realm_id, account.key, now, account.way_out)
        networks.admit(connection, realm_id, network, now, account.way_out)
        return account.find(connection)


def _count_failures(
    connection: Connection, realm_id: str, key: str, network: str, now: datetime
) -> None:
    _count_failure(connection, realm_id, key, now)
    networks.count_failure(connection, realm_id, network, now)


def _count_failure(connection: Connection, realm_id: str, key: str, now: datetime) -> None:
    row = limits.find_failures(connection, realm_id, key)
    is_fresh = row is not None and now < row.failed_at + FAILURES_FORGOTTEN_AFTER
    failures = (row.failures if row is not None and is_fresh else 0) + 1
    delay = failure_delay(failures)
    values = {
        "email_key": key,
        "failures": failures,
        "failed_at": now,
        "blocked_until": now + delay if delay else None,
    }
    limits.put_failures(connection, realm_id, values)
