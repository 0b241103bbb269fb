"""Passwords and addresses of people who exist: forgotten, replaced, changed."""

from dream_api.kit.errors import ValidationFailed
from dream_api.kit.passwords import LENGTH_MAX, Passwords, normalize
from dream_api.shared.identity import enrolment
from dream_api.shared.identity.addresses import Address, parse_address
from dream_api.shared.identity.attempts import Attempts
from dream_api.shared.identity.codes import Ticket, new_code
from dream_api.shared.identity.desk import Desk
from dream_api.shared.identity.errors import InvalidCode, InvalidCredentials, ReauthRequired
from dream_api.shared.identity.model import RECENT_SIGN_IN, Principal, Purpose
from dream_api.shared.identity.transactions import Transactions


class Credentials:
    """The verbs by which people replace what they sign in with."""

    def __init__(
        self, transactions: Transactions, desk: Desk, passwords: Passwords, attempts: Attempts
    ) -> None:
        self._transactions = transactions
        self._desk = desk
        self._passwords = passwords
        self._attempts = attempts

    async def forgot_password(self, realm_id: str, email: str) -> None:
        """Mail a code that sets a new password, if the address has an account; tell nobody."""
        address = parse_address(email)
        await self._transactions.write(
            realm_id,
            lambda c, visit: enrolment.send_reset_code(c, self._desk, visit, address, new_code()),
        )

    async def reset_password(self, realm_id: str, email: str, code: str, password: str) -> None:
        """Set a new password with a mailed code; every session ends, and nobody is signed in.

        Raises:
            InvalidCode: the code does not fit; after five tries it is burnt.
            ValidationFailed: the password is weak; the code stays as it is.
        """
        address = parse_address(email)
        await self.check_strength(realm_id, password, address, None, param="password")
        password_hash = await self._passwords.hash(password)
        ticket = Ticket(Purpose.RESET, address, code, None)
        done = await self._transactions.write(
            realm_id,
            lambda c, visit: enrolment.reset_password(c, self._desk, visit, ticket, password_hash),
        )
        if not done:
            raise code_refused()

    async def change_password(
        self, principal: Principal, current_password: str, new_password: str
    ) -> None:
        """Set a new password; every other session ends.

        Raises:
            ReauthRequired: the sign-in is older than ten minutes.
            ValidationFailed: the current password is wrong, or the new one weak.
            TooManyAttempts: too many wrong ones in a row.
        """
        self.require_recent(principal)
        check_length(current_password, param="currentPassword")
        address = parse_address(principal.email)
        await self.check_strength(
            principal.realm_id, new_password, address, principal.name, param="newPassword"
        )
        try:
            await self._attempts.check(principal.realm_id, address, current_password)
        except InvalidCredentials:
            raise ValidationFailed.of("currentPassword", "is not your password") from None
        password_hash = await self._passwords.hash(new_password)
        await self._transactions.write(
            principal.realm_id,
            lambda c, visit: enrolment.change_password(
                c, self._desk, visit, principal, password_hash
            ),
        )

    async def request_email_change(self, principal: Principal, email: str) -> None:
        """Mail a code to a new address; ``verify_email`` confirms it. Until then nothing changes.

        Raises:
            ReauthRequired: the sign-in is older than ten minutes.
            ValidationFailed: it is no address, or the present one.
        """
        self.require_recent(principal)
        address = parse_address(email)
        if address.key == parse_address(principal.email).key:
            raise ValidationFailed.of("email", "is your address already")
        ticket = Ticket(Purpose.CHANGE_EMAIL, address, new_code(), principal.user_id)
        await self._transactions.write(
            principal.realm_id,
            lambda c, visit: enrolment.send_email_change_code(c, self._desk, visit, ticket),
        )

    def require_recent(self, principal: Principal) -> None:
        """Insist on a sign-in of the last ten minutes, for what an open laptop must not do.

        Raises:
            ReauthRequired: it is older.
        """
        if self._transactions.clock.now() >= principal.signed_in_at + RECENT_SIGN_IN:
            raise ReauthRequired("This needs a sign-in of the last 10 minutes. Sign in again.")

    async def check_strength(
        self, realm_id: str, password: str, address: Address, name: str | None, *, param: str
    ) -> None:
        """Refuse a weak password, also one made of the app's or the person's own words."""
        app = await self._transactions.read(realm_id, self._desk.app_name)
        context = (address.email, address.local_part, app, *app.split(), *(name or "").split())
        weakness = await self._passwords.find_weakness(
            password, length_min=self._desk.config.password_length_min, context=context
        )
        if weakness is not None:
            raise ValidationFailed.of(param, weakness)


def check_length(password: str, *, param: str = "password") -> None:
    """Refuse what is no password of anybody, before any work is spent on it."""
    if len(normalize(password)) > LENGTH_MAX:
        raise ValidationFailed.of(param, f"must have at most {LENGTH_MAX} characters")


def code_refused() -> InvalidCode:
    """Build the one refusal of every code that does not fit."""
    return InvalidCode(
        "The code is wrong, was used, or is older than 10 minutes. "
        "After 5 wrong tries it is void: ask for a new one.",
        param="code",
    )
