"""The engines: two stores, one per world, each with two words, ``write`` and ``read``.

Owns transactions, durability, namespaces, what each service may touch, and migrations.
Does not own any table's meaning: a room owns its rows and its SQL.
"""

from sqlalchemy import Connection, MetaData, Table

from dream_api.stores.bindings import (
    ApiMultiBindings,
    Bindings,
    FrontAuthApiBindings,
    OauthApiBindings,
    OperatorBindings,
    Role,
    World,
)
from dream_api.stores.columns import Instant, Json, WholeNumber
from dream_api.stores.dialect import has_partitions, upsert, wait_for_writers
from dream_api.stores.errors import BindingRefused, Overloaded, Raced, StoreUnavailable
from dream_api.stores.kv import KeyValue, KeyValueEntry
from dream_api.stores.store import (
    BATCH_WEIGHT_MAX,
    BatchStore,
    BatchVerb,
    Dialect,
    DriverConnection,
    RacingConnection,
    Store,
)

__all__ = [
    "BATCH_WEIGHT_MAX",
    "ApiMultiBindings",
    "BatchStore",
    "BatchVerb",
    "BindingRefused",
    "Bindings",
    "Connection",
    "Dialect",
    "DriverConnection",
    "FrontAuthApiBindings",
    "Instant",
    "Json",
    "KeyValue",
    "KeyValueEntry",
    "MetaData",
    "OauthApiBindings",
    "OperatorBindings",
    "Overloaded",
    "Raced",
    "RacingConnection",
    "Role",
    "Store",
    "StoreUnavailable",
    "Table",
    "WholeNumber",
    "World",
    "has_partitions",
    "upsert",
    "wait_for_writers",
]
