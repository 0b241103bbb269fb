"""What a change of plan comes to, before it is made: Stripe is asked, and does the arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dream_api.customers.platforms import Tier
from dream_api.customers.subscriptions.desk import Account
from dream_api.customers.subscriptions.model import Subscription
from dream_api.customers.subscriptions.plan_change import Paid, Way
from dream_api.gateways.stripe import ItemMove, PreviewPrice
from dream_api.kit.periods import rfc3339


@dataclass(frozen=True, slots=True)
class Case:
    """One change under way: whose, of what, to what.

    Attributes:
        entitled: the tier that the user has now, which is another than that of the price while a
            downgrade waits or where no tier has the price.
    """

    account: Account
    found: Mapping[str, Any]
    item: Mapping[str, Any]
    subscription: Subscription
    entitled: str | None
    paid: Paid
    target: Tier
    way: Way

    @property
    def id(self) -> str:
        """The subscription's id."""
        return self.subscription.subscription_id


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """The first invoice after a change, before any credit of the customer, in minor units."""

    amount_cents: int
    at: datetime

    def to_wire(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {"amountDue": self.amount_cents, "at": rfc3339(self.at)}


async def amount_due_cents(case: Case) -> int:
    """Ask what the card would be charged at once."""
    if case.way is not Way.UPGRADE or case.subscription.status == "trialing":
        return 0  # In a trial nothing was paid, and nothing is until it ends.
    assert case.target.price_id is not None, "a tier on sale that costs something has a price"
    due_cents = await _prorated_cents(case, case.target.price_id)
    if case.paid.is_held:
        # What was paid for is the held price, though Stripe prorates from the cheaper one.
        due_cents -= await _prorated_cents(case, case.paid.terms)
    return max(due_cents, 0)


async def next_invoice(case: Case) -> NextInvoice | None:
    """Ask what the invoice after the change says, and when it comes; None where none does."""
    if case.way is Way.END:
        return None
    preview = await case.account.stripe.preview_recurring(
        case.account.id, _move(case, _price_after(case))
    )
    return NextInvoice(preview.amount_cents, preview.at)


def _price_after(case: Case) -> PreviewPrice | None:
    """Give the price that the item would move to; None where it stays."""
    if case.way in (Way.UPGRADE, Way.DOWNGRADE):
        return case.target.price_id
    if case.way is not Way.RESTORE:
        return None
    return case.paid.price_id if case.paid.is_on_sale else case.paid.terms


async def _prorated_cents(case: Case, price: PreviewPrice) -> int:
    preview = await case.account.stripe.preview_change(case.account.id, _move(case, price))
    return preview.amount_due_cents


def _move(case: Case, price: PreviewPrice | None) -> ItemMove:
    return ItemMove(case.id, case.item["id"], price, takes_end_back=case.paid.is_ending)
