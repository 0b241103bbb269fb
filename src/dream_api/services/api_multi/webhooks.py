"""Events of connected accounts: verified, stored, answered; handled after.

One address serves all platforms: the platform is found by the signed ``account`` of an event.
"""

import structlog
from fastapi import APIRouter, Request

from dream_api.gateways.clerk import InvalidSignature as InvalidClerkSignature
from dream_api.gateways.stripe import InvalidSignature, StripeEvent, verify_event
from dream_api.kit.errors import NotFound
from dream_api.kit.keys import Mode
from dream_api.services.api_multi.rooms import ApiMulti, Rooms
from dream_api.services.http.clerk_events import receive_clerk
from dream_api.services.http.errors import BadRequest, BodyTooLarge
from dream_api.services.http.refusals import refusals
from dream_api.services.http.wire import Answer

router = APIRouter(prefix="/webhook")

_SIGNAL_FIELDS = ("id", "object", "metadata", "subscription", "parent", "charge")
"""What handlers look for. The rest is not kept: they ask Stripe, and it names people."""

_log = structlog.get_logger()


class Received(Answer):
    """The event is on disk, or was before, or concerns nobody here."""

    received: bool = True


@router.post("/stripe", responses=refusals(InvalidSignature, NotFound, BodyTooLarge))
async def receive_stripe_event(request: Request, rooms: Rooms) -> Received:
    """Take an event of a connected account, signed with a Connect endpoint's secret."""
    event, modes = _verified(await request.body(), request, rooms)
    if event.account is None:
        raise BadRequest(
            "Only events of connected accounts belong here; our own go to /platform/webhook/stripe."
        )
    for mode in modes:
        platform_id = await rooms.platforms.platform_of(mode, event.account)
        if platform_id is not None:
            await _store(rooms, event, mode, platform_id)
            return Received()
    # A refusal would only make Stripe send it again for three days.
    _log.warning("webhook.account_unknown", account=event.account, event_type=event.type)
    return Received()


@router.post("/clerk", responses=refusals(InvalidClerkSignature, NotFound, BodyTooLarge))
async def receive_clerk_event(request: Request, rooms: Rooms) -> Received:
    """Take an event of the end users' Clerk application: somebody came, changed or went.

    Without Clerk, or without a signing secret, this address does not exist.
    """
    await receive_clerk(request, rooms.realm, rooms.inbox)
    return Received()


def _verified(body: bytes, request: Request, rooms: ApiMulti) -> tuple[StripeEvent, list[Mode]]:
    """Verify an event; tell the modes of the settings whose secret signed it.

    Raises:
        NotFound: no secret is configured, so that nobody could sign anything.
        InvalidSignature: none of them fits.
    """
    secrets = rooms.settings.connect_webhook_secrets
    if not any(secrets.values()):
        raise NotFound("No signing secret is configured. Run: dream-api stripe setup")
    header, now = request.headers.get("stripe-signature"), rooms.clock.now()
    verified: StripeEvent | None = None
    modes: list[Mode] = []
    refusal = InvalidSignature("No configured signing secret fits this body.")
    for mode in Mode:
        try:
            verified = verify_event(body, header, secrets.get(mode, ()), now)
            modes.append(mode)
        except InvalidSignature as error:
            refusal = error
    if verified is None:
        raise refusal
    return verified, modes


async def _store(rooms: ApiMulti, event: StripeEvent, mode: Mode, platform_id: str) -> None:
    connection = await rooms.platforms.connection(platform_id)
    if connection is None or connection.livemode != event.livemode:
        _log.warning("webhook.livemode_differs", account=event.account, event_type=event.type)
        return
    signal = {name: event.data[name] for name in _SIGNAL_FIELDS if name in event.data}
    await rooms.inbox.receive(
        f"stripe:{mode}", event.id, event.type, platform_id, event.account, signal
    )
