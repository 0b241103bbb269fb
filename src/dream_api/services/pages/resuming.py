"""A form that was sent after the session had ended: kept through signing in, and sent again.

What was typed travels in the pages themselves, from hidden field to hidden field; nothing of it
is stored. The person presses the last button, so nothing happens that they do not see.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from dream_api.services.pages.forms import Form
from dream_api.services.pages.links import local_path

FIELD = "resume"
RESUME_BYTES_MAX = 100_000
"""Three times as much when a browser sends it, which is what a page's form may carry."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A form to be sent again."""

    action: str
    fields: Mapping[str, str]
    is_whole: bool
    """Whether nothing had to be left out: passwords and files are never kept."""


def pack(request: Request, form: Form) -> str:
    """Write a form's address and texts for a hidden field; empty where that is too much."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    fields = {name: text for name, text in form.values.items() if "password" not in name.lower()}
    is_whole = len(fields) == len(form.values) and not form.has_file
    kept = {"action": here, "fields": fields, "isWhole": is_whole}
    packed = json.dumps(kept, ensure_ascii=False)
    return packed if len(packed.encode()) <= RESUME_BYTES_MAX else ""


def unpack(form: Form) -> Resumed | None:
    """Read what ``pack`` wrote; None where there is nothing to go on with."""
    try:
        packed = json.loads(form.value(FIELD))
        fields = {str(name): str(text) for name, text in packed["fields"].items()}
        action = local_path(packed["action"], "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Resumed(action, fields, packed.get("isWhole") is True) if action else None
