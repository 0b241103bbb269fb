"""World two: the end users of a developer's app.

Owns: end users, their subscriptions, their usage and the dashboard about them.
Does not own: anything about the developer who runs the platform.
"""

__all__: list[str] = []
