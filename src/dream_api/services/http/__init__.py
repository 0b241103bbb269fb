"""What every door shares about HTTP.

Owns: callers, problems, strict JSON, limits, security headers and sessions.
Does not own: any route.
"""

__all__: list[str] = []
