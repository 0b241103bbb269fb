"""The rows of ``users``, what they come to, and the tombstones of erased ones."""

from dream_api.customers.end_users.store.counts import (
    find_count_differences,
    fold_counts,
    has_unfolded,
    read_groups,
)
from dream_api.customers.end_users.store.users import (
    USERS,
    USERS_SEARCH,
    add_users,
    delete_user,
    ensure_user,
    erased_at,
    find_user,
    find_user_by_customer,
    put_tombstone,
    update_user,
    user_of,
)

__all__ = [
    "USERS",
    "USERS_SEARCH",
    "add_users",
    "delete_user",
    "ensure_user",
    "erased_at",
    "find_count_differences",
    "find_user",
    "find_user_by_customer",
    "fold_counts",
    "has_unfolded",
    "put_tombstone",
    "read_groups",
    "update_user",
    "user_of",
]
