"""The bridge's door: /oauth.

Owns: the routes of oauth-api.
Does not own: rules; it calls verbs.
"""

__all__: list[str] = []
