"""Email addresses: what we accept, and when two are the same."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from dream_api.kit.errors import ValidationFailed

EMAIL_CHARACTERS_MAX = 254


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it is written, and the key by which it is found."""

    email: str
    key: str

    @property
    def local_part(self) -> str:
        """The part before the @, a word that no password may consist of."""
        return self.email.rpartition("@")[0]


def parse_address(text: str) -> Address:
    """Read an address; no name server is asked, and nothing but one plain address passes.

    Raises:
        ValidationFailed: it is none.
    """
    if len(text) > EMAIL_CHARACTERS_MAX:
        raise _refusal()
    try:
        parsed = validate_email(
            text.strip(),
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            # Also .test and .localhost: whether mail arrives is proven by the code, not guessed.
            globally_deliverable=False,
        )
    except (EmailNotValidError, UnicodeError):
        raise _refusal() from None
    return Address(parsed.normalized, parsed.normalized.lower())


def _refusal() -> ValidationFailed:
    return ValidationFailed.of(
        "email", "is not an email address", "Send an address such as ada@example.com."
    )
