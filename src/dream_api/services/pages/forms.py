"""What came in by a plain form post, kept so that a refused form shows what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from dream_api.kit.errors import DreamError

FIELDS_MAX = 600
"""20 tiers of a dozen fields, with room; the body itself is limited by ``services/http``."""

TEXT_CHARACTERS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Form:
    """A form's values, and after a refusal what is wrong with which of them."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    """What is wrong with the form as a whole, where no single field is to blame."""

    has_file: bool = False
    """Whether a file came along; its content is not in here."""

    code: str | None = None
    """The refusal's permanent code, for a template that offers a way out of it."""

    def value(self, name: str, default: str = "") -> str:
        """Give what was typed into a field."""
        return self.values.get(name, default)

    def is_checked(self, name: str) -> bool:
        """Tell whether a checkbox was ticked: browsers send nothing for one that is not."""
        return name in self.values

    def error(self, name: str) -> str | None:
        """Give what is wrong with a field, and how to mend it."""
        return self.errors.get(name)

    def refused(self, refusal: DreamError, names: Mapping[str, str] | None = None) -> "Form":
        """Give this form with *refusal* attached to the fields that it names.

        Args:
            refusal: why the verb said no.
            names: maps a refusal's parameters to names of fields where the two differ.
        """
        names = names or {}
        errors = {
            names.get(wrong.param, wrong.param): _sentence(wrong.detail, wrong.fix)
            for wrong in refusal.errors
        }
        shown = {name: text for name, text in errors.items() if name in self.values}
        hidden = [text for name, text in errors.items() if name not in self.values]
        problem = " ".join(hidden) or (None if shown else refusal.detail)
        return replace(self, errors=shown, problem=problem, code=refusal.code)

    def over(self, saved: Mapping[str, str]) -> "Form":
        """Fill in what is saved for fields that this form did not send."""
        return replace(self, values={**saved, **self.values})

    def wrong(self, errors: Mapping[str, str], problem: str | None = None) -> "Form":
        """Give this form with errors that the page found by itself."""
        return replace(self, errors=errors, problem=problem)


async def read_form(request: Request) -> Form:
    """Read a posted form's text fields; the last one wins where a name comes twice.

    Raises:
        HTTPException: 400, more fields than any form of ours has.
    """
    async with request.form(max_files=1, max_fields=FIELDS_MAX) as posted:
        return _texts_of(posted)


async def read_form_with_file(request: Request, name: str) -> tuple[Form, bytes]:
    """Read a form and its uploaded file, empty when none was chosen; the body limits its size.

    Raises:
        HTTPException: 400, more fields or files than any form of ours has.
    """
    async with request.form(max_files=1, max_fields=FIELDS_MAX) as posted:
        upload = posted.get(name)
        content = await upload.read() if isinstance(upload, UploadFile) else b""
        return _texts_of(posted), content


def _texts_of(posted: FormData) -> Form:
    return Form(
        {
            name: value.replace("\r\n", "\n")[:TEXT_CHARACTERS_MAX]
            for name, value in posted.multi_items()
            if isinstance(value, str)
        },
        has_file=any(isinstance(value, UploadFile) and value.filename for value in posted.values()),
    )


def _sentence(detail: str, fix: str | None) -> str:
    text = detail if fix is None else f"{detail.rstrip('.')}. {fix}"
    return text[:1].upper() + text[1:]
