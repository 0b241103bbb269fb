"""End users of a platform.

Owns: the table ``users``: profile, plan in force, grant by hand, block and erasure; how many there
are of each plan and status.
Does not own: their subscription (subscriptions), their usage (metering), their password (identity).
"""

from dream_api.customers.end_users.errors import UserExists
from dream_api.customers.end_users.model import (
    KEEP,
    Changes,
    CountDifference,
    EndUser,
    Keep,
    NewUser,
    Row,
    SubscriptionStanding,
    UserGroup,
    had_access,
    row_of,
)
from dream_api.customers.end_users.service import FOLDED_MAX, EndUsers
from dream_api.customers.end_users.store import (
    USERS,
    USERS_SEARCH,
    add_users,
    ensure_user,
    erased_at,
    find_count_differences,
    find_user,
    find_user_by_customer,
    read_groups,
    user_of,
)

__all__ = [
    "FOLDED_MAX",
    "KEEP",
    "USERS",
    "USERS_SEARCH",
    "Changes",
    "CountDifference",
    "EndUser",
    "EndUsers",
    "Keep",
    "NewUser",
    "Row",
    "SubscriptionStanding",
    "UserExists",
    "UserGroup",
    "add_users",
    "ensure_user",
    "erased_at",
    "find_count_differences",
    "find_user",
    "find_user_by_customer",
    "had_access",
    "read_groups",
    "row_of",
    "user_of",
]
