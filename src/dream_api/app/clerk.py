"""Clerk, where a realm is Clerk's: the gateway, what its events do, and the daily comparison."""

from collections.abc import Awaitable, Callable

from dream_api.gateways.clerk import Clerk, ClerkApplication, ClerkUser
from dream_api.gateways.clock import Clock
from dream_api.settings import ClerkSettings
from dream_api.shared.identity import CLERK_DELETION, CLERK_METADATA, ClerkPeople
from dream_api.shared.inbox import Handlers, InboxEvent
from dream_api.shared.outbox import Delivery
from dream_api.worker import Job

COMPARE_SECONDS = 60.0
"""How often somebody looks for people who were not compared with Clerk for a day."""
CLERK_EVENTS = ("user.created", "user.updated", "user.deleted")

Erase = Callable[[str, str], Awaitable[None]]
"""Erases a person as they would themselves: (realm_id, user_id). Safe to repeat."""


def build_clerk(settings: ClerkSettings | None, clock: Clock) -> Clerk | None:
    """Build the gateway of one realm; None where the realm is built in."""
    if settings is None:
        return None
    application = ClerkApplication(
        settings.issuer,
        settings.secret_key.get_secret_value(),
        tuple(secret.get_secret_value() for secret in settings.webhook_secrets),
        settings.api_url,
    )
    return Clerk(application, clock)


def clerk_deliveries(people: ClerkPeople | None) -> dict[str, Delivery]:
    """Answer "how does what we say to Clerk get there?"."""
    if people is None:
        return {}
    return {CLERK_METADATA: people.deliver_metadata, CLERK_DELETION: people.deliver_deletion}


def clerk_handlers(
    people: ClerkPeople | None, erase: Erase, *, joins: str | None = None
) -> Handlers:
    """Answer "what happens when Clerk says …?".

    Args:
        people: None where the realm is built in.
        erase: what becomes of somebody whom Clerk has deleted.
        joins: the realm that somebody new joins at once; None where only a token tells which.
    """
    if people is None:
        return {}

    async def take_over(event: InboxEvent) -> None:
        user = ClerkUser.from_wire(event.payload["user"])
        await people.hear(user, joins)

    async def forget(event: InboxEvent) -> None:
        await _forget(people, erase, event.payload["userId"])

    return {
        "user.created": (take_over,),
        "user.updated": (take_over,),
        "user.deleted": (forget,),
    }


def clerk_jobs(people: ClerkPeople | None, erase: Erase) -> list[Job]:
    """Give the comparison with Clerk, which makes up for webhooks that never came."""
    if people is None:
        return []

    async def compare() -> int:
        compared = await people.compare_next()
        for user_id in compared.missing:
            await _forget(people, erase, user_id)
        return compared.count

    return [Job("identity.compare_with_clerk", COMPARE_SECONDS, compare)]


async def _forget(people: ClerkPeople, erase: Erase, user_id: str) -> None:
    """Refuse them at once; then what is theirs goes, however often it takes."""
    realm_id = await people.bury(user_id)
    if realm_id is not None:
        await erase(realm_id, user_id)
