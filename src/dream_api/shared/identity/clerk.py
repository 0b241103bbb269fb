"""A world whose people sign in through Clerk.

Clerk proves who somebody is; to which realm they belong is our own row, written once. A token that
says otherwise is refused, it moves nobody. Clerk's metadata is written by us and never believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from dream_api.gateways.clerk import USERS_MAX, Clerk, ClerkClaims, ClerkUser
from dream_api.kit.signed_tokens import InvalidToken
from dream_api.shared.identity.desk import Desk
from dream_api.shared.identity.errors import Unauthenticated
from dream_api.shared.identity.model import Newcomer, Principal, RealmKind, Visit
from dream_api.shared.identity.store import links, people, sessions
from dream_api.shared.identity.store.links import Link
from dream_api.shared.identity.transactions import Transactions
from dream_api.stores import Connection

CLERK_METADATA = "clerk.metadata"
"""The outbox's kind of "write what the person's claims are into Clerk's public metadata"."""
CLERK_DELETION = "clerk.deletion"
"""The outbox's kind of "this person was erased here; Clerk shall forget them too"."""
CHECKED_EVERY = timedelta(hours=24)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_NO_PASSWORD = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """How many people were compared with Clerk, and whom Clerk no longer has."""

    count: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store says about the bearer of a verified token."""

    principal: Principal | None
    is_new: bool = False
    owes_metadata: bool = False


class ClerkPeople:
    """One world's people, as one Clerk application knows them."""

    def __init__(self, clerk: Clerk, transactions: Transactions, desk: Desk) -> None:
        self.clerk = clerk
        self._transactions = transactions
        self._desk = desk

    @property
    def issuer(self) -> str:
        """Name who signs these people's tokens."""
        return self.clerk.application.issuer

    async def authenticate(self, realm_id: str, token: str) -> Principal:
        """Tell who shows a token of Clerk's; whoever is new joins this realm.

        Raises:
            Unauthenticated: not Clerk's, not for here, over, or of somebody who belongs elsewhere
                or is gone.
            ClerkUnavailable: Clerk's keys, or a newcomer's profile, cannot be read right now.
        """
        try:
            claims = await self.clerk.verify_token(token)
        except InvalidToken as error:
            raise _unauthenticated() from error
        found = await self._look(realm_id, claims)
        if found.is_new and self._desk.config.may_write:
            await self._join(realm_id, claims.user_id)
            found = await self._look(realm_id, claims)
        if found.principal is None:
            raise _unauthenticated()
        if found.owes_metadata:
            await self._tell(realm_id, claims.user_id)
        return found.principal

    async def settle(self, realm_id: str, user_id: str) -> None:
        """Queue a person's claims for Clerk where they are not what was written last."""

        def owes(connection: Connection, _: Visit) -> bool:
            link = links.find(connection, user_id)
            return link is not None and self._owes(connection, link)

        if await self._transactions.read(realm_id, owes):
            await self._tell(realm_id, user_id)

    def tell(self, connection: Connection, realm_id: str, user_id: str, now: datetime) -> None:
        """Queue a person's claims for Clerk, in the transaction that has changed them.

        Nothing is queued where they are what was written last, or the person is not Clerk's.
        """
        link = links.find(connection, user_id)
        if link is None or link.realm_id != realm_id or not self._owes(connection, link):
            return
        claims = self._desk.config.hooks.claims(connection, realm_id, user_id)
        links.change(
            connection,
            user_id,
            written_platform_id=claims.platform_id,
            written_plan=claims.plan,
        )
        payload = {"realmId": realm_id, "userId": user_id}
        self._desk.outbox.add(connection, CLERK_METADATA, payload, now)

    async def deliver_metadata(self, payload: Mapping[str, Any]) -> None:
        """Write a person's present claims: absolute values, so that order and repeats are harmless.

        Raises:
            ClerkUnavailable: try again.
        """
        realm_id, user_id = payload["realmId"], payload["userId"]
        claims = await self._transactions.read(
            realm_id, lambda c, _: self._desk.config.hooks.claims(c, realm_id, user_id)
        )
        metadata = {"platformId": claims.platform_id, "plan": claims.plan}
        await self.clerk.write_metadata(user_id, metadata)

    async def deliver_deletion(self, payload: Mapping[str, Any]) -> None:
        """Have Clerk forget a person.

        Raises:
            ClerkUnavailable: try again.
        """
        await self.clerk.delete_user(payload["userId"])

    async def hear(self, user: ClerkUser, realm_id: str | None = None) -> None:
        """Take a profile from Clerk over, if it is newer than ours.

        Somebody unknown joins *realm_id* where it is given; else they join with their first token.
        """

        def take_over(connection: Connection, visit: Visit) -> None:
            link = links.find(connection, user.user_id)
            if link is None and realm_id is not None:
                self._enrol(connection, visit, user)
            elif link is not None and link.deleted_at is None:
                self._update(connection, link, user)

        await self._transactions.write_and_tell(realm_id or "", take_over)

    async def bury(self, user_id: str) -> str | None:
        """Refuse a person from now on, whatever comes later; give the realm they belonged to."""

        def bury(connection: Connection, visit: Visit) -> str | None:
            links.bury(connection, user_id, visit.now)
            link = links.find(connection, user_id)
            assert link is not None, "it was just written"
            if link.realm_id == links.NO_REALM:
                return None
            sessions.remove_of_user(connection, link.realm_id, user_id)
            return link.realm_id

        return await self._transactions.write("", bury)

    def on_erased(self, connection: Connection, user_id: str, now: datetime) -> None:
        """Bury a person who is being erased here, and have Clerk forget them."""
        link = links.find(connection, user_id)
        if link is None or link.deleted_at is not None:
            return
        links.bury(connection, user_id, now)
        self._desk.outbox.add(connection, CLERK_DELETION, {"userId": user_id}, now)

    async def compare_next(self) -> Compared:
        """Compare the next people with Clerk, at most USERS_MAX, each once in CHECKED_EVERY.

        Profiles that are newer are taken over, metadata that differs is queued. Whoever is
        missing at Clerk is left to the caller, to erase.

        Raises:
            ClerkUnavailable: try again.
        """

        def list_due(connection: Connection, visit: Visit) -> list[str]:
            before = visit.now - CHECKED_EVERY
            return [link.user_id for link in links.list_unchecked(connection, before, USERS_MAX)]

        due = await self._transactions.read("", list_due)
        found = {user.user_id: user for user in await self.clerk.list_users(due)} if due else {}
        missing = []
        for user_id in due:
            # A list that is wrong must not erase anybody, so each is asked for by name.
            user = found.get(user_id) or await self.clerk.get_user(user_id)
            if user is None:
                missing.append(user_id)
            else:
                await self._compare(user)
        return Compared(len(due), tuple(missing))

    async def _compare(self, user: ClerkUser) -> None:
        def compare(connection: Connection, visit: Visit) -> None:
            link = links.find(connection, user.user_id)
            if link is None or link.deleted_at is not None:
                return
            self._update(connection, link, user)
            links.change(
                connection,
                user.user_id,
                checked_at=visit.now,
                written_platform_id=user.platform_id,
                written_plan=user.plan,
            )
            self.tell(connection, link.realm_id, user.user_id, visit.now)

        await self._transactions.write("", compare)

    async def _tell(self, realm_id: str, user_id: str) -> None:
        if self._desk.config.may_write:
            await self._transactions.write(
                realm_id, lambda c, visit: self.tell(c, realm_id, user_id, visit.now)
            )

    async def _look(self, realm_id: str, claims: ClerkClaims) -> _Found:
        return await self._transactions.read(realm_id, lambda c, _: self._find(c, realm_id, claims))

    def _find(self, connection: Connection, realm_id: str, claims: ClerkClaims) -> _Found:
        if not self._is_for(connection, realm_id, claims):
            return _Found(None)
        link = links.find(connection, claims.user_id)
        if link is None:
            return _Found(None, is_new=True)
        person = people.find(connection, realm_id, claims.user_id)
        if link.realm_id != realm_id or link.deleted_at is not None or person is None:
            return _Found(None)
        principal = Principal(
            realm_id,
            person.user_id,
            claims.session_id or "",
            person.email,
            person.name,
            # Where a token does not say when the password was typed, it was long ago.
            claims.verified_at or _LONG_AGO,
            is_impersonated=claims.is_impersonated,
        )
        return _Found(principal, owes_metadata=self._owes(connection, link))

    def _is_for(self, connection: Connection, realm_id: str, claims: ClerkClaims) -> bool:
        """Tell whether a token is meant for this realm, as far as it says for whom it is."""
        config = self._desk.config
        if claims.audiences and config.audience(realm_id) not in claims.audiences:
            return False
        if config.kind is RealmKind.CUSTOMERS and claims.platform_id not in (None, realm_id):
            return False
        party = claims.authorized_party
        if party is None or party in (_origin_of(config.public_url), _portal_of(self.issuer)):
            return True
        allows = config.hooks.allows_origin
        return allows is not None and allows(connection, realm_id, party)

    def _owes(self, connection: Connection, link: Link) -> bool:
        if link.deleted_at is not None:
            return False
        claims = self._desk.config.hooks.claims(connection, link.realm_id, link.user_id)
        return (claims.platform_id, claims.plan) != (link.written_platform_id, link.written_plan)

    async def _join(self, realm_id: str, user_id: str) -> None:
        """Make a person a member of this realm: the first realm that they come to."""
        user = await self.clerk.get_user(user_id)
        if user is None:
            return
        is_elsewhere = user.platform_id not in (None, realm_id)
        if is_elsewhere and self._desk.config.kind is RealmKind.CUSTOMERS:
            return

        def join(connection: Connection, visit: Visit) -> None:
            if links.find(connection, user_id) is None:
                self._enrol(connection, visit, user)

        await self._transactions.write_and_tell(realm_id, join)

    def _enrol(self, connection: Connection, visit: Visit, user: ClerkUser) -> None:
        # Clerk's ids are no addresses, so no address of the built-in realm can be taken for one.
        newcomer = Newcomer(user.user_id, user.email or "", user.user_id, user.name, _NO_PASSWORD)
        people.add_pending(connection, visit.realm_id, newcomer, visit.now)
        person = people.find(connection, visit.realm_id, user.user_id)
        assert person is not None, "it was just written"
        people.verify(connection, visit.realm_id, person, visit.now)
        links.add(
            connection,
            visit.realm_id,
            user.user_id,
            profile_at=user.updated_at,
            now=visit.now,
        )
        links.change(
            connection,
            user.user_id,
            written_platform_id=user.platform_id,
            written_plan=user.plan,
        )
        self._desk.config.hooks.on_verified(connection, visit.realm_id, person.identity)
        self.tell(connection, visit.realm_id, user.user_id, visit.now)

    def _update(self, connection: Connection, link: Link, user: ClerkUser) -> None:
        if user.updated_at <= link.profile_at:
            return
        links.change(connection, user.user_id, profile_at=user.updated_at)
        people.set_profile(
            connection, link.realm_id, user.user_id, email=user.email or "", name=user.name
        )
        person = people.find(connection, link.realm_id, user.user_id)
        if person is not None:
            self._desk.config.hooks.on_verified(connection, link.realm_id, person.identity)


def _unauthenticated() -> Unauthenticated:
    return Unauthenticated("Sign in again.")


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _portal_of(issuer: str) -> str:
    """Give Clerk's own sign-in pages, by the name that Clerk derives from the issuer's.

    ``https://clerk.example.com`` has ``https://accounts.example.com``, and in development
    ``https://some-name-1.clerk.accounts.dev`` has ``https://some-name-1.accounts.dev``.
    """
    parts = urlsplit(issuer)
    host = parts.netloc
    if host.endswith(".clerk.accounts.dev"):
        host = host.removesuffix(".clerk.accounts.dev") + ".accounts.dev"
    elif host.startswith("clerk."):
        host = "accounts." + host.removeprefix("clerk.")
    return f"{parts.scheme}://{host}"
