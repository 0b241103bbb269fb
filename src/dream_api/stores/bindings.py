"""What each service may touch: the table of bindings, as objects.

A service receives only what stands here. The engine enforces the tables (SQLite by an
authorizer, PostgreSQL by GRANTs); ``KeyValue`` enforces key prefixes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dream_api.gateways.clock import Clock
from dream_api.stores.kv import KeyValue
from dream_api.stores.store import BatchStore, Store


class World(StrEnum):
    """The two worlds; each has a store of its own."""

    DEVELOPERS = "developers"
    CUSTOMERS = "customers"


class Role(StrEnum):
    """Who reaches into a store."""

    FRONT_AUTH_API = "front-auth-api"
    OAUTH_API = "oauth-api"
    API_MULTI = "api-multi"
    METER = "meter"
    WORKER_DEVELOPERS = "worker-developers"
    WORKER_CUSTOMERS = "worker-customers"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Rights:
    """What one role may do in one world: read or write tables; ``relational`` means all others."""

    read: frozenset[str] = frozenset()
    write: frozenset[str] = frozenset()
    columns: frozenset[tuple[str, str]] = frozenset()
    """Where not empty, an UPDATE of these tables may touch only these columns."""


PLATFORM_USAGE = "platform_usage_kv"
PLATFORM_TOKENS = "platform_tokens_kv"
CUSTOMER_USAGE = "customer_usage_kv"
CUSTOMER_TOKENS = "customer_tokens_kv"
NAMESPACE_SUFFIX = "_kv"
RELATIONAL = "relational"
"""Every table of a world that is not a namespace."""

_METER_WRITES = frozenset(
    {
        CUSTOMER_USAGE,
        "users",
        "end_users_counts",  # The triggers of users write these two with each new row of it.
        "end_users_search",
        "metering_ledger",
        "metering_idempotency",
        "metering_rollups",
    }
)
_METER_READS = frozenset(
    {CUSTOMER_TOKENS, "metering_idempotency_index", "metering_watermarks"}  # SQLite's, both.
)
_USERS_COLUMNS_OF_METER = frozenset(
    ("users", column) for column in ("usage_count", "last_active", "period_start", "period_end")
)

_RIGHTS_OF_SERVICES: dict[tuple[Role, World], Rights] = {
    (Role.FRONT_AUTH_API, World.DEVELOPERS): Rights(
        read=frozenset({PLATFORM_USAGE, PLATFORM_TOKENS, RELATIONAL}),
        write=frozenset({PLATFORM_USAGE, PLATFORM_TOKENS, RELATIONAL}),
    ),
    (Role.FRONT_AUTH_API, World.CUSTOMERS): Rights(
        read=frozenset({CUSTOMER_TOKENS, RELATIONAL}), write=frozenset({CUSTOMER_TOKENS})
    ),
    (Role.OAUTH_API, World.DEVELOPERS): Rights(
        read=frozenset({PLATFORM_TOKENS, RELATIONAL}), write=frozenset({PLATFORM_TOKENS})
    ),
    (Role.OAUTH_API, World.CUSTOMERS): Rights(
        read=frozenset({CUSTOMER_TOKENS}), write=frozenset({CUSTOMER_TOKENS})
    ),
    (Role.API_MULTI, World.CUSTOMERS): Rights(
        read=frozenset({CUSTOMER_USAGE, CUSTOMER_TOKENS, RELATIONAL}),
        write=frozenset({CUSTOMER_USAGE, CUSTOMER_TOKENS, RELATIONAL}),
    ),
    (Role.METER, World.CUSTOMERS): Rights(
        read=_METER_WRITES | _METER_READS,
        write=_METER_WRITES,
        columns=_USERS_COLUMNS_OF_METER,
    ),
    (Role.OPERATOR, World.DEVELOPERS): Rights(
        read=frozenset({PLATFORM_USAGE, PLATFORM_TOKENS, RELATIONAL})
    ),
    (Role.OPERATOR, World.CUSTOMERS): Rights(
        read=frozenset({CUSTOMER_USAGE, CUSTOMER_TOKENS, RELATIONAL})
    ),
}

LOOPS: dict[tuple[Role, World], Role] = {
    (Role.FRONT_AUTH_API, World.DEVELOPERS): Role.WORKER_DEVELOPERS,
    (Role.FRONT_AUTH_API, World.CUSTOMERS): Role.WORKER_DEVELOPERS,
    (Role.OAUTH_API, World.DEVELOPERS): Role.WORKER_DEVELOPERS,
    (Role.OAUTH_API, World.CUSTOMERS): Role.WORKER_CUSTOMERS,
    (Role.API_MULTI, World.CUSTOMERS): Role.WORKER_CUSTOMERS,
}
"""Who does a service's work in a world when nobody asks: a loop, for all platforms at once."""

RIGHTS: dict[tuple[Role, World], Rights] = _RIGHTS_OF_SERVICES | {
    (Role.WORKER_DEVELOPERS, World.DEVELOPERS): _RIGHTS_OF_SERVICES[
        Role.FRONT_AUTH_API, World.DEVELOPERS
    ],
    (Role.WORKER_DEVELOPERS, World.CUSTOMERS): _RIGHTS_OF_SERVICES[
        Role.FRONT_AUTH_API, World.CUSTOMERS
    ],
    (Role.WORKER_CUSTOMERS, World.CUSTOMERS): _RIGHTS_OF_SERVICES[Role.API_MULTI, World.CUSTOMERS],
}

OAUTH_API_WRITES_PLATFORM_TOKENS = ("oauth:state:*",)
OAUTH_API_WRITES_CUSTOMER_TOKENS = (
    "platform:{}:stripe",
    "stripeaccount:*",
    "stripeleaving:*",
)


@dataclass(frozen=True, slots=True)
class FrontAuthApiBindings:
    """The developers' door; its ``customers`` store reads the dashboard and writes tokens only."""

    developers: Store
    customers: Store
    platform_usage: KeyValue
    platform_tokens: KeyValue
    customer_tokens: KeyValue


@dataclass(frozen=True, slots=True)
class OauthApiBindings:
    """The bridge's door."""

    developers: Store
    customers: Store
    platform_tokens: KeyValue
    customer_tokens: KeyValue


@dataclass(frozen=True, slots=True)
class ApiMultiBindings:
    """The customers' door; ``meter`` is the hot path's narrow role on the same store."""

    customers: Store
    customer_tokens: KeyValue
    meter: BatchStore


@dataclass(frozen=True, slots=True)
class OperatorBindings:
    """Read-only commands beside a live server: audit, kv, doctor."""

    developers: Store
    customers: Store


@dataclass(frozen=True, slots=True)
class Bindings:
    """All of them; only ``app.py`` and the command line ever hold this."""

    front_auth_api: FrontAuthApiBindings
    oauth_api: OauthApiBindings
    api_multi: ApiMultiBindings
    of_loops: "Bindings | None" = None
    """The same in the hands of the loops; None where an engine makes no difference."""

    @property
    def loops(self) -> "Bindings":
        """What the loops hold: the rights of the doors, on all platforms at once."""
        return self.of_loops or self


def bind(store: Callable[[Role, World], Store], meter: BatchStore, clock: Clock) -> Bindings:
    """Put together what each service may touch, of the stores that an engine gives.

    Args:
        store: gives one world as one role sees it.
        meter: the hot path's role on the customers' world.
        clock: decides what has expired in a namespace.
    """
    return Bindings(
        front_auth_api=FrontAuthApiBindings(
            developers=store(Role.FRONT_AUTH_API, World.DEVELOPERS),
            customers=store(Role.FRONT_AUTH_API, World.CUSTOMERS),
            platform_usage=KeyValue("PLATFORM_USAGE_KV", clock),
            platform_tokens=KeyValue("PLATFORM_TOKENS_KV", clock),
            customer_tokens=KeyValue("CUSTOMER_TOKENS_KV", clock),
        ),
        oauth_api=OauthApiBindings(
            developers=store(Role.OAUTH_API, World.DEVELOPERS),
            customers=store(Role.OAUTH_API, World.CUSTOMERS),
            platform_tokens=KeyValue(
                "PLATFORM_TOKENS_KV", clock, write_prefixes=OAUTH_API_WRITES_PLATFORM_TOKENS
            ),
            customer_tokens=KeyValue(
                "CUSTOMER_TOKENS_KV", clock, write_prefixes=OAUTH_API_WRITES_CUSTOMER_TOKENS
            ),
        ),
        api_multi=ApiMultiBindings(
            customers=store(Role.API_MULTI, World.CUSTOMERS),
            customer_tokens=KeyValue("CUSTOMER_TOKENS_KV", clock),
            meter=meter,
        ),
    )
