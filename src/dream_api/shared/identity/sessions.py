"""Sessions inside a transaction: opened, refreshed, found, ended."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dream_api.kit import tokens
from dream_api.kit.crypto import hash_secret, new_secret
from dream_api.kit.errors import DreamError
from dream_api.kit.ids import new_id
from dream_api.kit.signed_tokens import InvalidToken
from dream_api.shared.identity.desk import Desk
from dream_api.shared.identity.model import (
    DEVICE_CHARACTERS_MAX,
    REFRESH_GRACE,
    SESSIONS_MAX,
    Principal,
    Session,
    SignedIn,
    Visit,
)
from dream_api.shared.identity.store import people
from dream_api.shared.identity.store import sessions as sql
from dream_api.stores import Connection

_TOKEN_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Grant:
    """What a transaction decided to hand out; it is signed after the commit."""

    claims: dict[str, Any]
    signer: tuple[str, str]
    refresh_token: str
    expires_at: datetime
    session_id: str
    session_secret: str | None

    def sign(self) -> SignedIn:
        """Turn the decision into proofs."""
        key_id, private_jwk = self.signer
        token = tokens.sign(self.claims, key_id=key_id, private_jwk=private_jwk)
        return SignedIn(
            self.claims["sub"],
            token,
            self.refresh_token,
            self.expires_at,
            self.session_id,
            self.session_secret,
        )


def open_session(
    connection: Connection,
    desk: Desk,
    visit: Visit,
    user_id: str,
    *,
    signed_in_at: datetime | None = None,
) -> Grant:
    """Open a session under an id of its own; the oldest beyond SESSIONS_MAX ends."""
    existing = sql.list_of_user(connection, visit.realm_id, user_id, SESSIONS_MAX)
    if len(existing) == SESSIONS_MAX:
        sql.remove(connection, visit.realm_id, existing[-1].session_id)
    session = Session(
        new_id("ses", visit.now),
        user_id,
        visit.device[:DEVICE_CHARACTERS_MAX],
        created_at=visit.now,
        signed_in_at=signed_in_at or visit.now,
        last_used_at=visit.now,
        expires_at=visit.now + desk.config.absolute,
    )
    secret = new_secret()
    sql.add(connection, visit.realm_id, session, hash_secret(secret))
    return _grant(connection, desk, visit, session, secret)


def refresh_session(
    connection: Connection, desk: Desk, visit: Visit, refresh_token: str
) -> Grant | None:
    """Trade a refresh token for fresh proofs; None when it is worth nothing.

    A token works once. Within REFRESH_GRACE of its first use it works again, for a second tab;
    later, whoever shows it has it from somewhere, and the session ends for everybody.
    """
    token_hash = hash_secret(refresh_token)
    row = sql.find_refresh_token(connection, visit.realm_id, token_hash)
    if row is None:
        return None
    session = sql.find(connection, visit.realm_id, row.session_id)
    if session is None:
        return None
    is_reused = row.used_at is not None and visit.now > row.used_at + REFRESH_GRACE
    if is_reused or not desk.config.is_live(session, visit.now):
        sql.remove(connection, visit.realm_id, session.session_id)
        return None
    if row.used_at is None:
        sql.use_refresh_token(connection, visit.realm_id, token_hash, visit.now)
    sql.touch(connection, visit.realm_id, session.session_id, visit.now)
    return _grant(connection, desk, visit, session, None)


def sign(grant: Grant | None, refusal: DreamError) -> SignedIn:
    """Turn what a transaction decided into proofs; None is that *refusal*."""
    if grant is None:
        raise refusal
    return grant.sign()


def find_principal(
    connection: Connection, desk: Desk, visit: Visit, session: Session | None
) -> tuple[Principal, Session] | None:
    """Tell who a session belongs to, if it still lives."""
    if session is None or not desk.config.is_live(session, visit.now):
        return None
    person = people.find(connection, visit.realm_id, session.user_id)
    if person is None or person.verified_at is None:
        return None
    principal = Principal(
        visit.realm_id,
        person.user_id,
        session.session_id,
        person.email,
        person.name,
        session.signed_in_at,
    )
    return principal, session


def find_by_token(
    connection: Connection, desk: Desk, visit: Visit, token: str
) -> tuple[Principal, Session] | None:
    """Verify a token with our own keys, then ask whether its session still lives.

    Raises:
        InvalidToken: we did not make it, or not for this realm, or its time is over.
    """
    key_id = tokens.read_key_id(token)
    public_jwk = desk.signing.find_public(connection, key_id)
    if public_jwk is None:
        raise InvalidToken("unknown key")
    claims = tokens.verify(
        token,
        public_jwk,
        issuer=desk.config.issuer(visit.realm_id),
        audience=desk.config.audience(visit.realm_id),
        now=visit.now,
    )
    session = sql.find(connection, visit.realm_id, claims["sid"])
    if session is None or session.user_id != claims["sub"]:
        return None
    return find_principal(connection, desk, visit, session)


def find_by_cookie(
    connection: Connection, desk: Desk, visit: Visit, secret: str
) -> tuple[Principal, Session] | None:
    """Tell whose session a cookie holds."""
    session = sql.find_by_secret(connection, visit.realm_id, hash_secret(secret))
    return find_principal(connection, desk, visit, session)


def find_by_proofs(
    connection: Connection,
    visit: Visit,
    session_id: str | None,
    secret: str | None,
    refresh_token: str | None,
) -> list[Session]:
    """Find the sessions that an id, a cookie and a refresh token belong to, alive or not."""
    ids = [session_id]
    found = []
    if secret is not None:
        found.append(sql.find_by_secret(connection, visit.realm_id, hash_secret(secret)))
    if refresh_token is not None:
        row = sql.find_refresh_token(connection, visit.realm_id, hash_secret(refresh_token))
        ids.append(None if row is None else row.session_id)
    found += [sql.find(connection, visit.realm_id, one) for one in ids if one is not None]
    return [session for session in found if session is not None]


def _grant(
    connection: Connection, desk: Desk, visit: Visit, session: Session, secret: str | None
) -> Grant:
    refresh_token = new_secret()
    sql.add_refresh_token(
        connection, visit.realm_id, hash_secret(refresh_token), session.session_id, visit.now
    )
    expires_at = min(visit.now + desk.config.access, session.expires_at).replace(microsecond=0)
    return Grant(
        _claims(connection, desk, visit, session, expires_at),
        desk.signing.signer(connection, visit),
        refresh_token,
        expires_at,
        session.session_id,
        secret,
    )


def _claims(
    connection: Connection, desk: Desk, visit: Visit, session: Session, expires_at: datetime
) -> dict[str, Any]:
    """Build exactly the claims of the contract, and nothing else."""
    issued_at = int(visit.now.timestamp())
    about = desk.config.hooks.claims(connection, visit.realm_id, session.user_id)
    return {
        "iss": desk.config.issuer(visit.realm_id),
        "sub": session.user_id,
        "aud": desk.config.audience(visit.realm_id),
        "iat": issued_at,
        "nbf": issued_at,
        "exp": int(expires_at.timestamp()),
        "jti": secrets.token_urlsafe(_TOKEN_ID_BYTES),
        "sid": session.session_id,
        "userId": session.user_id,
        "platformId": about.platform_id,
        "plan": about.plan,
    }
