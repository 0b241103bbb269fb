"""The hosted pages: what a platform's end users see, in the platform's name and colour.

Owns: the pages of api-multi, the brand stylesheet and the embed.
Does not own: rules; a page calls the same verbs as the JSON doors.
"""

from dream_api.services.api_multi import logo
from dream_api.services.api_multi.pages import account, brand, checkout, pricing, sign_in

routers = (
    brand.router,
    logo.router,
    pricing.router,
    checkout.router,
    sign_in.router,
    account.router,
)

__all__ = ["routers"]
