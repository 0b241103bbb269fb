"""A refused form shows what was typed and what is wrong with it."""

from dream_api.kit.errors import FieldError, NotFound, ValidationFailed
from dream_api.services.pages.forms import Form


def test_an_error_of_a_field_stands_at_the_field_with_its_fix() -> None:
    """It is a sentence, and it says how to mend it."""
    refusal = ValidationFailed.of("email", "is no address", "Write it like ada@example.com.")

    form = Form({"email": "ada"}).refused(refusal)

    assert form.error("email") == "Is no address. Write it like ada@example.com."
    assert form.value("email") == "ada"
    assert form.problem is None


def test_an_error_of_a_field_that_the_form_lacks_is_said_above_it() -> None:
    """No refusal is swallowed."""
    refusal = ValidationFailed("wrong", errors=(FieldError("tiers", "must hold 1 tier"),))

    assert Form({"email": "ada"}).refused(refusal).problem == "Must hold 1 tier"


def test_a_refusal_without_fields_is_said_above_the_form() -> None:
    """Its detail says what to do next."""
    assert Form().refused(NotFound("Open the list.")).problem == "Open the list."


def test_parameters_are_mapped_to_fields_of_other_names() -> None:
    """Rooms speak of parameters, pages of fields."""
    refusal = ValidationFailed.of("priceCents", "is too small")

    form = Form({"price": "0.1"}).refused(refusal, {"priceCents": "price"})

    assert form.error("price") == "Is too small"
