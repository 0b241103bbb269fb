"""The plan: nothing made twice, nothing given up left on sale, no given-up price sold again."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_api.bridge.catalog import NewTier, TierInUse
from dream_api.bridge.catalog.plan import (
    ARCHIVED_TIERS_MAX,
    Plan,
    PlannedTier,
    Retired,
    build_plan,
    idempotency_key,
)
from dream_api.customers.platforms import TierConfig

ACCOUNT = "acct_1"
PLATFORM = "pk_live_drm_1"
FREE = NewTier("free", "Free", 0, 100)
PRO = NewTier("pro", "Pro", 2900, 10_000)


class Stripe:
    """Makes what a plan lacks, once for each idempotency key, as Stripe does."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}
        self.on_sale: set[str] = set()

    def make(self, plan: Plan) -> Plan:
        """Fill in a plan's ids."""
        return replace(plan, tiers=tuple(self._make(plan, planned) for planned in plan.tiers))

    def retire(self, plan: Plan) -> Plan:
        """Take what a plan gave up off sale."""
        self.on_sale -= {*plan.retired.prices, *plan.retired.products}
        return replace(plan, retired=Retired())

    def _make(self, plan: Plan, planned: PlannedTier) -> PlannedTier:
        if planned.needs_product:
            key = idempotency_key(plan, PLATFORM, planned, "create_product")
            planned = planned.made(product_id=self._once(key, "prod"))
        if planned.tier.product_id and not planned.tier.archived:
            self.on_sale.add(planned.tier.product_id)
        if planned.needs_price:
            key = idempotency_key(plan, PLATFORM, planned, "create_price")
            planned = planned.made(price_id=self._once(key, "price"))
        return planned

    def _once(self, key: str, prefix: str) -> str:
        if key not in self.made:
            self.made[key] = f"{prefix}_{len(self.made)}"
        self.on_sale.add(self.made[key])
        return self.made[key]


def submit(
    stripe: Stripe, wanted: list[NewTier], current: TierConfig, begun: Plan | None
) -> tuple[TierConfig, Plan]:
    """Carry a submit through to its end."""
    plan = stripe.retire(stripe.make(build_plan(wanted, current, begun, ACCOUNT, {})))
    return plan.config, plan


def test_a_first_plan_needs_everything() -> None:
    """Product and price for what costs something, nothing for what is free."""
    plan = build_plan([FREE, PRO], TierConfig(), None, ACCOUNT, {})

    assert [False, True] == [planned.needs_product for planned in plan.tiers]
    assert [False, True] == [planned.needs_price for planned in plan.tiers]


def test_an_unfinished_plan_is_taken_up_under_the_same_keys() -> None:
    """A crash before the answers were written down: Stripe must hear the same keys again."""
    begun = build_plan([PRO], TierConfig(), None, ACCOUNT, {})
    again = build_plan([replace(PRO, limit=5)], TierConfig(), begun, ACCOUNT, {})

    assert _keys(begun) == _keys(again)


def test_another_name_keeps_the_key_and_the_parameters_it_stands_for() -> None:
    """Stripe refuses a key that comes back with other parameters."""
    begun = build_plan([PRO], TierConfig(), None, ACCOUNT, {})
    again = build_plan([replace(PRO, display_name="Gold")], TierConfig(), begun, ACCOUNT, {})

    assert _keys(begun) == _keys(again)
    assert "Pro" == again.tiers[0].product_name
    assert "Gold" == again.tiers[0].tier.display_name


def test_another_price_after_a_crash_takes_up_the_product_only() -> None:
    """The price has a key of its own; the product is the same."""
    begun = build_plan([PRO], TierConfig(), None, ACCOUNT, {})
    again = build_plan([replace(PRO, price_cents=3900)], TierConfig(), begun, ACCOUNT, {})

    assert _keys(begun)[0] == _keys(again)[0]
    assert _keys(begun)[1] != _keys(again)[1]


def test_ids_of_another_account_are_not_used() -> None:
    """They mean nothing there."""
    current, begun = submit(Stripe(), [PRO], TierConfig(), None)
    moved = build_plan([PRO], current, begun, "acct_2", {})

    assert moved.tiers[0].needs_product
    assert Retired() == moved.retired


@pytest.mark.parametrize("wanted", [[FREE], [replace(PRO, price_cents=0)]])
def test_a_tier_with_end_users_neither_goes_nor_becomes_free(wanted: list[NewTier]) -> None:
    """Its price may change, though."""
    current, begun = submit(Stripe(), [PRO], TierConfig(), None)

    with pytest.raises(TierInUse):
        build_plan(wanted, current, begun, ACCOUNT, {"pro": 1})
    assert build_plan([replace(PRO, price_cents=100)], current, begun, ACCOUNT, {"pro": 1})


def test_archived_tiers_are_kept_up_to_a_limit() -> None:
    """Who is on an old one is still found; the list does not grow for ever."""
    stripe, config = Stripe(), TierConfig()
    begun: Plan | None = None
    for number in range(ARCHIVED_TIERS_MAX + 5):
        config, begun = submit(stripe, [replace(PRO, name=f"t{number}")], config, begun)

    assert ARCHIVED_TIERS_MAX == sum(tier.archived for tier in config.tiers)


def test_a_plan_survives_its_stored_form() -> None:
    """What the worker reads is what was planned."""
    plan = Stripe().make(build_plan([FREE, PRO], TierConfig(), None, ACCOUNT, {}))

    assert plan.tiers == tuple(PlannedTier.from_wire(tier.to_wire()) for tier in plan.tiers)
    retired = Retired(("price_1",), ("prod_1",))
    assert retired == Retired.from_wire(retired.to_wire())


LISTS = st.lists(
    st.builds(
        NewTier,
        name=st.sampled_from(["a", "b", "c"]),
        display_name=st.just("Tier"),
        price_cents=st.sampled_from([0, 100, 200]),
        limit=st.just(1),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda tier: tier.name,
)


@given(history=st.lists(st.tuples(LISTS, st.booleans()), min_size=1, max_size=6))
def test_after_any_history_exactly_what_is_wanted_is_on_sale(
    history: list[tuple[list[NewTier], bool]],
) -> None:
    """Submits that crashed before they were published included (the flag)."""
    stripe, current = Stripe(), TierConfig()
    begun: Plan | None = None
    for wanted, has_crashed in [*history, (history[-1][0], False)]:
        plan = stripe.make(build_plan(wanted, current, begun, ACCOUNT, {}))
        if not has_crashed:
            current, plan = plan.config, stripe.retire(plan)
        begun = plan

    sold = [tier for tier in current.tiers if not tier.archived]
    wanted_ids = {id_ for tier in sold for id_ in (tier.price_id, tier.product_id) if id_}
    assert wanted_ids == stripe.on_sale
    assert [new.name for new in history[-1][0]] == [tier.name for tier in sold]


@given(prices=st.lists(st.sampled_from([100, 200, 300]), min_size=2, max_size=8))
def test_a_price_that_was_given_up_is_never_sold_again(prices: list[int]) -> None:
    """A → B → A makes a third price."""
    stripe, current = Stripe(), TierConfig()
    begun: Plan | None = None
    sold: list[str] = []
    for cents in prices:
        current, begun = submit(stripe, [replace(PRO, price_cents=cents)], current, begun)
        price_id = current.tiers[0].price_id
        assert price_id is not None
        if not sold or sold[-1] != price_id:
            sold.append(price_id)

    changes = 1 + sum(a != b for a, b in pairwise(prices))
    assert changes == len(sold) == len(set(sold))


def _keys(plan: Plan) -> list[str]:
    (planned,) = plan.tiers
    return [
        idempotency_key(plan, PLATFORM, planned, "create_product"),
        idempotency_key(plan, PLATFORM, planned, "create_price"),
    ]
