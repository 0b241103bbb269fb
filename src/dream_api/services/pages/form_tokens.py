"""A token in each form that makes something, so that sending the form again makes nothing more.

A reload of the page that showed a new secret key sends its form again. The token is the form's
idempotency key: the first post does the work, a repeat learns that it was done.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dream_api.kit.errors import ValidationFailed
from dream_api.services.pages.forms import Form
from dream_api.shared.idempotency import Idempotency, StoredAnswer

FIELD = "formToken"
_TOKEN_BYTES = 18
_TOKEN_CHARACTERS_MAX = 64

T = TypeVar("T")


def new_form_token() -> str:
    """Make a token for a form that is about to be shown."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


async def run_once(
    idempotency: Idempotency, scope: str, form: Form, work: Callable[[], Awaitable[T]]
) -> T | None:
    """Do the work of a form once; None when this very form was sent before.

    What *work* raises gives the token back, so that a corrected form may be sent.

    Raises:
        ValidationFailed: the form carries no token; it is not one of ours.
    """
    token = form.value(FIELD)
    if not 1 <= len(token) <= _TOKEN_CHARACTERS_MAX or not token.isascii():
        raise ValidationFailed("The form is incomplete. Open the page again and repeat this.")
    key = hashlib.sha256(token.encode()).hexdigest()
    if await idempotency.begin(f"form:{scope}", key, key) is not None:
        return None
    try:
        result = await work()
    except Exception:
        await idempotency.abandon(f"form:{scope}", key)
        raise
    await idempotency.finish(f"form:{scope}", key, StoredAnswer(200, None))
    return result
