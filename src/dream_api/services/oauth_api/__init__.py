"""The bridge's door: /oauth.

Owns: the routes of oauth-api.
Does not own: rules; it calls verbs.
"""

from dream_api.services.oauth_api import connecting
from dream_api.services.oauth_api.rooms import OauthApi

routers = (connecting.router,)

__all__ = ["OauthApi", "routers"]
