"""The developer's connected Stripe account.

Owns: the authorisation with Stripe, its single-use state and the link of account and platform.
Does not own: any credential of the developer's account; none is kept.
"""

__all__: list[str] = []
