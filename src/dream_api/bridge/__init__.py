"""Between the worlds: what a developer configures and end users live by.

Owns: the connected account, the catalogue of tiers and the keys.
Does not own: sign-in of either world, subscriptions and usage.
"""

__all__: list[str] = []
