"""The customers' door: /v1, webhooks, realms, hosted pages and the embed.

Owns: the routes of api-multi and the hot path in front of them.
Does not own: rules; it calls verbs.
"""

from dream_api.services.api_multi import checkout, customers, me, tiers, webhooks
from dream_api.services.api_multi.rooms import ApiMulti

routers = (tiers.router, checkout.router, customers.router, me.router, webhooks.router)

__all__ = ["ApiMulti", "routers"]
