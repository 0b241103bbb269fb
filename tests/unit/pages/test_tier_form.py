"""The tier editor's form turns into tiers, and back, and says which field is wrong."""

import pytest

from dream_api.customers.platforms import Tier
from dream_api.services.front_auth_api.pages.tier_form import (
    TIERS_MAX,
    FieldsWrong,
    field_names,
    form_of,
    read_tiers,
    rows_of,
    with_row_added,
    with_row_removed,
)
from dream_api.services.pages.forms import Form

FREE = Tier(name="free", display_name="Free", price_cents=0, limit=1000)
PRO = Tier(
    name="pro",
    display_name="Pro",
    price_cents=2950,
    interval="year",
    rate_limit_per_minute=60,
    features=("One", "Two"),
    popular=True,
    trial_days=14,
)
YEN = Tier(name="yen", display_name="Yen", price_cents=2900, currency="jpy")


def _form(**changed: str) -> Form:
    values = dict(form_of([FREE, PRO]).values)
    values.update({name.replace("__", "."): text for name, text in changed.items()})
    return Form(values)


def test_what_the_editor_shows_reads_back_as_the_same_tiers() -> None:
    """Saving an untouched editor changes nothing."""
    read = read_tiers(form_of([FREE, PRO, YEN]))

    assert [tier.to_tier(revision=1) for tier in read] == [FREE, PRO, YEN]


def test_an_empty_editor_proposes_tiers_that_can_be_submitted() -> None:
    """The first submit works without typing."""
    assert [tier.name for tier in read_tiers(form_of([]))] == ["free", "pro"]


def test_archived_tiers_are_not_in_the_editor() -> None:
    """Submitting the editor would otherwise put them back on sale."""
    archived = Tier(name="old", display_name="Old", price_cents=100, archived=True)

    assert len(rows_of(form_of([FREE, archived]))) == 1


def test_a_name_left_empty_is_made_from_the_display_name() -> None:
    """Nobody has to know what an id is."""
    form = _form(tiers__1__name="", tiers__1__displayName="Pro & Friends!")

    assert read_tiers(form)[1].name == "pro-friends"


@pytest.mark.parametrize("price", ["abc", "", "-1", "1.234", "1e5", "٣"])
def test_a_price_that_is_none_is_named_with_an_example(price: str) -> None:
    """The error stands at its field and says how to mend it."""
    with pytest.raises(FieldsWrong) as refused:
        read_tiers(_form(tiers__1__price=price))

    assert "49" in str(refused.value.form.error("tiers.1.price"))


@pytest.mark.parametrize(
    ("text", "cents"), [("29", 2900), ("29.5", 2950), ("$1,000.00", 100_000), ("0", 0)]
)
def test_prices_are_read_as_people_write_them(text: str, cents: int) -> None:
    """Dollars and thousands separators are understood."""
    assert read_tiers(_form(tiers__1__price=text))[1].price_cents == cents


def test_an_empty_limit_means_no_limit() -> None:
    """The placeholder says so."""
    assert read_tiers(_form(tiers__0__limit=""))[0].limit is None


def test_a_limit_that_is_no_number_is_named() -> None:
    """It is not silently taken for unlimited."""
    with pytest.raises(FieldsWrong) as refused:
        read_tiers(_form(tiers__0__limit="many"))

    assert refused.value.form.error("tiers.0.limit")


def test_removing_a_row_keeps_the_others_as_they_were_typed() -> None:
    """Rows close the gap and nothing that was typed is lost."""
    form = with_row_removed(_form(tiers__1__price="abc"), 0)

    assert len(rows_of(form)) == 1
    assert form.value("tiers.0.price") == "abc"
    assert form.is_checked("tiers.0.popular")


def test_rows_are_added_up_to_the_maximum() -> None:
    """A twenty-first tier is not offered."""
    form = Form({"rows": str(TIERS_MAX)})

    assert len(rows_of(with_row_added(form))) == TIERS_MAX
    assert len(rows_of(with_row_added(Form({"rows": "1"})))) == 2


@pytest.mark.parametrize("rows", ["-1", "x", "99999999999", "", "٣"])
def test_a_row_count_from_elsewhere_is_harmless(rows: str) -> None:
    """Nobody makes us draw a million rows."""
    assert len(rows_of(Form({"rows": rows}))) <= TIERS_MAX


def test_refusals_of_the_catalogue_find_their_fields() -> None:
    """The catalogue names fields as the wire does, the form as the editor does."""
    params = ["tiers[0].priceCents", "tiers[12].features[3]", "tiers[1].name", "mode"]

    assert field_names(params) == {
        "tiers[0].priceCents": "tiers.0.price",
        "tiers[12].features[3]": "tiers.12.features",
        "tiers[1].name": "tiers.1.name",
    }
