"""A stand-in for Stripe over HTTP.

Owns: a fake Stripe with accounts, Connect OAuth, a catalogue, Checkout, subscriptions, invoices,
the customer portal and signed webhooks, on disk, with a clock that can be moved. Does not own
anything of the product: it is reached by HTTP alone, through Stripe's real SDK, and refuses what
it does not know. ``README.md`` says what it does and where it differs.
"""

from stripe_simulator.app import create_app
from stripe_simulator.configuration import (
    API_VERSION,
    APPLICATIONS_DEFAULT,
    HOST_DEFAULT,
    PORT_DEFAULT,
    Application,
    Configuration,
    ConfigurationError,
)

__all__ = [
    "API_VERSION",
    "APPLICATIONS_DEFAULT",
    "HOST_DEFAULT",
    "PORT_DEFAULT",
    "Application",
    "Configuration",
    "ConfigurationError",
    "create_app",
]
