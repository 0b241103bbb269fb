"""Events of our own Stripe account: stored, answered, handled after."""

from fastapi import APIRouter
from starlette.requests import Request

from dream_api.gateways.clerk import InvalidSignature as InvalidClerkSignature
from dream_api.gateways.stripe import InvalidSignature, StripeEvent, verify_event
from dream_api.kit.errors import NotFound
from dream_api.kit.keys import Mode
from dream_api.services.front_auth_api.rooms import FrontAuthApi, Rooms
from dream_api.services.http.clerk_events import receive_clerk
from dream_api.services.http.errors import BadRequest, BodyTooLarge
from dream_api.services.http.refusals import refusals
from dream_api.services.http.wire import Answer

router = APIRouter(prefix="/platform/webhook")


class ReceivedAnswer(Answer):
    """The event is on disk."""

    received: bool = True


@router.post("/stripe", responses=refusals(InvalidSignature, BodyTooLarge, NotFound))
async def stripe_webhook(request: Request, rooms: Rooms) -> ReceivedAnswer:
    """Store an event of our own account; only its endpoint's secrets open this address.

    Events of connected accounts arrive at `/webhook/stripe` and are refused here, whoever signed
    them. Without a configured secret this address does not exist.
    """
    if not rooms.settings.account_webhook_secrets:
        raise NotFound("There is nothing at this address. /docs lists every route.")
    mode, event = _verified(rooms, await request.body(), request.headers.get("stripe-signature"))
    if event.account is not None:
        raise BadRequest("Events of connected accounts belong to /webhook/stripe.")
    await rooms.inbox.receive(f"stripe:{mode}", event.id, event.type, None, None, event.data)
    return ReceivedAnswer()


@router.post("/clerk", responses=refusals(InvalidClerkSignature, BodyTooLarge, NotFound))
async def clerk_webhook(request: Request, rooms: Rooms) -> ReceivedAnswer:
    """Store an event of the developers' Clerk application: somebody came, changed or went.

    Without Clerk, or without a signing secret, this address does not exist.
    """
    await receive_clerk(request, rooms.realm, rooms.inbox)
    return ReceivedAnswer()


def _verified(rooms: FrontAuthApi, body: bytes, header: str | None) -> tuple[Mode, StripeEvent]:
    """Find the setting whose secret signed the event: its mode counts, not the event's own word."""
    refusal = InvalidSignature("No signing secret is configured.")
    for mode, secrets in rooms.settings.account_webhook_secrets.items():
        try:
            return mode, verify_event(body, header, secrets, rooms.clock.now())
        except InvalidSignature as error:
            refusal = error
    raise refusal
