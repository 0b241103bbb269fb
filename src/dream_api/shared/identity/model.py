"""What a realm is made of, and its pure rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dream_api.stores import Connection

DEVELOPERS_REALM_ID = "developers"
"""The only realm of the developers' world; a realm of the customers' world is a platformId."""
DEVELOPERS_AUDIENCE = "dream-api"

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5
CODE_GUESSES_MAX = 20
CODE_GUESSES_WINDOW = timedelta(hours=24)
"""After CODE_GUESSES_MAX wrong codes of one purpose at one address in such a window, six digits
open nothing there until it ends; mails carry LONG_CODE_DIGITS meanwhile, which nobody guesses."""
LONG_CODE_DIGITS = 12
LINK_LIFETIME = timedelta(hours=1)
"""Of the link beside a code. Nobody can guess one, so no wrong tries void it, and it is good for
as long as MAILS_WINDOW: whoever spends an address's share of mails leaves a link that works."""
PENDING_LIFETIME = timedelta(hours=24)
"""A sign-up that was never verified is forgotten after this."""
MAILS_MAX = 5
MAILS_OF_ALL_MAX = 20
MAILS_WINDOW = timedelta(hours=1)
"""At most MAILS_MAX mails of one purpose to one address that one network asks for, and
MAILS_OF_ALL_MAX whoever asks, in any such window: a stranger does not spend the owner's."""

FAILURES_FREE = 10
FAILURES_FORGOTTEN_AFTER = timedelta(hours=24)
NETWORK_FAILURES_MAX = 30
NETWORK_MAILS_MAX = 100
NETWORK_WINDOW = timedelta(minutes=1)
"""At most NETWORK_FAILURES_MAX wrong passwords and codes from one network in such a window, and
NETWORK_MAILS_MAX sign-ups and forgotten passwords, each of which may send a mail."""
_DELAY_FIRST = timedelta(seconds=30)
_DELAY_MAX = timedelta(minutes=15)

REFRESH_GRACE = timedelta(seconds=10)
"""Two tabs may refresh at once; later reuse of a refresh token ends the session."""
USED_TOKENS_KEPT = timedelta(days=7)
"""How long a used refresh token is remembered, to notice its reuse."""
AUTHORIZATION_CODE_LIFETIME = timedelta(seconds=60)
RECENT_SIGN_IN = timedelta(minutes=10)
SESSIONS_MAX = 100
"""Sessions of one person; one more ends the oldest."""
TOUCH_EVERY = timedelta(minutes=1)
"""A session notes its use at most this often, so that reading stays reading."""
DEVICE_CHARACTERS_MAX = 200
NAME_CHARACTERS_MAX = 200

KEY_ACTIVE = timedelta(days=90)
KEY_RETIRING = timedelta(hours=24)
"""A retired key stays published this long: some gateways cache keys for two hours."""


class RealmKind(StrEnum):
    """Which world's people sign in here."""

    DEVELOPERS = "developers"
    CUSTOMERS = "customers"


class Purpose(StrEnum):
    """What a code was mailed for; a code is worth nothing for any other purpose."""

    SIGN_UP = "sign_up"
    CHANGE_EMAIL = "change_email"
    RESET = "reset"


class KeyState(StrEnum):
    """Where a signing key stands: published, signing, or still verifying."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"


@dataclass(frozen=True, slots=True)
class Claims:
    """What the world says about a person, for their token. A hint to clients, never a gate."""

    platform_id: str | None
    plan: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """A person whose address is verified."""

    user_id: str
    email: str
    name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A row of ``identity_users``; unverified while ``verified_at`` is None."""

    user_id: str
    email: str
    email_key: str
    name: str | None
    password_hash: str
    created_at: datetime
    verified_at: datetime | None

    @property
    def identity(self) -> Identity:
        """What other rooms may know."""
        return Identity(self.user_id, self.email, self.name, self.created_at)


@dataclass(frozen=True, slots=True)
class Session:
    """A row of ``identity_sessions``."""

    session_id: str
    user_id: str
    device: str
    created_at: datetime
    signed_in_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, as proven by a token or a session cookie."""

    realm_id: str
    user_id: str
    session_id: str
    email: str
    name: str | None
    signed_in_at: datetime
    is_impersonated: bool = False
    """Whether somebody else acts in this person's name, which lets them look and change nothing."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What a door knows about whoever asks, before anything is proven."""

    device: str = ""
    """The User-Agent, shown in the list of sessions."""
    principal: Principal | None = None
    network: str = ""
    """The network that the request comes from; empty where nobody can tell."""


ANONYMOUS = Caller()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The proofs of a fresh sign-in. ``session_secret`` is the cookie's value; None on refresh."""

    user_id: str
    token: str
    refresh_token: str
    expires_at: datetime
    session_id: str
    session_secret: str | None


@dataclass(frozen=True, slots=True)
class MailBrand:
    """In whose name and look mails are written."""

    name: str
    color: str
    """``#rrggbb``."""

    logo_url: str | None = None
    """A complete address of an image of ours; the name stands in for it."""


@dataclass(frozen=True, slots=True)
class RealmHooks:
    """What a realm asks and tells the world it serves, inside its own transactions.

    ``on_verified`` runs whenever an address has been verified, so also after a change of it;
    it is safe to repeat. ``branding`` is what mails look like.
    """

    claims: Callable[[Connection, str, str], Claims]
    on_verified: Callable[[Connection, str, Identity], None]
    branding: Callable[[Connection, str], MailBrand]
    on_deleted: Callable[[Connection, str, str], None] | None = None
    allows_origin: Callable[[Connection, str, str], bool] | None = None
    """Whether a token that Clerk made for a page of this origin counts, besides our own pages."""


@dataclass(frozen=True, slots=True)
class RealmConfig:
    """How one world's realms behave. Build it with ``developers`` or ``customers``."""

    kind: RealmKind
    public_url: str
    hooks: RealmHooks
    id_prefix: str
    access: timedelta
    idle: timedelta
    absolute: timedelta
    password_length_min: int = 8
    may_write: bool = True
    """False for a service that only reads sessions: it does not note their use."""

    @classmethod
    def developers(
        cls, public_url: str, hooks: RealmHooks, *, may_write: bool = True
    ) -> "RealmConfig":
        """Realm 1: tokens of 15 minutes, sessions idle for a day, at most 14 days."""
        return cls(
            RealmKind.DEVELOPERS,
            public_url,
            hooks,
            id_prefix="dev",
            access=timedelta(minutes=15),
            idle=timedelta(hours=24),
            absolute=timedelta(days=14),
            may_write=may_write,
        )

    @classmethod
    def customers(cls, public_url: str, hooks: RealmHooks) -> "RealmConfig":
        """Realm 2, one population a platform: 5 minutes, idle for 7 days, at most 30 days."""
        return cls(
            RealmKind.CUSTOMERS,
            public_url,
            hooks,
            id_prefix="usr",
            access=timedelta(minutes=5),
            idle=timedelta(days=7),
            absolute=timedelta(days=30),
        )

    def issuer(self, realm_id: str) -> str:
        """Name the issuer of this realm's tokens."""
        return f"{self.public_url}/realms/{realm_id}"

    def audience(self, realm_id: str) -> str:
        """Name the audience of this realm's tokens."""
        return DEVELOPERS_AUDIENCE if self.kind is RealmKind.DEVELOPERS else realm_id

    def page(self, realm_id: str, name: str) -> str:
        """Give the address of a page of this realm, such as ``sign-in``."""
        if self.kind is RealmKind.DEVELOPERS:
            return f"{self.public_url}/{name}"
        return f"{self.public_url}/p/{realm_id}/{name}"

    def is_live(self, session: Session, now: datetime) -> bool:
        """Tell whether a session has neither idled out nor reached its end."""
        return now < session.expires_at and now < session.last_used_at + self.idle


@dataclass(frozen=True, slots=True)
class Visit:
    """One call: in which realm, when, and from which device and network."""

    realm_id: str
    now: datetime
    device: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A sign-up, with everything slow already done."""

    user_id: str
    email: str
    email_key: str
    name: str | None
    password_hash: str


def failure_delay(failures: int) -> timedelta:
    """Give the delay after the n-th failure in a row: none up to nine, then 30 s, doubling."""
    if failures < FAILURES_FREE:
        return timedelta()
    doublings = min(failures - FAILURES_FREE, 10)
    return min(_DELAY_FIRST * (1 << doublings), _DELAY_MAX)
