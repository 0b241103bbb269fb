"""A realm: one population that signs in.

Owns: addresses, passwords, codes, sessions, tokens and signing keys of one world's realms.
Does not own: who the people are to the business; the worlds decide that, and are told by hooks.
"""

from dream_api.shared.identity.addresses import Address, parse_address
from dream_api.shared.identity.clerk import CLERK_DELETION, CLERK_METADATA, ClerkPeople
from dream_api.shared.identity.errors import (
    InvalidCode,
    InvalidCredentials,
    ReauthRequired,
    TooManyAttempts,
    Unauthenticated,
)
from dream_api.shared.identity.keyring import Keyring, open_keyring
from dream_api.shared.identity.mail_links import MailLink
from dream_api.shared.identity.mails import MAIL_KIND
from dream_api.shared.identity.model import (
    DEVELOPERS_REALM_ID,
    Caller,
    Claims,
    Identity,
    MailBrand,
    Principal,
    Purpose,
    RealmConfig,
    RealmHooks,
    RealmKind,
    Session,
    SignedIn,
)
from dream_api.shared.identity.pending import PendingSignUp
from dream_api.shared.identity.service import Realm

__all__ = [
    "CLERK_DELETION",
    "CLERK_METADATA",
    "DEVELOPERS_REALM_ID",
    "MAIL_KIND",
    "Address",
    "Caller",
    "Claims",
    "ClerkPeople",
    "Identity",
    "InvalidCode",
    "InvalidCredentials",
    "Keyring",
    "MailBrand",
    "MailLink",
    "PendingSignUp",
    "Principal",
    "Purpose",
    "Realm",
    "RealmConfig",
    "RealmHooks",
    "RealmKind",
    "ReauthRequired",
    "Session",
    "SignedIn",
    "TooManyAttempts",
    "Unauthenticated",
    "open_keyring",
    "parse_address",
]
