"""What we read of Clerk's objects."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from dream_api.kit.periods import from_milliseconds, to_milliseconds

USER_ID = re.compile(r"user_[A-Za-z0-9]{1,64}", re.ASCII)
EMAIL_CHARACTERS_MAX = 254
NAME_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class ClerkUser:
    """A person as Clerk knows them.

    Attributes:
        user_id: Clerk's id, ``user_…``.
        email: the primary address, if there is one and it is verified.
        name: first and last name in one line.
        updated_at: decides which of two pieces of news is newer.
        platform_id: what ``public_metadata`` says; only our server can write it.
        plan: likewise.
    """

    user_id: str
    email: str | None
    name: str | None
    updated_at: datetime
    platform_id: str | None = None
    plan: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Give the form that may be stored: nothing private that Clerk sent along is in it."""
        return {**asdict(self), "updated_at": to_milliseconds(self.updated_at)}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read the stored form."""
        return cls(**{**wire, "updated_at": from_milliseconds(wire["updated_at"])})


@dataclass(frozen=True, slots=True)
class ClerkInstance:
    """One of an application's instances: each has people, keys and webhooks of its own.

    Attributes:
        instance_id: Clerk's id, ``ins_…``.
        environment: ``production``, ``development`` or ``staging``.
    """

    instance_id: str
    environment: str


@dataclass(frozen=True, slots=True)
class ClerkEvent:
    """A verified webhook about one user. ``user`` is None when the user was deleted."""

    instance_id: str
    event_id: str
    event_type: str
    user_id: str
    user: ClerkUser | None


def read_user(data: Mapping[str, Any]) -> ClerkUser:
    """Read Clerk's user object: of the Backend API and of webhooks, which are the same.

    ``unsafe_metadata`` is never looked at: the browser writes it.

    Raises:
        ValueError: it is none.
    """
    try:
        user_id, updated_at = str(data["id"]), from_milliseconds(int(data["updated_at"]))
    except (KeyError, TypeError, OverflowError, OSError) as error:
        raise ValueError("not a user of Clerk's") from error
    if USER_ID.fullmatch(user_id) is None:
        raise ValueError("not a user id of Clerk's")
    metadata = data.get("public_metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    return ClerkUser(
        user_id,
        _primary_email(data),
        _name(data),
        updated_at,
        _text(metadata.get("platformId")),
        _text(metadata.get("plan")),
    )


def read_instance(data: Any) -> ClerkInstance:
    """Read Clerk's instance object.

    Raises:
        ValueError: it is none.
    """
    instance_id = _text(data.get("id")) if isinstance(data, Mapping) else None
    if instance_id is None:
        raise ValueError("not an instance of Clerk's")
    return ClerkInstance(instance_id, _text(data.get("environment_type")) or "unknown")


def _primary_email(data: Mapping[str, Any]) -> str | None:
    addresses = data.get("email_addresses")
    for address in addresses if isinstance(addresses, list) else ():
        if not isinstance(address, Mapping) or address.get("id") is None:
            continue
        verification = address.get("verification")
        status = verification.get("status") if isinstance(verification, Mapping) else None
        if address["id"] == data.get("primary_email_address_id") and status == "verified":
            email = _text(address.get("email_address"))
            return email if email and len(email) <= EMAIL_CHARACTERS_MAX else None
    return None


def _name(data: Mapping[str, Any]) -> str | None:
    parts = (_text(data.get("first_name")), _text(data.get("last_name")))
    joined = " ".join(" ".join(part for part in parts if part).split())
    shown = "".join(character for character in joined if character.isprintable())
    return shown[:NAME_CHARACTERS_MAX] or None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
