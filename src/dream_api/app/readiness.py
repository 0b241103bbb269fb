"""Whether this process can do its work right now: what ``/readyz`` asks."""

import asyncio
import secrets

from dream_api.gateways.clock import monotonic_seconds
from dream_api.kit.services import ServiceName
from dream_api.services.http.operations import Check
from dream_api.stores import (
    ApiMultiBindings,
    Bindings,
    Connection,
    DriverConnection,
    KeyValue,
    Store,
)
from dream_api.worker import Worker

ANSWER_SECONDS = 1.0
"""How long an answer is good for: whoever asks often does not make the disk work as often."""
_KEY_BYTES = 8


def store_checks(bindings: Bindings, services: frozenset[ServiceName]) -> dict[str, Check]:
    """Ask each world once, as the service that may do most of those that are served."""
    front, oauth, multi = bindings.front_auth_api, bindings.oauth_api, bindings.api_multi
    developers = (
        (ServiceName.FRONT_AUTH_API, front.developers, front.platform_tokens),
        (ServiceName.OAUTH_API, oauth.developers, oauth.platform_tokens),
    )
    customers = (
        (ServiceName.API_MULTI, multi.customers, multi.customer_tokens),
        (ServiceName.FRONT_AUTH_API, front.customers, front.customer_tokens),
        (ServiceName.OAUTH_API, oauth.customers, oauth.customer_tokens),
    )
    checks: dict[str, Check] = {}
    for name, prefix, candidates in (
        ("developers_store", "oauth:state:", developers),
        ("customers_store", "stripeaccount:", customers),
    ):
        for _, store, tokens in [one for one in candidates if one[0] in services][:1]:
            checks[name] = Recent(_writing(store, tokens, prefix))
    if ServiceName.API_MULTI in services:
        checks["meter"] = Recent(_looking(multi))
    return checks


def loop_checks(workers: tuple[Worker, ...]) -> dict[str, Check]:
    """Ask each loop whether it goes round."""
    return {f"{worker.name}_worker": _beating(worker) for worker in workers}


class Recent:
    """A check that is made at most once in ANSWER_SECONDS, however many ask; it is a ``Check``."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._turn = asyncio.Lock()
        self._answered_at = float("-inf")

    async def __call__(self) -> bool:
        """Answer; a failure is never remembered."""
        async with self._turn:
            if monotonic_seconds() < self._answered_at + ANSWER_SECONDS:
                return True
            is_fine = await self._check()
            if is_fine:
                self._answered_at = monotonic_seconds()
            return is_fine


def _writing(store: Store, tokens: KeyValue, prefix: str) -> Check:
    """Write something to the disk and leave nothing.

    A store that is locked, full, read-only or gone shows here; a slow reader does not.
    """

    async def check() -> bool:
        key = f"{prefix}readiness:{secrets.token_hex(_KEY_BYTES)}"

        def verb(connection: Connection) -> None:
            tokens.put(connection, key, 1)
            tokens.delete(connection, key)

        await store.write(verb)
        return True

    return check


def _looking(multi: ApiMultiBindings) -> Check:
    async def query(connection: DriverConnection) -> bool:
        return bool(await connection.fetch("SELECT 1"))

    return lambda: multi.meter.read_point(query)


def _beating(worker: Worker) -> Check:
    async def check() -> bool:
        return worker.is_alive

    return check
