"""The wiring: settings → stores → gateways → rooms → services. Knows everyone, decides nothing.

Owns: who is given what, which routes a process serves, which jobs its loops run, and what
happens on which event of Stripe.
Does not own: any rule.
"""

from dream_api.app.doors import ALL_SERVICES, ServiceName, describe
from dream_api.app.engines import Engine, engine_of
from dream_api.app.jobs import STRIPE_ACCOUNT_EVENTS, STRIPE_CONNECT_EVENTS
from dream_api.app.product import Product, open_product
from dream_api.app.rooms import stripe_of
from dream_api.app.upkeep import Rekeyed, rekey, rotate_signing_keys

__all__ = [
    "ALL_SERVICES",
    "STRIPE_ACCOUNT_EVENTS",
    "STRIPE_CONNECT_EVENTS",
    "Engine",
    "Product",
    "Rekeyed",
    "ServiceName",
    "describe",
    "engine_of",
    "open_product",
    "rekey",
    "rotate_signing_keys",
    "stripe_of",
]
