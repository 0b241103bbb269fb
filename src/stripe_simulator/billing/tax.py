"""Tax on invoices: one rate, which an account's owner sets, added to what is due.

Stripe Tax works out where somebody owes what; the simulator has the one rate of the account
(https://docs.stripe.com/tax/subscriptions).
"""

from fractions import Fraction

from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError
from stripe_simulator.shapes import Body

NOT_CALCULATED: Body = {"disabled_reason": None, "enabled": False, "liability": None}
CALCULATED: Body = {"disabled_reason": None, "enabled": True, "liability": {"type": "self"}}


def tax_percent(books: Books) -> float | None:
    """The rate of the account in percent; nothing until its owner has set Stripe Tax up."""
    account = books.of(books.application.account_id).get("account", books.account)
    percent: float | None = account.hidden.get("tax_percent")
    return percent


def check_tax(books: Books, customer: Body | None, *, keeps_address: bool) -> None:
    """Refuse to calculate tax where Stripe would.

    Raises:
        StripeError: Stripe Tax is not set up, or the customer has no address and gets none.
    """
    if tax_percent(books) is None:
        raise StripeError(
            "You must have a valid head office address to enable automatic tax calculation in "
            "test mode. Visit https://dashboard.stripe.com/test/settings/tax to update it.",
            param="automatic_tax",
        )
    if customer is not None and not customer.get("address") and not keeps_address:
        raise StripeError(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add "
            "a valid address to the Customer or set either `customer_update[address]` to 'auto' "
            "or `customer_update[shipping]` to 'auto' to save the address entered in Checkout to "
            "the Customer.",
            code="customer_tax_location_invalid",
            param="automatic_tax",
        )


def add_tax(books: Books, subscription: Body, invoice: Body) -> None:
    """Add the tax on an invoice's total, if its subscription is taxed."""
    taxable = invoice["total"]
    invoice["total_excluding_tax"] = taxable
    percent = tax_percent(books)
    if not subscription["automatic_tax"]["enabled"] or percent is None:
        return
    tax = int(Fraction(str(percent)) / 100 * max(taxable, 0) + Fraction(1, 2))
    invoice["automatic_tax"] |= {
        "enabled": True,
        "liability": {"type": "self"},
        "provider": "stripe",
        "status": "complete",
    }
    invoice["total_taxes"] = [
        {
            "amount": tax,
            "tax_behavior": "exclusive",
            "tax_rate_details": None,
            "taxability_reason": "standard_rated",
            "taxable_amount": taxable,
            "type": "tax_rate_details",
        }
    ]
    invoice["total"] = invoice["amount_due"] = invoice["amount_remaining"] = taxable + tax
