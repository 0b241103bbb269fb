"""The doors: HTTP in, a verb called, HTTP out.

Owns: routes, callers, limits of a request, pages and problems on the wire.
Does not own: sQL, Stripe or rules.
"""

__all__: list[str] = []
