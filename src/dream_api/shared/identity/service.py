"""The verbs of a world's realms."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from dream_api.gateways.clerk import Clerk
from dream_api.gateways.clock import Clock
from dream_api.kit.crypto import Vault, new_secret
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.kit.ids import new_id
from dream_api.kit.passwords import Passwords
from dream_api.kit.signed_tokens import InvalidToken
from dream_api.shared.identity import authorization, enrolment
from dream_api.shared.identity import sessions as session_desk
from dream_api.shared.identity.addresses import parse_address
from dream_api.shared.identity.attempts import Attempts
from dream_api.shared.identity.clerk import ClerkPeople
from dream_api.shared.identity.credentials import Credentials, check_length
from dream_api.shared.identity.desk import Desk
from dream_api.shared.identity.discovery import discover
from dream_api.shared.identity.errors import (
    InvalidCode,
    InvalidCredentials,
    Unauthenticated,
)
from dream_api.shared.identity.keyring import Keyring
from dream_api.shared.identity.model import (
    ANONYMOUS,
    NAME_CHARACTERS_MAX,
    SESSIONS_MAX,
    TOUCH_EVERY,
    Caller,
    Identity,
    Newcomer,
    Person,
    Principal,
    RealmConfig,
    Session,
    SignedIn,
    Visit,
)
from dream_api.shared.identity.sessions import Grant, sign
from dream_api.shared.identity.signing import SigningKeys
from dream_api.shared.identity.store import limits, people, sessions, sweep
from dream_api.shared.identity.transactions import Transactions
from dream_api.shared.outbox import Outbox
from dream_api.stores import Connection, Store

T = TypeVar("T")

SWEEP_ROWS_MAX = 500


class Realm:
    """One world's realms: ``developers``, or one population for each platform.

    Every verb takes the realm first. Answers are the same, and take about as long, for
    addresses that are known and that are not. Mails leave through the outbox.
    """

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        clock: Clock,
        vault: Vault,
        config: RealmConfig,
        *,
        clerk: Clerk | None = None,
    ) -> None:
        self.config = config
        self.passwords = Passwords()
        signing = SigningKeys(config.kind, vault)
        self.keyring = Keyring(store, clock, config.kind, signing)
        self._store = store
        self._clock = clock
        self._desk = Desk(config, vault, signing, outbox)
        self._attempts = Attempts(store, clock, self.passwords)
        self._transactions = Transactions(store, clock, outbox)
        self.clerk = None if clerk is None else ClerkPeople(clerk, self._transactions, self._desk)
        self._credentials = Credentials(
            self._transactions, self._desk, self.passwords, self._attempts
        )
        # The verbs on passwords and addresses are documented in credentials.py.
        self.verify_email = self._credentials.verify_email
        self.keep_sign_up = self._credentials.keep_sign_up
        self.find_sign_up = self._credentials.find_sign_up
        self.open_mail_link = self._credentials.open_mail_link
        self.verify_email_by_link = self._credentials.verify_email_by_link
        self.reset_password_by_link = self._credentials.reset_password_by_link
        self.forgot_password = self._credentials.forgot_password
        self.reset_password = self._credentials.reset_password
        self.change_password = self._credentials.change_password
        self.request_email_change = self._credentials.request_email_change
        self.require_recent = self._credentials.require_recent

    async def sign_up(
        self,
        realm_id: str,
        email: str,
        password: str,
        name: str | None = None,
        *,
        caller: Caller = ANONYMOUS,
    ) -> str:
        """Keep a sign-up and mail a code; give the id that the person will have.

        For an address that has an account, the same happens but another mail is sent.

        Raises:
            ValidationFailed: the address is none, the name too long, or the password is weak.
            TooManyAttempts: more than a hundred within a minute from one network.
            PasswordsBusy: too many sign-ins wait; try again in a second.
        """
        address = parse_address(email)
        name = _clean_name(name)
        await self._credentials.check_strength(realm_id, password, address, name, param="password")
        await self._attempts.count_mail(realm_id, caller.network)
        newcomer = Newcomer(
            new_id(self.config.id_prefix, self._clock.now()),
            address.email,
            address.key,
            name,
            await self.passwords.hash(password),
        )
        await self._transactions.write(
            realm_id, lambda c, visit: enrolment.enrol(c, self._desk, visit, newcomer), caller
        )
        return newcomer.user_id

    async def sign_in(
        self, realm_id: str, email: str, password: str, *, caller: Caller = ANONYMOUS
    ) -> SignedIn:
        """Open a session.

        Raises:
            InvalidCredentials: wrong, unknown or unverified; it counts as a failure.
            TooManyAttempts: after ten failures in a row, also for the right password; or after
                thirty within a minute from one network.
            PasswordsBusy: too many sign-ins wait; try again in a second.
        """
        address = parse_address(email)
        check_length(password)
        person = await self._attempts.check(realm_id, address, password, caller.network)
        fresh_hash = None
        if self.passwords.needs_rehash(person.password_hash):
            fresh_hash = await self.passwords.hash(password)
        grant = await self._transactions.write(
            realm_id, lambda c, visit: self._enter(c, visit, person, fresh_hash), caller
        )
        return sign(grant, InvalidCredentials("The password was changed just now. Try again."))

    async def refresh(self, realm_id: str, refresh_token: str) -> SignedIn:
        """Trade a refresh token for a new pair; the old one is used up.

        Raises:
            Unauthenticated: unknown, over, or used before: then its session ends.
        """
        grant = await self._transactions.write(
            realm_id,
            lambda c, visit: session_desk.refresh_session(c, self._desk, visit, refresh_token),
        )
        return sign(grant, Unauthenticated("The refresh token is not valid. Sign in again."))

    async def sign_out(
        self,
        realm_id: str,
        *,
        session_id: str | None = None,
        session_secret: str | None = None,
        refresh_token: str | None = None,
        everywhere: bool = False,
    ) -> None:
        """End the session that any of these proofs belongs to; what is unknown is no error.

        *everywhere* ends all sessions of the same person, if that session still lives.
        """

        def end(connection: Connection, visit: Visit) -> None:
            found = session_desk.find_by_proofs(
                connection, visit, session_id, session_secret, refresh_token
            )
            for session in found:
                if everywhere and self.config.is_live(session, visit.now):
                    sessions.remove_of_user(connection, visit.realm_id, session.user_id)
                sessions.remove(connection, visit.realm_id, session.session_id)

        await self._transactions.write(realm_id, end)

    async def authenticate_token(self, realm_id: str, token: str) -> Principal:
        """Tell who shows an access token of this realm; a revoked session is refused at once.

        Where Clerk signs people in, the token is Clerk's, and whoever is new joins the realm.

        Raises:
            Unauthenticated: not ours, not for here, over, or its session has ended.
            ClerkUnavailable: Clerk's keys cannot be read right now.
        """
        if self.clerk is not None:
            return await self.clerk.authenticate(realm_id, token)
        find = partial(session_desk.find_by_token, desk=self._desk, token=token)
        return await self._authenticate(realm_id, find)

    async def authenticate_session(self, realm_id: str, session_secret: str) -> Principal:
        """Tell whose cookie this is.

        Raises:
            Unauthenticated: unknown, idled out, over or revoked.
        """
        find = partial(session_desk.find_by_cookie, desk=self._desk, secret=session_secret)
        principal = await self._authenticate(realm_id, find)
        if self.clerk is not None:
            await self.clerk.settle(realm_id, principal.user_id)
        return principal

    async def sessions(self, realm_id: str, user_id: str) -> list[Session]:
        """List a person's living sessions, the newest first."""
        now = self._clock.now()
        found = await self._store.of(realm_id).read(
            lambda c: sessions.list_of_user(c, realm_id, user_id, SESSIONS_MAX)
        )
        return [session for session in found if self.config.is_live(session, now)]

    async def revoke_session(self, realm_id: str, user_id: str, session_id: str) -> None:
        """End one of a person's sessions; its tokens are refused from the next request on.

        Raises:
            NotFound: no such session, or somebody else's.
        """

        def revoke(connection: Connection, visit: Visit) -> bool:
            session = sessions.find(connection, visit.realm_id, session_id)
            if session is None or session.user_id != user_id:
                return False
            sessions.remove(connection, visit.realm_id, session_id)
            return True

        if not await self._transactions.write(realm_id, revoke):
            raise NotFound("You have no such session.")

    async def issue_authorization_code(
        self, principal: Principal, redirect_url: str, code_challenge: str
    ) -> str:
        """Make a code that one application turns into a session within 60 seconds, once.

        The door has checked that the platform allows *redirect_url*.

        Raises:
            ValidationFailed: the challenge is no S256 challenge.
        """
        if not authorization.is_challenge(code_challenge):
            raise ValidationFailed.of("code_challenge", "must be a PKCE challenge (S256)")
        code = new_secret()
        ticket = (code, redirect_url, code_challenge)
        await self._transactions.write(
            principal.realm_id,
            lambda c, visit: authorization.issue_code(c, visit, principal, ticket),
        )
        return code

    async def exchange_authorization_code(
        self, realm_id: str, code: str, code_verifier: str, *, caller: Caller = ANONYMOUS
    ) -> SignedIn:
        """Turn an authorization code into a session of its own.

        Raises:
            InvalidCode: unknown, over, used, or another verifier; using a code twice also ends
                the session that its first use opened.
        """
        grant = await self._transactions.write(
            realm_id,
            lambda c, visit: authorization.exchange_code(
                c, self._desk, visit, code=code, verifier=code_verifier
            ),
            caller,
        )
        return sign(
            grant, InvalidCode("The code does not work. Start the sign-in again.", param="code")
        )

    async def delete(self, realm_id: str, user_id: str) -> None:
        """Forget a person with everything that signs in; an unknown one is no error."""

        def delete(connection: Connection, visit: Visit) -> None:
            is_gone = self._erase(connection, visit.realm_id, user_id, visit.now)
            if is_gone and self.config.hooks.on_deleted:
                self.config.hooks.on_deleted(connection, visit.realm_id, user_id)

        await self._transactions.write(realm_id, delete)

    def erase(self, connection: Connection, realm_id: str, user_id: str) -> None:
        """Forget a person inside another room's verb; calls no hook."""
        self._erase(connection, realm_id, user_id, self._clock.now())

    async def find(self, realm_id: str, user_id: str) -> Identity | None:
        """Find a person whose address is verified."""
        person = await self._store.of(realm_id).read(lambda c: people.find(c, realm_id, user_id))
        return None if person is None or person.verified_at is None else person.identity

    def discovery(self, realm_id: str) -> dict[str, Any]:
        """Describe a realm the way OpenID clients read it, so that they find the keys."""
        return discover(self.config, realm_id)

    async def clean_up(self, *, limit: int = SWEEP_ROWS_MAX) -> int:
        """Forget what is over, at most *limit* rows of each kind; rotate signing keys when due.

        Returns:
            How many rows went.
        """
        await self.keyring.prepare()
        now = self._clock.now()
        return await self._store.write(
            partial(sweep.drop_all, config=self.config, now=now, limit=limit)
        )

    def _erase(self, connection: Connection, realm_id: str, user_id: str, now: datetime) -> bool:
        if self.clerk is not None:
            self.clerk.on_erased(connection, user_id, now)
        return enrolment.erase(connection, realm_id, user_id)

    def _enter(
        self, connection: Connection, visit: Visit, person: Person, fresh_hash: str | None
    ) -> Grant | None:
        """Open a session after the password was right, unless it was changed meanwhile."""
        present = people.find(connection, visit.realm_id, person.user_id)
        if present is None or present.password_hash != person.password_hash:
            return None
        if fresh_hash is not None:
            people.set_password(connection, visit.realm_id, person.user_id, fresh_hash)
        limits.clear_failures(connection, visit.realm_id, person.email_key)
        return session_desk.open_session(connection, self._desk, visit, person.user_id)

    async def _authenticate(
        self, realm_id: str, find: Callable[..., tuple[Principal, Session] | None]
    ) -> Principal:
        visit = Visit(realm_id, self._clock.now())
        try:
            found = await self._store.of(realm_id).read(
                lambda connection: find(connection, visit=visit)
            )
        except InvalidToken as error:
            raise _unauthenticated() from error
        if found is None:
            raise _unauthenticated()
        principal, session = found
        if self.config.may_write and visit.now >= session.last_used_at + TOUCH_EVERY:
            await self._store.of(realm_id).write(
                lambda c: sessions.touch(c, realm_id, session.session_id, visit.now)
            )
        return principal


def _unauthenticated() -> Unauthenticated:
    return Unauthenticated("Sign in again.")


def _clean_name(name: str | None) -> str | None:
    """Bring a name into one line; an empty one is none."""
    if name is None:
        return None
    cleaned = " ".join(name.split())
    if len(cleaned) > NAME_CHARACTERS_MAX or not cleaned.isprintable():
        raise ValidationFailed.of(
            "name", f"must be at most {NAME_CHARACTERS_MAX} printable characters"
        )
    return cleaned or None
