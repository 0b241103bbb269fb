"""One account's objects inside one transaction at one moment, and the events of its changes."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from stripe_simulator.configuration import API_VERSION, Application
from stripe_simulator.errors import missing
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, shape
from stripe_simulator.store import Page, Record, Store

ENDPOINTS_MAX = 16  # https://docs.stripe.com/webhooks
OBJECTS_SCANNED_MAX = 1000


@dataclass(frozen=True, slots=True)
class Cause:
    """The API request that changes something; time and people on pages have none."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """Reads and changes the objects of one account.

    Attributes:
        application: The Connect application whose account, or whose connected account, this is.
        account: The account that everything read or written here belongs to.
        now: The moment of the change in Unix seconds. When time has leapt, it is the moment at
            which the change was due, so that what follows carries the date it would have had.
        origin: Where this simulator is reached, for the URLs of its pages.
        clock: The test clock that ``now`` is read from; whatever is made lives on it too.
    """

    store: Store
    application: Application
    account: str
    now: int
    origin: str
    cause: Cause = field(default_factory=Cause)
    clock: str | None = None

    @property
    def is_connected(self) -> bool:
        """Whether this is a connected account's, not our own account's."""
        return self.account != self.application.account_id

    def of(self, account: str) -> "Books":
        """The books of another account of the same application, at the same moment."""
        return replace(self, account=account)

    def under(self, clock: str | None) -> "Books":
        """The same books at the moment of a test clock; one that is deleted leaves them as is."""
        if clock is None or clock == self.clock:
            return self
        found = self.find("test_helpers.test_clock", clock)
        return replace(self, now=found.body["frozen_time"], clock=clock) if found else self

    def for_customer(self, customer: str) -> "Books":
        """The same books at the moment in which a customer lives."""
        record = self.find("customer", customer)
        return self.under(record.clock) if record else self

    def find(self, kind: str, identifier: str) -> Record | None:
        """One object, or nothing."""
        return self.store.find(self.account, kind, identifier)

    def get(self, kind: str, identifier: str, *, param: str = "id") -> Record:
        """One object.

        Raises:
            StripeError: This account has no such object; *param* is the parameter that named it.
        """
        record = self.find(kind, identifier)
        if record is None:
            raise missing(kind, identifier, param=param)
        return record

    def all(self, kind: str, **matching: Any) -> list[Record]:
        """Every object of *kind* whose fields equal *matching*, newest first, up to a bound."""
        page = Page(limit=OBJECTS_SCANNED_MAX, matching=matching)
        return self.store.page(self.account, kind, page)[0]

    def add(
        self,
        body: Body,
        *,
        hidden: dict[str, Any] | None = None,
        due_at: int | None = None,
        event: str | None = None,
    ) -> Record:
        """Store a new object, and tell of it if *event* names a type."""
        record = Record(
            sequence=0,
            account=self.account,
            kind=body["object"],
            id=body["id"],
            body=body,
            hidden=hidden or {},
            due_at=due_at,
            clock=self.clock,
        )
        self.store.insert(record)
        if event is not None:
            self.emit(event, body)
        return record

    def save(self, record: Record, *, event: str | None = None) -> None:
        """Store a changed object, and tell of it if *event* names a type and anything changed.

        Only events that end in ``.updated`` carry what the changed attributes were before.
        """
        previous = _previous(record.before, record.body)
        self.store.save(record)
        if event is not None and previous:
            self.emit(event, record.body, previous if event.endswith(".updated") else None)

    def emit(self, event_type: str, body: Body, previous: Body | None = None) -> None:
        """Store an event and the deliveries of it that are now owed.

        The payload is frozen here: later changes of the object do not reach it.
        """
        endpoints = self._listening(event_type)
        data: Body = {"object": body}
        if previous:
            data["previous_attributes"] = previous
        event = shape(
            "event",
            id=new_id("evt"),
            api_version=API_VERSION,
            created=self.now,
            data=data,
            livemode=False,
            pending_webhooks=len(endpoints),
            request={
                "id": self.cause.request_id,
                "idempotency_key": self.cause.idempotency_key,
            },
            type=event_type,
        )
        self.add(event)
        # Only Connect deliveries name the account: https://docs.stripe.com/connect/webhooks.
        payload = {**event, "account": self.account} if self.is_connected else event
        for endpoint in endpoints:
            self.store.execute(
                "INSERT INTO deliveries"
                " (account, event, type, endpoint, payload, state, due_at, is_unsettled)"
                " VALUES (?, ?, ?, ?, ?, 'pending', ?, 1)",
                self.account,
                event["id"],
                event_type,
                endpoint.id,
                json.dumps(payload, indent=2),
                # A test clock may be years ahead; what happens on it is told at once.
                self.now if self.clock is None else 0,
            )

    def _listening(self, event_type: str) -> list[Record]:
        ours = self.of(self.application.account_id)
        return [
            endpoint
            for endpoint in ours.all("webhook_endpoint", status="enabled")
            if endpoint.hidden["connect"] == self.is_connected
            and {event_type, "*"} & set(endpoint.body["enabled_events"])
        ]


def _previous(before: Body, after: Body) -> Body:
    """The old values of what changed; mappings in part, lists as a whole, as Stripe does."""
    changed: Body = {}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and "data" not in old:
            changed[name] = _previous(old, new)
        else:
            changed[name] = old
    return changed
