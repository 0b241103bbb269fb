"""Who is billed."""

import secrets
import string

from stripe_simulator.books import Books
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, shape

_PREFIX_CHARACTERS = 8


def blank_customer(books: Books, *, email: str | None = None, name: str | None = None) -> Body:
    """The wire object of a new customer."""
    letters = string.ascii_uppercase + string.digits
    return shape(
        "customer",
        id=new_id("cus"),
        balance=0,
        created=books.now,
        delinquent=False,
        email=email,
        invoice_prefix="".join(secrets.choice(letters) for _ in range(_PREFIX_CHARACTERS)),
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        livemode=False,
        metadata={},
        name=name,
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
        test_clock=books.clock,
    )
