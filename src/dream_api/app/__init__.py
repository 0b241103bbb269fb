"""The wiring: settings → stores → gateways → rooms → services. Knows everyone, decides nothing.

Owns: who is given what, which routes a process serves, which jobs its loops run, and what
happens on which event of Stripe.
Does not own: any rule.
"""

from dream_api.app.backups import check_backup, restore_backup, write_backup
from dream_api.app.diagnosis import diagnose
from dream_api.app.doors import describe
from dream_api.app.engines import Engine, engine_of
from dream_api.app.findings import Finding, Verdict
from dream_api.app.jobs import STRIPE_ACCOUNT_EVENTS, STRIPE_CONNECT_EVENTS
from dream_api.app.product import Product, open_product
from dream_api.app.reconciling import Comparison, reconcile_stripe
from dream_api.app.rooms import stripe_of
from dream_api.app.stripe_diagnosis import STRIPE_ACCOUNT_PATH, STRIPE_CONNECT_PATH
from dream_api.app.upkeep import Rekeyed, rekey, rotate_signing_keys

__all__ = [
    "STRIPE_ACCOUNT_EVENTS",
    "STRIPE_ACCOUNT_PATH",
    "STRIPE_CONNECT_EVENTS",
    "STRIPE_CONNECT_PATH",
    "Comparison",
    "Engine",
    "Finding",
    "Product",
    "Rekeyed",
    "Verdict",
    "check_backup",
    "describe",
    "diagnose",
    "engine_of",
    "open_product",
    "reconcile_stripe",
    "rekey",
    "restore_backup",
    "rotate_signing_keys",
    "stripe_of",
    "write_backup",
]
