"""What a developer is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dream_api.kit.keys import Mode


@dataclass(frozen=True, slots=True)
class Developer:
    """A person who builds on us, with a verified address."""

    developer_id: str
    email: str
    name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PlatformIds:
    """A developer's two platforms. ``live`` is None until the plan was first paid."""

    live: str | None
    test: str
    with_keys: frozenset[Mode] = frozenset()
    """In which modes secret keys are in the developer's hands."""

    def of(self, mode: Mode) -> str | None:
        """Give the platform of one mode, if there is one yet."""
        return self.live if mode is Mode.LIVE else self.test

    @property
    def shown(self) -> str | None:
        """The ``platformId`` of answers and tokens: the live one, once its keys are issued."""
        return self.live if Mode.LIVE in self.with_keys else None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change that a developer made, or that was made to their account."""

    action: str
    detail: dict[str, Any]
    happened_at: datetime
