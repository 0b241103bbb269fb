"""What both page doors share.

Owns: templates, static files, the embed, charts, branding, and how a page is answered.
Does not own: any rule, and any route beside the static files, the theme and the embed.
"""

from dream_api.services.pages import static_files, theme
from dream_api.services.pages.errors import render_problem

routers = (static_files.router, theme.router)

__all__ = ["render_problem", "routers"]
