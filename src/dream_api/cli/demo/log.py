"""The log of Stripe's events: what the last days' changes would have made Stripe tell us."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dream_api.cli.demo.records import Records
from dream_api.cli.demo.story_clock import StoryClock
from dream_api.cli.demo.year import Life
from dream_api.shared.inbox import Inbox

EVENTS = 60
SOURCE = "stripe:live"
_STRANGE, _DEAD = 7, 19
"""Which events, counted from the oldest, name nobody, and were given up."""
_BETWEEN_ATTEMPTS = timedelta(hours=4)
_HANDLED_AFTER = timedelta(milliseconds=240)


@dataclass(frozen=True, slots=True)
class Told:
    """One event."""

    at: datetime
    event_type: str
    life: Life


async def write_log(
    inbox: Inbox, clock: StoryClock, records: Records, lives: Sequence[Life]
) -> None:
    """Receive the last events, each at its time, and handle each the way it went."""
    told = sorted((one for life in lives for one in _events_of(life)), key=lambda one: one.at)
    for number, one in enumerate(told[-EVENTS:]):
        clock.set(one.at)
        subscription = records.subscription(one.life)
        subject = one.event_type.rpartition(".")[0].removeprefix("customer.")
        own_id = subscription.subscription_id
        signal = {
            "object": subject,
            "id": own_id if subject == "subscription" else own_id.replace("sub_", "in_"),
            "customer": subscription.customer_id,
            "subscription": subscription.subscription_id,
        }
        await inbox.receive(
            SOURCE,
            f"evt_demo{one.life.number:06}{number:02}",
            one.event_type,
            records.platform_id,
            subscription.account_id,
            signal,
        )
        clock.set(one.at + _HANDLED_AFTER)
        await _handle(inbox, clock, number)
    clock.set(records.until)


async def _handle(inbox: Inbox, clock: StoryClock, number: int) -> None:
    """Let one event come out well, be put aside, or fail until it is given up."""
    while events := await inbox.due():
        for event in events:
            if number == _DEAD:
                await inbox.failed(event.id, "stripe_unavailable: Stripe did not answer in time.")
            elif number == _STRANGE:
                await inbox.quarantine(event.id, "The subscription is of nobody whom we know.")
            else:
                await inbox.done(event.id)
        clock.set(clock.now() + _BETWEEN_ATTEMPTS)


def _events_of(life: Life) -> list[Told]:
    if life.status is None:
        return []
    subscribed_at = life.paid_stays[0].since
    told = [Told(subscribed_at, "customer.subscription.created", life)]
    if life.paid_from is not None:
        told.append(Told(life.paid_from + timedelta(seconds=2), "invoice.paid", life))
    told += [
        Told(stay.since, "customer.subscription.updated", life) for stay in life.paid_stays[1:]
    ]
    if life.left_at is not None:
        told.append(Told(life.left_at, "customer.subscription.deleted", life))
    return told
