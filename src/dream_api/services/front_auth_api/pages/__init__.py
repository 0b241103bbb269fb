"""The console: what developers see, from the landing page to the settings.

Owns: the pages of front-auth-api.
Does not own: rules; a page calls the same verbs as the JSON doors.
"""

from dream_api.services.front_auth_api.pages import (
    account,
    billing,
    configure,
    first_call,
    keys,
    landing,
    overview,
    settings,
    setup,
    sign_in,
    tier_config,
    tiers,
    user,
    users,
    webhooks,
)

routers = (
    landing.router,
    sign_in.router,
    setup.router,
    configure.router,
    tier_config.router,
    overview.router,
    first_call.router,
    users.router,
    user.router,
    tiers.router,
    keys.router,
    webhooks.router,
    settings.router,
    billing.router,
    account.router,
)

__all__ = ["routers"]
