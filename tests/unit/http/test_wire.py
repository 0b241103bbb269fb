"""Bodies: strict, camelCase, never null."""

import pytest
from pydantic import ValidationError

from dream_api.services.http.wire import Body, Line, MomentIn, Omittable, UserId


class Sample(Body):
    """A body with one field of each kind."""

    user_id: UserId
    amount_units: int = 1
    ends_at: Omittable[MomentIn] = None
    title: Omittable[Line] = None


def read(**fields: object) -> Sample:
    """Read a body as FastAPI does."""
    return Sample.model_validate({"userId": "u_1"} | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"amountUnits": "5"},
        {"amountUnits": True},
        {"amountUnits": 1.0},
        {"amountUnits": None},
        {"amount_units": 5},
        {"extra": 1},
        {"endsAt": None},
        {"endsAt": 1_700_000_000},
        {"endsAt": "tomorrow"},
        {"endsAt": "2026-11-01T00:00:00"},
        {"title": None},
        {"title": "two\nlines"},
        {"userId": ""},
        {"userId": "a" * 129},
        {"userId": "a\x00b"},
        {"userId": 7},
    ],
)
def test_a_body_is_what_it_says_or_refused(fields: dict[str, object]) -> None:
    """Nothing is converted, renamed, ignored or filled in."""
    with pytest.raises(ValidationError):
        read(**fields)


def test_a_field_left_out_is_none() -> None:
    """Leaving out is the one way to say nothing."""
    assert read().ends_at is None


def test_a_moment_is_read_in_any_offset() -> None:
    """The same moment, however it is written."""
    assert read(endsAt="2026-11-01T00:00:00Z") == read(endsAt="2026-11-01T02:00:00+02:00")


def test_null_stands_in_no_schema_of_a_field_that_may_be_left_out() -> None:
    """The description must not promise what is refused."""
    properties = Sample.model_json_schema()["properties"]

    assert "string" == properties["title"]["type"]
    assert "anyOf" not in properties["endsAt"]
