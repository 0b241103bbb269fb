"""What both page doors share.

Owns: templates, static files, the embed, charts, branding, and how a page is answered.
Does not own: any rule, and no route of a service: only static files, the theme, the embed, the
documentation and the development mailbox.
"""

from dream_api.services.pages import documentation, mailbox, static_files, theme
from dream_api.services.pages.errors import render_problem

routers = (static_files.router, theme.router, documentation.router, mailbox.router)

__all__ = ["render_problem", "routers"]
