"""Refusals: what the product says no to, and how the caller can mend it.

    DreamError
    ├── ValidationFailed    422  fields are wrong; names each of them
    ├── Unavailable         503  an upstream or the store is away; retry later
    └── one subclass per refusal, in the errors.py of the room that refuses

Bugs are never a DreamError: they stay plain exceptions and become an opaque 500.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that was refused, and why. Never carries the refused value: it may be a secret."""

    param: str
    detail: str
    fix: str | None = None


class DreamError(Exception):
    """A refusal that the caller can understand and act on.

    ``code`` is part of the public API: it never changes once released, and
    ``docs/errors/<code>.md`` explains it. ``detail`` says what to do next.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]

    def __init__(
        self,
        detail: str,
        *,
        param: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.param = param
        self.errors = errors
        self.retry_after_seconds = retry_after_seconds


class ValidationFailed(DreamError):
    """The request is well-formed, but some of its fields cannot be accepted."""

    code = "invalid_request"
    status = 422
    title = "Invalid request"

    @classmethod
    def of(cls, param: str, detail: str, fix: str | None = None) -> "ValidationFailed":
        """Build the refusal of one field."""
        return cls(detail, param=param, errors=(FieldError(param, detail, fix),))


class Unavailable(DreamError):
    """Something that we need does not answer; the same request later will work."""

    code = "unavailable"
    status = 503
    title = "Temporarily unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds)


class NotFound(DreamError):
    """No such object, or it is somebody else's: the two are told apart by nothing."""

    code = "not_found"
    status = 404
    title = "Not found"
