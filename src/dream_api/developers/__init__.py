"""World one: the people who build on us and pay us the platform subscription.

Owns: developer accounts, the platform subscription and the metering of management calls.
Does not own: end users, tiers and keys.
"""

__all__: list[str] = []
