"""Secret keys as values, and the pure rules of their life.

The row in the customers' world is the truth: usable and listed come from it. The copy in the
developers' world only says that the answer with the secret was on its way. So a live row
without a copy is a key that nobody has ever seen, and repair takes it back.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from dream_api.kit.errors import ValidationFailed
from dream_api.kit.ids import new_id
from dream_api.kit.keys import hash_key, issue_key, key_hint, mode_of
from dream_api.kit.periods import rfc3339

SCOPES = ("usage", "customers", "billing", "read")
"""What a secret key may be limited to; a key without scopes may do everything."""
KEYS_LIVE_MAX = 20
"""Live keys of one platform, those in their overlap included."""
ROWS_KEPT_MAX = 100
"""Keys whose rows are looked at; the oldest dead ones beyond it drop out of the index."""
OVERLAP_SECONDS_MAX = 604_800
KEY_NAME_CHARACTERS_MAX = 64
LIFETIME_MAX = timedelta(days=5 * 365)
FIRST_KEY_NAME = "Secret key"


@dataclass(frozen=True, slots=True)
class Replaced:
    """A key that a newer one replaces, and the expiry it had before."""

    key_hash: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One secret key, never the secret itself.

    Attributes:
        hint: its prefix and last four characters.
        scopes: what it is limited to; empty is everything.
        expires_at: when it stops working; rotation brings that forward.
        ends_at: the expiry that its developer chose, which a successor inherits.
        replaces: what rotation shortened for it, until its secret is known to be on its way.
    """

    id: str
    platform_id: str
    key_hash: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    ends_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaces: tuple[Replaced, ...] = ()

    def is_live(self, now: datetime) -> bool:
        """Tell whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def retired(self, moment: datetime) -> Self:
        """Give it an end at *moment*; an earlier one stays."""
        if self.expires_at is not None and self.expires_at <= moment:
            return self
        return replace(self, expires_at=moment)

    def revoked(self, moment: datetime) -> Self:
        """Make it a tombstone."""
        return replace(self, revoked_at=moment, replaces=())

    def to_wire(self) -> dict[str, Any]:
        """Give the stored form (the hash is the row's key)."""
        return {
            "platformId": self.platform_id,
            "keyId": self.id,
            "name": self.name,
            "hint": self.hint,
            "scopes": list(self.scopes),
            "createdAt": rfc3339(self.created_at),
            "endsAt": _text(self.ends_at),
            "expiresAt": _text(self.expires_at),
            "revokedAt": _text(self.revoked_at),
            "lastUsedAt": _text(self.last_used_at),
            "replaces": [
                {"hash": old.key_hash, "expiresAt": _text(old.expires_at)} for old in self.replaces
            ],
        }

    @classmethod
    def from_wire(cls, key_hash: str, wire: Mapping[str, Any]) -> Self:
        """Read the stored form."""
        return cls(
            id=wire["keyId"],
            platform_id=wire["platformId"],
            key_hash=key_hash,
            name=wire["name"],
            hint=wire["hint"],
            scopes=tuple(wire["scopes"]),
            created_at=datetime.fromisoformat(wire["createdAt"]),
            ends_at=_moment(wire["endsAt"]),
            expires_at=_moment(wire["expiresAt"]),
            revoked_at=_moment(wire["revokedAt"]),
            last_used_at=_moment(wire["lastUsedAt"]),
            replaces=tuple(
                Replaced(old["hash"], _moment(old["expiresAt"])) for old in wire["replaces"]
            ),
        )


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key together with its secret, which is shown once and kept nowhere.

    ``previous_expires_at`` is when the keys that it replaces stop working; None if there are none.
    """

    key: SecretKey
    secret: str
    previous_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a developer may see of a platform's keys."""

    platform_id: str
    publishable_key: str
    secret_keys: tuple[SecretKey, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to change a platform's keys, until another process takes it.

    Attributes:
        known: ids of the keys whose secret was on its way to the developer.
        was_shown: whether any secret of this platform ever was.
    """

    developer_id: str
    platform_id: str
    token: str
    known: frozenset[str]
    was_shown: bool


def issue(
    platform_id: str,
    now: datetime,
    *,
    name: str = FIRST_KEY_NAME,
    scopes: Sequence[str] = (),
    ends_at: datetime | None = None,
) -> Issued:
    """Make a new random key of the platform's mode."""
    secret = issue_key("sk", mode_of(platform_id))
    key = SecretKey(
        id=new_id("key", now),
        platform_id=platform_id,
        key_hash=hash_key(secret),
        name=name,
        hint=key_hint(secret),
        scopes=tuple(scopes),
        created_at=now,
        ends_at=ends_at,
        expires_at=ends_at,
    )
    return Issued(key, secret)


def rotated(
    retiring: Sequence[SecretKey], issued: Issued, overlap: timedelta, now: datetime
) -> tuple[Issued, list[SecretKey]]:
    """Let *issued* replace the keys in *retiring*; give both as they have to be written."""
    if not retiring:
        return issued, []
    end = now + overlap
    replaces = tuple(Replaced(old.key_hash, old.expires_at) for old in retiring)
    successor = replace(issued.key, replaces=replaces)
    return Issued(successor, issued.secret, end), [old.retired(end) for old in retiring]


def repaired(
    rows: Iterable[SecretKey], known: AbstractSet[str], now: datetime
) -> dict[str, SecretKey]:
    """Undo what a crash left half-done; give the rows that change, by hash.

    A row that is not revoked and has no copy was never shown: it becomes a tombstone, and what it
    replaced gets its old expiry back, or an overlap rotation that crashed would end in an outage.
    A key that has run out becomes a tombstone too, so that it is never taken for an unseen one.
    """
    before = {row.key_hash: row for row in rows}
    after = dict(before)
    for row in sorted(before.values(), key=lambda row: (row.created_at, row.id), reverse=True):
        if row.revoked_at is not None:
            continue
        if row.id not in known:
            for old in row.replaces:
                predecessor = after.get(old.key_hash)
                if predecessor is not None and predecessor.revoked_at is None:
                    after[old.key_hash] = replace(predecessor, expires_at=old.expires_at)
            after[row.key_hash] = after[row.key_hash].revoked(now)
        elif not after[row.key_hash].is_live(now):
            after[row.key_hash] = after[row.key_hash].revoked(now)
        elif row.replaces:
            # Its secret was on its way, so the rotation stands whatever becomes of this row.
            after[row.key_hash] = replace(after[row.key_hash], replaces=())
    return {key_hash: row for key_hash, row in after.items() if row != before[key_hash]}


def kept_hashes(rows: Sequence[SecretKey], known: AbstractSet[str]) -> list[str]:
    """Choose what stays in a platform's index: all that live or have a copy, then the newest."""
    dead = [row for row in rows if row.revoked_at is not None and row.id not in known]
    excess = max(len(rows) - ROWS_KEPT_MAX, 0)
    dropped = {row.key_hash for row in sorted(dead, key=lambda row: row.created_at)[:excess]}
    return [row.key_hash for row in rows if row.key_hash not in dropped]


def check_new_key(
    name: str, scopes: Sequence[str] | None, expires_at: datetime | None, now: datetime
) -> None:
    """Check what a developer asks of a key.

    Raises:
        ValidationFailed: naming the parameter.
    """
    if not 1 <= len(name) <= KEY_NAME_CHARACTERS_MAX or not name.isprintable():
        raise ValidationFailed.of(
            "name", f"must be 1 to {KEY_NAME_CHARACTERS_MAX} printable characters"
        )
    if scopes is not None and not (
        scopes and len(set(scopes)) == len(scopes) and set(scopes) <= set(SCOPES)
    ):
        raise ValidationFailed.of(
            "scopes", f"must be one or more of {', '.join(SCOPES)}, each once"
        )
    if expires_at is not None and not now < expires_at <= now + LIFETIME_MAX:
        raise ValidationFailed.of("expiresAt", "must be in the future, five years at most")


def check_overlap(overlap_seconds: int) -> timedelta:
    """Check for how long the old keys shall go on.

    Raises:
        ValidationFailed: naming the parameter.
    """
    if not 0 <= overlap_seconds <= OVERLAP_SECONDS_MAX:
        raise ValidationFailed.of(
            "overlapSeconds", f"must be 0 to {OVERLAP_SECONDS_MAX} (seven days)"
        )
    return timedelta(seconds=overlap_seconds)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
