"""What both page doors share.

Owns: templates, static files, the embed, charts and branding.
Does not own: any route and any rule.
"""

__all__: list[str] = []
