"""End users on tiers, as Stripe tells it.

Owns: checkout, plan changes, the portal and the mirror of each subscription.
Does not own: prices (bridge.catalog) and counting (customers.metering).
"""

__all__: list[str] = []
