"""What a developer pays us: the platform subscription.

Owns: the Checkout for it, its status and its grace period.
Does not own: anything an end user pays; that happens on the developer's own account.
"""

__all__: list[str] = []
