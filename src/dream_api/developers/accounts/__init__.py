"""Developers, their sessions and their profile.

Owns: sign-up, sign-in, e-mail verification and the developer's profile.
Does not own: what a developer pays (platform_subscription) or may use (management_usage).
"""

__all__: list[str] = []
