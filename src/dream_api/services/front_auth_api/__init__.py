"""The developers' door: /platform, the developers' realm and the console pages.

Owns: the routes of front-auth-api.
Does not own: rules; it calls verbs.
"""

__all__: list[str] = []
