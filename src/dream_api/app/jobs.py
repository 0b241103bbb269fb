"""What happens without anyone asking: the jobs of both loops, and what Stripe's events do."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from dream_api.app.clerk import Erase, clerk_deliveries, clerk_handlers, clerk_jobs
from dream_api.app.rooms import CustomerRooms, House, Outside
from dream_api.customers.end_users import FOLDED_MAX
from dream_api.customers.metering import ROLL_UP_ROWS_MAX
from dream_api.developers.accounts import PLATFORM_MINTED
from dream_api.gateways.mail import Mail, SmtpMail
from dream_api.kit.errors import NotFound
from dream_api.services.front_auth_api import leave
from dream_api.shared.identity import DEVELOPERS_REALM_ID, MAIL_KIND
from dream_api.shared.inbox import Handler, Handlers, InboxEvent
from dream_api.shared.outbox import Delivery, Mailbox, Outbox, deliver_mail
from dream_api.stores import Bindings
from dream_api.worker import Job, Worker

PROMPT_SECONDS = 0.2
"""How long a stored event or mail may lie before somebody looks."""
INTENT_SECONDS = 5.0
ROLL_UP_SECONDS = 10.0
INDEX_KEYS_SECONDS = 2.0
"""How long keys pile up in memory, some megabytes of a busy meter. Many at once are cheaper."""
CLEAN_UP_SECONDS = 300.0
RECONCILE_SECONDS = 60.0
"""Also how long a held tier may outlive its period where the event of the renewal is lost."""
COMPARE_SECONDS = 300.0
"""How often somebody looks for what was not compared with Stripe for a day."""

_SUBSCRIPTION_EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
)
STRIPE_ACCOUNT_EVENTS = _SUBSCRIPTION_EVENTS
"""What our own account tells us: developers who pay us."""
_MONEY_EVENTS = (
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "account.updated",
)
STRIPE_CONNECT_EVENTS = (
    *_SUBSCRIPTION_EVENTS,
    *_MONEY_EVENTS,
    "account.application.deauthorized",
)
"""What connected accounts tell us: end users who pay developers."""


def account_handlers(house: House) -> Handlers:
    """Answer "what happens when our own account says …?"."""
    rooms = house.developers
    subscription, standing, clerk = rooms.platform_subscription, rooms.standing, rooms.realm.clerk

    async def look_again(event: InboxEvent) -> None:
        developer_id = await subscription.on_event(event)
        await standing.publish(developer_id)
        if clerk is not None:
            await clerk.settle(DEVELOPERS_REALM_ID, developer_id)

    return {
        **dict.fromkeys(STRIPE_ACCOUNT_EVENTS, (look_again,)),
        **clerk_handlers(clerk, _let_leave(house), joins=DEVELOPERS_REALM_ID),
    }


def connect_handlers(house: House) -> Handlers:
    """Answer "what happens when a connected account says …?"."""
    table: dict[str, Sequence[Handler]] = dict.fromkeys(
        (*_SUBSCRIPTION_EVENTS, *_MONEY_EVENTS), (house.customers.subscriptions.on_event,)
    )
    table["account.application.deauthorized"] = (house.bridge.connect.on_deauthorized,)
    table.update(clerk_handlers(house.customers.realm.clerk, _erase_end_user(house)))
    return table


def _let_leave(house: House) -> Erase:
    async def erase(_realm_id: str, developer_id: str) -> None:
        await leave(house.developers, developer_id)

    return erase


def _erase_end_user(house: House) -> Erase:
    rooms = house.customers

    async def erase(platform_id: str, user_id: str) -> None:
        with suppress(NotFound):  # Erased before: then only the identity may be left.
            await rooms.subscriptions.erase(platform_id, user_id, rooms.realm.delete)
        await rooms.realm.delete(platform_id, user_id)

    return erase


def build_workers(
    bindings: Bindings, doors: House, loops: House, outside: Outside
) -> tuple[Worker, Worker]:
    """Build the developers' loop and the customers' loop.

    Args:
        bindings: what doors and loops may touch.
        doors: the rooms that requests reach.
        loops: the same rooms with the rights of the loops.
        outside: the gateways.
    """
    _announce_promptly(bindings, doors, outside)
    _announce_promptly(bindings.loops, loops, outside)
    return (
        Worker("developers", _developer_jobs(bindings.loops, doors, loops, outside)),
        Worker("customers", _customer_jobs(bindings.loops, doors, loops, outside)),
    )


def _announce_promptly(bindings: Bindings, house: House, outside: Outside) -> None:
    """Make a platform known to both worlds before its developer reads its name.

    The worker's own outbox may be waiting for a mail server at that moment, so this is another.
    """
    prompt = Outbox(bindings.front_auth_api.developers, outside.vault)
    announcing = {PLATFORM_MINTED: _announce_platform(house)}
    house.developers.outbox.listen(lambda: prompt.deliver_due(outside.clock, announcing))


def _developer_jobs(bindings: Bindings, doors: House, house: House, outside: Outside) -> list[Job]:
    rooms, handlers, clock = house.developers, account_handlers(house), outside.clock
    deliveries = {
        MAIL_KIND: deliver_mail(_mail_gateway(outside, rooms.mailbox)),
        PLATFORM_MINTED: _announce_platform(house),
        **clerk_deliveries(rooms.realm.clerk),
    }
    deliver = _delivering(outside, rooms.outbox, doors.developers.mailbox, deliveries)
    given = bindings.front_auth_api

    async def clean_up() -> int:
        return await _sum(
            rooms.realm.clean_up,
            lambda: rooms.outbox.clean_up(clock),
            rooms.inbox.drop_old,
            rooms.idempotency.drop_expired,
            lambda: given.developers.write(given.platform_tokens.drop_expired),
            lambda: given.developers.write(given.platform_usage.drop_expired),
        )

    return [
        Job("outbox.deliver", PROMPT_SECONDS, deliver),
        Job("inbox.handle", PROMPT_SECONDS, lambda: rooms.inbox.handle_due(handlers)),
        Job("catalog.finish_open_intents", INTENT_SECONDS, rooms.catalog.finish_open_intents),
        Job("keys.repair_stale", INTENT_SECONDS, rooms.keys.repair_stale),
        Job(
            "platform_subscription.reconcile",
            COMPARE_SECONDS,
            lambda: rooms.platform_subscription.reconcile_stale(rooms.standing.publish),
        ),
        Job("developers.clean_up", CLEAN_UP_SECONDS, clean_up),
        *clerk_jobs(rooms.realm.clerk, _let_leave(house)),
    ]


def _customer_jobs(bindings: Bindings, doors: House, house: House, outside: Outside) -> list[Job]:
    rooms, handlers = house.customers, connect_handlers(house)
    deliveries = {
        MAIL_KIND: deliver_mail(_mail_gateway(outside, rooms.mailbox)),
        **clerk_deliveries(rooms.realm.clerk),
    }
    deliver = _delivering(outside, rooms.outbox, doors.customers.mailbox, deliveries)
    return [
        Job("outbox.deliver", PROMPT_SECONDS, deliver),
        Job("inbox.handle", PROMPT_SECONDS, lambda: rooms.inbox.handle_due(handlers)),
        Job("metering.roll_up", ROLL_UP_SECONDS, rooms.metering.roll_up, piece=ROLL_UP_ROWS_MAX),
        Job("metering.index_keys", INDEX_KEYS_SECONDS, rooms.metering.index_keys),
        Job(
            "end_users.fold_counts",
            ROLL_UP_SECONDS,
            rooms.end_users.fold_counts,
            piece=FOLDED_MAX,
        ),
        Job("metering.blank_erased", ROLL_UP_SECONDS, rooms.metering.blank_erased),
        Job("metering.forget_old_keys", CLEAN_UP_SECONDS, rooms.metering.forget_old_keys),
        Job("metering.make_partitions", CLEAN_UP_SECONDS, rooms.metering.make_partitions),
        Job(
            "metering.prune_ledger",
            CLEAN_UP_SECONDS,
            lambda: rooms.metering.prune_ledger(outside.settings.ledger_retention_months),
        ),
        Job("subscriptions.reconcile", RECONCILE_SECONDS, rooms.subscriptions.reconcile_stale),
        Job("subscriptions.compare", COMPARE_SECONDS, rooms.subscriptions.reconcile_overdue),
        Job("connect.give_back", RECONCILE_SECONDS, house.bridge.connect.give_back_remembered),
        Job("customers.clean_up", CLEAN_UP_SECONDS, _customers_clean_up(bindings, rooms, outside)),
        *clerk_jobs(rooms.realm.clerk, _erase_end_user(house)),
    ]


def _customers_clean_up(
    bindings: Bindings, rooms: CustomerRooms, outside: Outside
) -> Callable[[], Awaitable[int]]:
    given = bindings.api_multi

    async def clean_up() -> int:
        return await _sum(
            rooms.realm.clean_up,
            lambda: rooms.outbox.clean_up(outside.clock),
            rooms.inbox.drop_old,
            rooms.idempotency.drop_expired,
            lambda: given.customers.write(given.customer_tokens.drop_expired),
        )

    return clean_up


async def _sum(*counts: Callable[[], Awaitable[int]]) -> int:
    """Do one after the other; where one fails, the rest was not begun."""
    return sum([await count() for count in counts])


def _delivering(
    outside: Outside, outbox: Outbox, mailbox: Mailbox, deliveries: Mapping[str, Delivery]
) -> Callable[[], Awaitable[int]]:
    """Build the job; whoever looks into the development mailbox finds what was just sent."""

    async def deliver() -> int:
        return await outbox.deliver_due(outside.clock, deliveries)

    if outside.settings.smtp_url is None:
        mailbox.fetch_with(deliver)
    return deliver


def _announce_platform(house: House) -> Callable[[Mapping[str, Any]], Awaitable[None]]:
    async def announce(payload: Mapping[str, Any]) -> None:
        await house.developers.editor.announce(payload["platformId"])

    return announce


def _mail_gateway(outside: Outside, mailbox: Mailbox) -> Callable[[Mail], Awaitable[None]]:
    """Send through the mail server that is set, else keep mail for the development mailbox."""
    if outside.settings.smtp_url is None:
        return mailbox.send
    sender = f"no-reply@{outside.settings.public_host}"
    return SmtpMail(outside.settings.smtp_url.get_secret_value(), sender).send
