"""End users of a platform.

Owns: the table ``users``: profile, plan in force, grant by hand, block and erasure.
Does not own: their subscription (subscriptions), their usage (metering), their password (identity).
"""

from dream_api.customers.end_users.errors import UserExists
from dream_api.customers.end_users.model import (
    KEEP,
    Changes,
    EndUser,
    Keep,
    NewUser,
    Row,
    SubscriptionStanding,
    had_access,
    row_of,
)
from dream_api.customers.end_users.service import EndUsers
from dream_api.customers.end_users.store import (
    USERS,
    USERS_SEARCH,
    add_users,
    ensure_user,
    erased_at,
    find_user,
    find_user_by_customer,
    user_of,
)

__all__ = [
    "KEEP",
    "USERS",
    "USERS_SEARCH",
    "Changes",
    "EndUser",
    "EndUsers",
    "Keep",
    "NewUser",
    "Row",
    "SubscriptionStanding",
    "UserExists",
    "add_users",
    "ensure_user",
    "erased_at",
    "find_user",
    "find_user_by_customer",
    "had_access",
    "row_of",
    "user_of",
]
