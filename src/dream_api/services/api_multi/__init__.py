"""The customers' door: /v1, webhooks, realms, hosted pages and the embed.

Owns: the routes of api-multi and the hot path in front of them.
Does not own: rules; it calls verbs.
"""

__all__: list[str] = []
