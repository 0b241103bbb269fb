"""The customers' door: /v1, webhooks, realms, hosted pages and the embed.

Owns: the routes of api-multi and the hot path in front of them.
Does not own: rules; it calls verbs.
"""

from dream_api.services.api_multi import (
    auth,
    checkout,
    console,
    customers,
    me,
    pages,
    realms,
    tiers,
    usage,
    webhooks,
)
from dream_api.services.api_multi.data_plane import DataPlane
from dream_api.services.api_multi.rooms import ApiMulti

routers = (
    usage.router,
    tiers.router,
    checkout.router,
    customers.router,
    console.router,
    me.router,
    auth.builtin,
    auth.router,
    webhooks.router,
    realms.router,
    *pages.routers,
)

__all__ = ["ApiMulti", "DataPlane", "routers"]
