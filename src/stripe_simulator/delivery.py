"""Deliver events: at least once, first in first out per endpoint until something fails.

What is owed is in the store, so a killed simulator goes on where it stopped.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from random import Random

import httpx

from stripe_simulator.chaos import Chaos, duplicate, read_chaos, secrets_of, unsettle
from stripe_simulator.resources.events import count_down
from stripe_simulator.signing import signature_header
from stripe_simulator.store import Store

TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 0.25
DETAIL_CHARACTERS_MAX = 300
ENDPOINTS_AT_ONCE_MAX = 50
SHUFFLED_MAX = 500

# Runs a function on the store in one transaction, and answers what it answers.
Work = Callable[[Callable[[Store], object]], Awaitable[object]]

_logger = logging.getLogger(__name__)
_HEADERS = {
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "Accept": "*/*; q=0.5, application/xml",
    "Cache-Control": "no-cache",
    "Content-Type": "application/json; charset=utf-8",
    "Stripe-Sim": "1",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event owed to one endpoint, signed for the attempt that follows."""

    sequence: int
    endpoint: str
    url: str
    payload: str
    signature: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; the status is null when nobody answered."""

    status: int | None
    detail: str

    @property
    def is_success(self) -> bool:
        """Only 2xx is; a redirect is a failure (https://docs.stripe.com/webhooks)."""
        return self.status is not None and HTTPStatus(200) <= self.status < HTTPStatus(300)


class Deliverer:
    """Sends what is owed, one event at a time to each endpoint, endpoints side by side."""

    def __init__(
        self,
        work: Work,
        now: Callable[[], int],
        retry_seconds: tuple[int, ...],
    ) -> None:
        self._work = work
        self._now = now
        self._retry_seconds = retry_seconds
        self._wake = asyncio.Event()
        self._chaos, self._chance = Chaos(), Random(0)  # noqa: S311 - chance, not a secret.
        self._client: httpx.AsyncClient | None = None
        self._busy: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Look for work now, rather than at the next poll."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                self._wake.clear()
                try:
                    await self._start_due()
                except Exception:
                    # What is owed stays owed; the loop must outlive the cause.
                    _logger.exception("deliveries could not be started")
                await self._wait()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            if self._client is not None:
                await self._client.aclose()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        except TimeoutError:
            return

    async def _start_due(self) -> None:
        now = self._now()
        busy = set(self._busy)
        found = await self._work(lambda store: self._find_due(store, now, busy))
        assert isinstance(found, list), "due_deliveries answers a list"
        for delivery in found:
            task = asyncio.create_task(self._attempt(delivery))
            self._busy[delivery.endpoint] = task

    def _find_due(self, store: Store, now: int, busy: set[str]) -> list[Delivery]:
        chaos = read_chaos(store)
        if chaos != self._chaos:
            self._chaos, self._chance = chaos, Random(chaos.seed)  # noqa: S311 - as above.
        if not chaos.is_calm:
            unsettle(store, chaos, self._chance, now=now)
        return due_deliveries(store, now, busy, self._chance if chaos.shuffle else None)

    async def _attempt(self, delivery: Delivery) -> None:
        try:
            if self._chance.random() < self._chaos.drop:
                outcome = Outcome(None, "Dropped, as the chaos settings ask for.")
            else:
                outcome = await _post(self._transport(), delivery)
            echoes = self._chance.random() < self._chaos.duplicate
            now = self._now()

            def note(store: Store) -> None:
                record(store, delivery, outcome, now, self._retry_seconds)
                if outcome.is_success and echoes:
                    duplicate(store, delivery.sequence, now=now)

            await self._work(note)
        finally:
            self._busy.pop(delivery.endpoint, None)
            self._wake.set()

    def _transport(self) -> httpx.AsyncClient:
        """Made when the first delivery is due: it loads all certificate authorities."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
            )
        return self._client


async def _post(client: httpx.AsyncClient, delivery: Delivery) -> Outcome:
    headers = _HEADERS | {"Stripe-Signature": delivery.signature}
    try:
        response = await client.post(
            delivery.url, content=delivery.payload.encode(), headers=headers
        )
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return Outcome(None, f"{type(error).__name__}: {error}"[:DETAIL_CHARACTERS_MAX])
    return Outcome(response.status_code, response.text[:DETAIL_CHARACTERS_MAX])


def due_deliveries(
    store: Store, now: int, busy: set[str], chance: Random | None = None
) -> list[Delivery]:
    """The earliest delivery that is due for each endpoint that is not busy, signed for *now*.

    With *chance* it is any of those that are due.
    """
    due = store.execute(
        "SELECT endpoint, min(sequence) AS earliest FROM deliveries"
        " WHERE state = 'pending' AND due_at <= ? GROUP BY endpoint LIMIT ?",
        now,
        ENDPOINTS_AT_ONCE_MAX,
    ).fetchall()
    found = []
    for row in due:
        endpoint = store.find_anywhere("webhook_endpoint", row["endpoint"])
        if row["endpoint"] in busy or endpoint is None or endpoint.body["status"] != "enabled":
            continue
        sequence = row["earliest"] if chance is None else _any_due(store, endpoint.id, now, chance)
        payload = store.execute(
            "SELECT payload FROM deliveries WHERE sequence = ?", sequence
        ).fetchone()["payload"]
        signature = signature_header(payload, secrets_of(endpoint, now=now), now=now)
        found.append(Delivery(sequence, endpoint.id, endpoint.body["url"], payload, signature))
    return found


def _any_due(store: Store, endpoint: str, now: int, chance: Random) -> int:
    rows = store.execute(
        "SELECT sequence FROM deliveries WHERE state = 'pending' AND due_at <= ? AND endpoint = ?"
        " ORDER BY sequence LIMIT ?",
        now,
        endpoint,
        SHUFFLED_MAX,
    ).fetchall()
    return int(chance.choice(rows)["sequence"])


def record(
    store: Store,
    delivery: Delivery,
    outcome: Outcome,
    now: int,
    retry_seconds: tuple[int, ...],
) -> None:
    """Store how an attempt ended, and when the next one is due if it failed."""
    row = store.execute(
        "SELECT account, event, due_at, attempts, is_copy,"
        " (SELECT count(*) FROM attempts WHERE delivery = sequence) AS earlier,"
        " EXISTS (SELECT 1 FROM attempts WHERE delivery = sequence"
        "  AND status BETWEEN 200 AND 299) AS was_delivered"
        " FROM deliveries WHERE sequence = ?",
        delivery.sequence,
    ).fetchone()
    store.execute(
        "INSERT INTO attempts VALUES (?, ?, ?, ?, ?)",
        delivery.sequence,
        row["earlier"] + 1,
        now,
        outcome.status,
        outcome.detail,
    )
    number = row["attempts"] + 1
    state, due_at = "delivered", row["due_at"]
    if not outcome.is_success:
        has_more = number <= len(retry_seconds)
        state = "pending" if has_more else "failed"
        due_at = now + retry_seconds[number - 1] if has_more else due_at
    store.execute(
        "UPDATE deliveries SET state = ?, attempts = ?, due_at = ? WHERE sequence = ?",
        state,
        number,
        due_at,
        delivery.sequence,
    )
    event = store.find(row["account"], "event", row["event"])
    is_news = not row["was_delivered"] and not row["is_copy"]
    if state == "delivered" and is_news and event is not None:
        count_down(store, event)


def resend(store: Store, sequence: int, *, now: int) -> bool:
    """Owe a delivery once more, whatever became of it; answers whether there is one."""
    cursor = store.execute(
        "UPDATE deliveries SET state = 'pending', due_at = ?, attempts = 0 WHERE sequence = ?",
        now,
        sequence,
    )
    return cursor.rowcount > 0
