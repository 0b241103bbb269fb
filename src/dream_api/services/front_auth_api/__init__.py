"""The developers' door: /platform, the developers' realm and the console pages.

Owns: the routes of front-auth-api.
Does not own: rules; it calls verbs.
"""

from dream_api.services.front_auth_api import (
    account,
    billing,
    branding,
    dashboard,
    keys,
    pages,
    products,
    realms,
    settings,
    sign_in,
    tiers,
    webhooks,
)
from dream_api.services.front_auth_api.account import leave
from dream_api.services.front_auth_api.console import Console, EndUserVerbs, FarVerbs, NearVerbs
from dream_api.services.front_auth_api.rooms import FrontAuthApi

routers = (
    sign_in.router,
    account.router,
    billing.router,
    products.router,
    tiers.router,
    keys.router,
    dashboard.router,
    branding.router,
    settings.router,
    webhooks.router,
    realms.router,
    *pages.routers,
)

__all__ = [
    "Console",
    "EndUserVerbs",
    "FarVerbs",
    "FrontAuthApi",
    "NearVerbs",
    "leave",
    "routers",
]
