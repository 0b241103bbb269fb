"""Accounts: ours, and those connected to it (https://docs.stripe.com/api/accounts)."""

from stripe import Account

from stripe_simulator.books import Books
from stripe_simulator.errors import account_invalid
from stripe_simulator.identifiers import new_id
from stripe_simulator.resources.call import Call
from stripe_simulator.shapes import Body, nulls_of, shape
from stripe_simulator.store import Record
from stripe_simulator.wire.listing import slice_of

_NOTHING_REQUIRED: Body = {
    "alternatives": [],
    "current_deadline": None,
    "currently_due": [],
    "disabled_reason": None,
    "errors": [],
    "eventually_due": [],
    "past_due": [],
    "pending_verification": [],
}


def retrieve_own(call: Call) -> Body:
    """The account that the request acts on."""
    return find_account(call.books, call.books.account).body


def retrieve(call: Call) -> Body:
    """An account by id: the one that the request acts on, or one connected to it."""
    record = find_account(call.books, call.id)
    if call.id != call.books.account and not (
        record.hidden["connected"] and not call.books.is_connected
    ):
        raise account_invalid("sk_test_***", call.id)
    return record.body


def list_all(call: Call) -> Body:
    """The accounts that are connected to ours, newest first."""
    accounts = [record.body for record in call.books.all("account") if record.hidden["connected"]]
    return slice_of("/v1/accounts", accounts, call.parameters)


def find_account(books: Books, account_id: str) -> Record:
    """An account of this application, connected or not.

    Raises:
        StripeError: 403, in the words that Stripe has for it.
    """
    record = books.of(books.application.account_id).find("account", account_id)
    if record is None:
        raise account_invalid("sk_test_***", account_id)
    return record


def open_own_account(books: Books) -> None:
    """Make sure that the account which owns the application exists."""
    if books.find("account", books.account) is None:
        body = _account_body(books, books.account, "Our account (simulated)")
        hidden = {"connected": False, "client_id": books.application.client_id}
        books.add(body, hidden=hidden)


def open_account(books: Books, business_name: str | None) -> Record:
    """Open a fake account that a developer can connect; *books* are our own account's."""
    body = _account_body(books, new_id("acct"), business_name)
    hidden = {"connected": False, "client_id": books.application.client_id}
    return books.add(body, hidden=hidden)


def rename(books: Books, record: Record, business_name: str | None) -> None:
    """Change the business name of a connected account, as its owner would in a dashboard."""
    record.body["business_profile"]["name"] = business_name
    record.body["settings"]["dashboard"]["display_name"] = business_name
    books.save(record)
    if record.hidden["connected"]:
        books.of(record.id).emit("account.updated", record.body)


def set_charges_enabled(books: Books, record: Record, *, is_enabled: bool) -> None:
    """Switch an account's ability to charge cards, as Stripe does after a review."""
    record.body["charges_enabled"] = is_enabled
    books.save(record)
    if record.hidden["connected"]:
        books.of(record.id).emit("account.updated", record.body)


def set_billing(books: Books, record: Record, *, dunning: str, tax_percent: float | None) -> None:
    """Change what the account does when every retry has failed, and whether it calculates tax."""
    record.hidden["dunning"] = dunning
    record.hidden["tax_percent"] = tax_percent
    books.save(record)


def _account_body(books: Books, identifier: str, business_name: str | None) -> Body:
    return shape(
        "account",
        id=identifier,
        business_profile=nulls_of(Account.BusinessProfile) | {"name": business_name},
        capabilities={"card_payments": "active", "transfers": "active"},
        charges_enabled=True,
        controller={"type": "account"},
        country="US",
        created=books.now,
        default_currency="usd",
        details_submitted=True,
        email=None,
        future_requirements=_NOTHING_REQUIRED,
        metadata={},
        payouts_enabled=True,
        requirements=_NOTHING_REQUIRED,
        settings=_settings(business_name),
        tos_acceptance={"date": None, "ip": None, "user_agent": None},
        type="standard",
    )


def _settings(business_name: str | None) -> Body:
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": nulls_of(Account.Settings.Branding),
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None, "user_agent": None}},
        "card_payments": {
            **nulls_of(Account.Settings.CardPayments),
            "decline_on": {"avs_failure": False, "cvc_failure": False},
        },
        "dashboard": {"display_name": business_name, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": nulls_of(Account.Settings.Payments),
        "payouts": {
            "debit_negative_balances": False,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }
