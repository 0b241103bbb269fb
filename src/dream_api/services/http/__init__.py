"""What every door shares about HTTP.

Owns: callers, problems, limits and strict JSON, cookies and cross-site rules, idempotent answers,
the description of the API, operations, and the server.
Does not own: any route of the product.

An application is put together as ``build_stack(DataPlane(FastAPI))``; handlers use ``callers``
and ``wire``.
"""

__all__: list[str] = []
