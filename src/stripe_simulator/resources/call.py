"""What a verb is given, and the small rules that all resources share."""

from dataclasses import dataclass
from typing import Any

from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError, parameter_missing
from stripe_simulator.shapes import Body
from stripe_simulator.wire.parameters import Parameters

METADATA_KEYS_MAX = 50
METADATA_KEY_CHARACTERS_MAX = 40
METADATA_VALUE_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request.

    Attributes:
        parameters: Typed, known to Stripe, and honoured by the verb.
        id: The id in the path, or empty.
    """

    books: Books
    parameters: Parameters
    id: str = ""

    def given(self, *names: str, **renamed: str) -> Body:
        """The parameters of these names that were given, ``""`` (unset) as null."""
        wanted = {name: name for name in names} | renamed
        return {
            field: None if self.parameters[name] == "" else self.parameters[name]
            for name, field in wanted.items()
            if name in self.parameters
        }

    def require(self, name: str) -> Any:
        """A parameter that this verb cannot do without although the SDK's type allows it.

        Raises:
            StripeError: It is missing.
        """
        if name not in self.parameters:
            raise parameter_missing(name)
        return self.parameters[name]


def merged_metadata(current: dict[str, str], given: Any) -> dict[str, str]:
    """Metadata after an update: an empty value takes its key out, ``""`` takes all out.

    Raises:
        StripeError: Too many keys, or one that is too long (https://docs.stripe.com/metadata).
    """
    if given is None:
        return current
    if given == "":
        return {}
    merged = {key: value for key, value in (current | given).items() if value != ""}
    if len(merged) > METADATA_KEYS_MAX:
        raise StripeError(
            f"You can only specify up to {METADATA_KEYS_MAX} metadata keys.", param="metadata"
        )
    for key, value in merged.items():
        if len(key) > METADATA_KEY_CHARACTERS_MAX or len(value) > METADATA_VALUE_CHARACTERS_MAX:
            raise StripeError(
                f"Metadata keys have at most {METADATA_KEY_CHARACTERS_MAX} characters and values "
                f"at most {METADATA_VALUE_CHARACTERS_MAX}: {key[:METADATA_KEY_CHARACTERS_MAX]}",
                param=f"metadata[{key[:METADATA_KEY_CHARACTERS_MAX]}]",
            )
    return merged


def deleted(kind: str, identifier: str) -> Body:
    """What Stripe answers when something has been deleted."""
    return {"id": identifier, "object": kind, "deleted": True}
