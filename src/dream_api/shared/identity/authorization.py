"""Authorization codes with PKCE (RFC 7636, S256 only): from a hosted page to an application."""

import base64
import hashlib
import hmac
import re

from dream_api.kit.crypto import hash_secret
from dream_api.shared.identity.desk import Desk
from dream_api.shared.identity.model import AUTHORIZATION_CODE_LIFETIME, Principal, Visit
from dream_api.shared.identity.sessions import Grant, open_session
from dream_api.shared.identity.store import codes, sessions
from dream_api.stores import Connection

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


def is_challenge(text: str) -> bool:
    """Tell whether this can be an S256 challenge: 32 bytes in base64url."""
    return _CHALLENGE.fullmatch(text) is not None


def issue_code(
    connection: Connection, visit: Visit, principal: Principal, ticket: tuple[str, str, str]
) -> None:
    """Keep a code for one application; *ticket* is code, redirect address and challenge."""
    code, redirect_url, challenge = ticket
    values = {
        "code_hash": hash_secret(code),
        "user_id": principal.user_id,
        "session_id": principal.session_id,
        "redirect_url": redirect_url,
        "code_challenge": challenge,
        "expires_at": visit.now + AUTHORIZATION_CODE_LIFETIME,
    }
    codes.add_authorization(connection, visit.realm_id, values)


def exchange_code(
    connection: Connection, desk: Desk, visit: Visit, *, code: str, verifier: str
) -> Grant | None:
    """Turn a code into a session of its own; None when it does not fit.

    Whoever shows a used code has it from somewhere: the session made from it ends (RFC 9700,
    section 2.1.1). A wrong verifier leaves the code alone, or a thief could spoil it.
    """
    code_hash = hash_secret(code)
    row = codes.find_authorization(connection, visit.realm_id, code_hash)
    if row is None or not _proves(verifier, row.code_challenge):
        return None
    if row.issued_session_id is not None:
        sessions.remove(connection, visit.realm_id, row.issued_session_id)
        return None
    hosted = sessions.find(connection, visit.realm_id, row.session_id)
    is_live = hosted is not None and desk.config.is_live(hosted, visit.now)
    if hosted is None or not is_live or visit.now >= row.expires_at:
        return None
    grant = open_session(connection, desk, visit, row.user_id, signed_in_at=hosted.signed_in_at)
    codes.use_authorization(connection, visit.realm_id, code_hash, grant.session_id)
    return grant


def _proves(verifier: str, challenge: str) -> bool:
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    computed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(computed, challenge)
