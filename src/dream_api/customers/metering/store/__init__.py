"""Metering's tables and the control plane's SQL on them."""

from dream_api.customers.metering.store.answers import (
    IndexPass,
    begin_index_pass,
    forget_answers,
    index_slice,
)
from dream_api.customers.metering.store.audits import Difference, count_ledger, find_differences
from dream_api.customers.metering.store.imports import PastEvent, add_events, recount
from dream_api.customers.metering.store.latest import Entry, read_latest
from dream_api.customers.metering.store.retention import (
    PARTITIONED,
    make_partitions,
    prune_ledger,
)
from dream_api.customers.metering.store.rollups import (
    blank_erased,
    read_days,
    read_user_days,
    roll_up_ledger,
    settle_ledger,
)
from dream_api.customers.metering.store.usages import (
    adjust_usage,
    erase,
    list_usage,
    set_blocked,
    set_entitlement,
)

__all__ = [
    "PARTITIONED",
    "Difference",
    "Entry",
    "IndexPass",
    "PastEvent",
    "add_events",
    "adjust_usage",
    "begin_index_pass",
    "blank_erased",
    "count_ledger",
    "erase",
    "find_differences",
    "forget_answers",
    "index_slice",
    "list_usage",
    "make_partitions",
    "prune_ledger",
    "read_days",
    "read_latest",
    "read_user_days",
    "recount",
    "roll_up_ledger",
    "set_blocked",
    "set_entitlement",
    "settle_ledger",
]
