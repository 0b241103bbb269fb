"""The tiers that a developer sells.

Owns: tier rules, their products and prices on the connected account, and their revision.
Does not own: who is on which tier (customers.subscriptions).
"""

__all__: list[str] = []
