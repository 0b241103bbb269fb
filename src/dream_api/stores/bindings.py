"""What each service may touch: the table of bindings, as objects.

A service receives only what stands here. The engine enforces the tables (SQLite by an
authorizer, PostgreSQL by GRANTs); ``KeyValue`` enforces key prefixes.
"""

from dataclasses import dataclass
from enum import StrEnum

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
        "metering_ledger",
        "metering_idempotency",
        "metering_rollups",
    }
)
_USERS_COLUMNS_OF_METER = frozenset(
    ("users", column) for column in ("usage_count", "last_active", "period_start", "period_end")
)

RIGHTS: dict[tuple[Role, World], Rights] = {
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
        read=_METER_WRITES | {CUSTOMER_TOKENS},
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

OAUTH_API_WRITES_PLATFORM_TOKENS = ("oauth:state:*",)
OAUTH_API_WRITES_CUSTOMER_TOKENS = ("platform:{}:stripe", "stripeaccount:*")


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
