"""The one page that shows a secret key: never stored, never cached, never in an address."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response

from dream_api.services.front_auth_api.pages.console import Console
from dream_api.services.front_auth_api.pages.snippets import call_snippets
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.rendering import Answering, render


@dataclass(frozen=True, slots=True)
class ShownKey:
    """What is shown once."""

    platform_id: str
    secret_key: str
    price_ids: tuple[tuple[str, str | None], ...] = ()
    previous_expires_at: datetime | None = None


async def show_secret(request: Request, console: Console, shown: ShownKey) -> Response:
    """Show a new secret key with a call that works as it stands."""
    rooms = rooms_of(request)
    return render(
        request,
        "onboarding/keys.html",
        Answering(201, holds_secret=True),
        console=console,
        secret_key=shown.secret_key,
        platform_id=shown.platform_id,
        price_ids=shown.price_ids,
        previous_expires_at=shown.previous_expires_at,
        snippets=call_snippets(rooms.settings.public_url, shown.secret_key),
        call=await rooms.dashboard.latest_call(shown.platform_id),
        now=rooms.clock.now(),
        section="/dashboard/keys",
    )


def show_already_done(request: Request, console: Console) -> Response:
    """Say that a form was sent before, so that nothing was made this time."""
    return render(
        request,
        "onboarding/keys.html",
        console=console,
        secret_key=None,
        section="/dashboard/keys",
    )
