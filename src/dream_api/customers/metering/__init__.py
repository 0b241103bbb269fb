"""Usage of end users: counted, limited, never lost.

Owns: the decision, the counters, the ledger and idempotency.
Does not own: prices and Stripe; limits reach it as values.
"""

__all__: list[str] = []
