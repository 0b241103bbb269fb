"""Monthly recurring revenue, row by row of Stripe's definition."""

from typing import Any

import pytest

from dream_api.customers.subscriptions.mrr import Unpriced, list_price_cents, mrr_cents

Item = dict[str, Any]


def _item(
    amount: int | None,
    interval: str = "month",
    count: int = 1,
    *,
    quantity: int = 1,
    discounts: tuple[Any, ...] = (),
    **price: Any,
) -> Item:
    recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed"}
    return {
        "quantity": quantity,
        "discounts": list(discounts),
        "price": {
            "id": "price_1",
            "billing_scheme": "per_unit",
            "unit_amount": amount,
            "unit_amount_decimal": None if amount is None else str(amount),
            "recurring": recurring,
            **price,
        },
    }


def _metered(amount: int) -> Item:
    item = _item(amount)
    item["price"]["recurring"]["usage_type"] = "metered"
    return item


def _seats(amount: str, quantity: int) -> Item:
    item = _item(None, quantity=quantity)
    item["price"]["unit_amount_decimal"] = amount
    return item


def _once(amount: int) -> Item:
    item = _item(amount)
    item["price"]["recurring"] = None
    return item


def _subscription(*items: Item, status: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "currency": "usd",
        "items": {"data": list(items)},
        "discounts": [],
        **more,
    }


def _coupon(**coupon: Any) -> dict[str, Any]:
    return {"source": {"type": "coupon", "coupon": {"duration": "forever", **coupon}}}


HALF = _coupon(percent_off=50)
PRO = _item(2900)

ROWS: list[tuple[str, dict[str, Any], int]] = [
    ("a month is itself", _subscription(PRO), 2900),
    ("a year is a twelfth", _subscription(_item(120_000, "year")), 10_000),
    ("two years are a twenty-fourth", _subscription(_item(240_000, "year", 2)), 10_000),
    ("a quarter is a third, twice", _subscription(_item(9_000, "month", 3, quantity=2)), 6_000),
    ("a week is 365/84 of a month", _subscription(_item(1_000, "week")), 4_345),
    ("a day is 365/12 of a month", _subscription(_item(100, "day")), 3_042),
    ("items add up", _subscription(PRO, _item(500, quantity=3)), 4_400),
    ("metered usage is not recurring", _subscription(PRO, _metered(1)), 2_900),
    ("a trial pays nothing", _subscription(PRO, status="trialing"), 0),
    ("past due still counts", _subscription(PRO, status="past_due"), 2_900),
    ("unpaid does not", _subscription(PRO, status="unpaid"), 0),
    ("cancelled does not", _subscription(PRO, status="canceled"), 0),
    ("incomplete does not", _subscription(PRO, status="incomplete"), 0),
    ("ending still counts", _subscription(PRO, cancel_at_period_end=True), 2_900),
    ("voided invoices do not", _subscription(PRO, pause_collection={"behavior": "void"}), 0),
    (
        "invoices kept as drafts do",
        _subscription(PRO, pause_collection={"behavior": "keep_as_draft"}),
        2_900,
    ),
    ("a coupon for ever reduces", _subscription(PRO, discounts=[HALF]), 1_450),
    ("percentages multiply", _subscription(PRO, discounts=[HALF, HALF]), 725),
    (
        "a coupon for once does not",
        _subscription(PRO, discounts=[_coupon(percent_off=50, duration="once")]),
        2_900,
    ),
    (
        "nor one that repeats",
        _subscription(PRO, discounts=[_coupon(percent_off=50, duration="repeating")]),
        2_900,
    ),
    (
        "an amount off is spread over the interval",
        _subscription(
            _item(120_000, "year"), discounts=[_coupon(amount_off=12_000, currency="usd")]
        ),
        9_000,
    ),
    (
        "an amount off in another currency is none",
        _subscription(PRO, discounts=[_coupon(amount_off=900, currency="eur")]),
        2_900,
    ),
    (
        "revenue is never below nothing",
        _subscription(PRO, discounts=[_coupon(amount_off=9_900, currency="usd")]),
        0,
    ),
    ("an item's own coupon counts", _subscription(_item(2900, discounts=(HALF,)), PRO), 4_350),
    ("a coupon nobody expanded is none", _subscription(PRO, discounts=["di_1"]), 2_900),
    (
        "the old place of a coupon is read too",
        _subscription(PRO, discounts=[{"coupon": {"duration": "forever", "percent_off": 50}}]),
        1_450,
    ),
    (
        "packages round up",
        _subscription(_item(100, quantity=11, transform_quantity={"divide_by": 10, "round": "up"})),
        200,
    ),
    (
        "packages round down",
        _subscription(
            _item(100, quantity=19, transform_quantity={"divide_by": 10, "round": "down"})
        ),
        100,
    ),
    ("half a cent rounds up", _subscription(_item(6, "year")), 1),
    ("less than half a cent rounds down", _subscription(_item(5, "year")), 0),
    ("a fraction of a cent counts by the seat", _subscription(_seats("0.5", 5)), 3),
    (
        "a currency without cents is in its own units",
        _subscription(_item(34_800, "year"), currency="jpy"),
        2_900,
    ),
    ("a pause at the end of a trial pays nothing", _subscription(PRO, status="paused"), 0),
    ("one that never began does not", _subscription(PRO, status="incomplete_expired"), 0),
    (
        "invoices marked uncollectible do",
        _subscription(PRO, pause_collection={"behavior": "mark_uncollectible"}),
        2_900,
    ),
    ("tax is not revenue", _subscription(PRO, automatic_tax={"enabled": True}), 2_900),
    ("months and years add up", _subscription(PRO, _item(120_000, "year")), 12_900),
    (
        "an item's coupon comes before the subscription's",
        _subscription(
            _item(2_000, discounts=(_coupon(amount_off=1_000, currency="usd"),)), discounts=[HALF]
        ),
        500,
    ),
    ("a free price brings nothing", _subscription(_item(0)), 0),
    ("something sold once does not recur", _subscription(PRO, _once(9_900)), 2_900),
]


@pytest.mark.parametrize(("rule", "subscription", "expected_cents"), ROWS, ids=[r[0] for r in ROWS])
def test_revenue_follows_stripes_definition(
    rule: str, subscription: dict[str, Any], expected_cents: int
) -> None:
    """Each row is one rule of it."""
    assert expected_cents == mrr_cents(subscription), rule


@pytest.mark.parametrize("item", [_item(None), _item(100, billing_scheme="tiered")])
def test_a_price_without_one_amount_is_no_guess(item: Item) -> None:
    """Tiered prices and donations are refused loudly."""
    with pytest.raises(Unpriced):
        mrr_cents(_subscription(item))


def test_the_list_price_is_before_discounts_and_in_trials() -> None:
    """It tells the dearer of two, whatever either pays today."""
    trial = _subscription(PRO, status="trialing", discounts=[HALF])

    assert 2_900 == list_price_cents(trial)
