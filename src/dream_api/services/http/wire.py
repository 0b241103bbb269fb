"""Bodies and answers: strict models, camelCase on the wire, snake_case in Python.

Strict pydantic takes no string for a number and no number for a string. JSON knows no moments
and no enums, so use ``Moment`` and ``Literal`` in bodies.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from dream_api.kit.periods import rfc3339

LIST_LIMIT_MAX = 100
LIST_LIMIT_DEFAULT = 25
CURSOR_CHARACTERS_MAX = 2_048
NAME_CHARACTERS_MAX = 200
EMAIL_CHARACTERS_MAX = 254
USER_ID_CHARACTERS_MAX = 128

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Body(BaseModel):
    """What callers send. Unknown fields are refused; null is, unless a field says otherwise."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        hide_input_in_errors=True,
    )


class Answer(BaseModel):
    """What we answer. Built by field names, written by camelCase ones."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        from_attributes=True,
    )


def _refuse_null(value: Any) -> Any:
    if value is None:
        raise ValueError("null is not accepted here; leave the field out")
    return value


class _NeverNull:
    """Hides from the schema the None that stands for a field left out."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        options = [one for one in described.get("anyOf", []) if one.get("type") != "null"]
        if len(options) == 1:
            rest = {name: value for name, value in described.items() if name != "anyOf"}
            return {**options[0], **rest}
        return described


Omittable = Annotated[T | None, BeforeValidator(_refuse_null), _NeverNull()]
"""``Omittable[str]``: a field that may be left out (None in Python) but never be null."""


def _parse_moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        utc = moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("must be a moment such as 2026-11-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("must name its offset from UTC, for example with a final Z")
    return utc


def _check_text(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must not hold control characters or line breaks")
    return value


def _check_user_id(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not hold control characters")
    return value


Moment = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-01T00:00:00Z"]}),
]
"""A moment in an answer."""

MomentIn = Annotated[
    datetime,
    BeforeValidator(_parse_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-01T00:00:00Z"]}),
]
"""A moment in a body: RFC 3339 with an offset."""

Line = Annotated[
    str, Field(min_length=1, max_length=NAME_CHARACTERS_MAX), AfterValidator(_check_text)
]
"""One line of text for people, such as a name. Safe in headers and mails: no line breaks."""

Email = Annotated[
    str, Field(min_length=3, max_length=EMAIL_CHARACTERS_MAX), AfterValidator(_check_text)
]
"""A mail address; the identity room judges its syntax."""

UserId = Annotated[
    str,
    Field(min_length=1, max_length=USER_ID_CHARACTERS_MAX, examples=["u_1"]),
    AfterValidator(_check_user_id),
]
"""The developer's own id of an end user."""

Url = Annotated[str, Field(min_length=8, max_length=2_048), AfterValidator(_check_text)]
"""An address; ``urls`` judges where it may lead."""

Limit = Annotated[int, Query(ge=1, le=LIST_LIMIT_MAX, description="Rows per page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=CURSOR_CHARACTERS_MAX, description="`nextCursor` of the page before."),
]
