"""What a secret key may do. A key made without scopes may do everything.

| scope       | allows                                                              |
|-------------|---------------------------------------------------------------------|
| `usage`     | track, check, batch, adjust, and reading usage                      |
| `customers` | creating, changing and erasing end users, and reading them          |
| `billing`   | checkout, change-plan and portal                                    |
| `read`      | every GET, and `check`                                              |

`GET /v1/tiers` needs none. A path that stands in no row is refused: deny by default.
"""

from collections.abc import Collection
from typing import Literal, get_args

from dream_api.services.http.errors import ScopeMissing

ScopeName = Literal["usage", "customers", "billing", "read"]
ALL_SCOPES: tuple[str, ...] = get_args(ScopeName)

_OWNING_SCOPES = (
    ("/v1/track", "usage"),
    ("/v1/check", "usage"),
    ("/v1/usage", "usage"),
    ("/v1/customers", "customers"),
    ("/v1/checkout", "billing"),
    ("/v1/change-plan", "billing"),
    ("/v1/portal", "billing"),
)
_READING_POSTS = frozenset({"/v1/check"})
_FOR_EVERY_KEY = frozenset({"/v1/tiers"})


def check_scopes(scopes: Collection[str], method: str, path: str) -> None:
    """Refuse a secret key that may not call *path*.

    Raises:
        ScopeMissing: names the scopes that would do.
    """
    if not scopes or path in _FOR_EVERY_KEY:
        return
    wanted = {scope for prefix, scope in _OWNING_SCOPES if _is_under(path, prefix)}
    if method == "GET" or path in _READING_POSTS:
        wanted.add("read")
    if wanted.isdisjoint(scopes):
        names = " or ".join(sorted(wanted)) or "full access"
        raise ScopeMissing(f"Use a key with the scope {names}; scopes are chosen at creation.")


def _is_under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
