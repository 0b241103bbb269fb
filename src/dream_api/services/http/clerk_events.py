"""Events of a Clerk application: verified, reduced to what we keep, stored; handled after."""

from starlette.requests import Request

from dream_api.kit.errors import NotFound
from dream_api.services.http.realms import clerk_of
from dream_api.shared.identity import Realm
from dream_api.shared.inbox import Inbox

SOURCE = "clerk"


async def receive_clerk(request: Request, realm: Realm, inbox: Inbox) -> None:
    """Store an event about a user; what else Clerk says is taken note of by answering.

    Only the parts that we read are stored: Clerk sends private metadata along.

    Raises:
        NotFound: the realm is built in, or no signing secret is configured.
        InvalidSignature: Clerk has not signed it, or it is of another instance.
        ClerkUnavailable: Clerk cannot say which instance is ours; it delivers the event again.
    """
    clerk = clerk_of(realm).clerk
    if not clerk.application.webhook_secrets:
        raise NotFound("No signing secret is configured for Clerk's webhooks.")
    event = await clerk.verify_event(await request.body(), request.headers)
    if event is None:
        return
    payload = {
        "userId": event.user_id,
        "user": None if event.user is None else event.user.to_wire(),
    }
    await inbox.receive(SOURCE, event.event_id, event.event_type, None, None, payload)
