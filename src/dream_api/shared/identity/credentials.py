"""Addresses that are proven by mail, and passwords that are forgotten, replaced, changed."""

from dream_api.kit.errors import ValidationFailed
from dream_api.kit.passwords import LENGTH_MAX, Passwords, normalize
from dream_api.shared.identity import enrolment
from dream_api.shared.identity.addresses import Address, parse_address
from dream_api.shared.identity.attempts import Attempts
from dream_api.shared.identity.codes import Ticket, would_take
from dream_api.shared.identity.desk import Desk
from dream_api.shared.identity.errors import InvalidCode, InvalidCredentials, ReauthRequired
from dream_api.shared.identity.mail_links import MailLink, open_link
from dream_api.shared.identity.model import (
    ANONYMOUS,
    RECENT_SIGN_IN,
    Caller,
    Principal,
    Purpose,
    SignedIn,
)
from dream_api.shared.identity.pending import PendingSignUp, open_sign_up, seal_sign_up
from dream_api.shared.identity.sessions import sign
from dream_api.shared.identity.transactions import Transactions


class Credentials:
    """The verbs by which people prove, and replace, what they sign in with."""

    def __init__(
        self, transactions: Transactions, desk: Desk, passwords: Passwords, attempts: Attempts
    ) -> None:
        self._transactions = transactions
        self._desk = desk
        self._passwords = passwords
        self._attempts = attempts

    async def verify_email(
        self,
        realm_id: str,
        email: str,
        code: str,
        user_id: str | None = None,
        *,
        caller: Caller = ANONYMOUS,
    ) -> SignedIn:
        """Activate the sign-up that a code was mailed for, or confirm a new address; sign in.

        Where several sign-ups with the address wait, ``user_id`` says which is the caller's; a
        new address is confirmed only while signed in.

        Raises:
            InvalidCode: the code does not fit, or could be a stranger's; after five tries it is
                burnt.
            TooManyAttempts: this network has tried too many codes just now.
        """
        ticket = Ticket(Purpose.SIGN_UP, parse_address(email), code, user_id)
        return await self._verify(realm_id, ticket, caller)

    def keep_sign_up(self, realm_id: str, email: str, user_id: str) -> str:
        """Make what the browser of a sign-up keeps, so that its link is enough there."""
        pending = PendingSignUp(email, user_id)
        return seal_sign_up(self._desk.vault, realm_id, pending)

    def find_sign_up(self, realm_id: str, keepsake: str) -> PendingSignUp | None:
        """Tell which sign-up began in the browser that keeps this; None where none did."""
        return open_sign_up(self._desk.vault, realm_id, keepsake)

    def open_mail_link(self, realm_id: str, token: str) -> MailLink:
        """Read what a link in a mail stands for. It proves and changes nothing.

        Raises:
            InvalidCode: this realm has not mailed it.
        """
        link = open_link(self._desk.vault, realm_id, token)
        if link is None:
            raise link_refused()
        return link

    async def verify_email_by_link(
        self,
        realm_id: str,
        token: str,
        *,
        keepsake: str = "",
        password: str = "",
        caller: Caller = ANONYMOUS,
    ) -> SignedIn:
        """Do what ``verify_email`` does, with the link of the mail instead of its code.

        The link proves the address only. A sign-up is activated for whoever began it, in the
        browser that holds its *keepsake* or with its *password*: a stranger may have signed up
        with the address. A new address is confirmed only while the person who asked for it is
        signed in: whoever owns a mistyped one holds the link too.

        Raises:
            InvalidCode: the link is not ours, not for this, older than an hour, or was used.
            ValidationFailed: the password is not the one that the sign-up was made with.
            TooManyAttempts: after ten wrong passwords in a row.
            PasswordsBusy: too many passwords wait; try again in a second.
        """
        link = self.open_mail_link(realm_id, token)
        if link.purpose is Purpose.SIGN_UP:
            if not link.began_with(self.find_sign_up(realm_id, keepsake)):
                await self._check_sign_up(realm_id, link, password, caller)
        elif link.purpose is Purpose.RESET or not link.is_of(caller.principal):
            raise link_refused()
        return await self._verify(realm_id, link.ticket, caller)

    async def forgot_password(
        self, realm_id: str, email: str, *, caller: Caller = ANONYMOUS
    ) -> None:
        """Mail a code that sets a new password, if the address has an account; tell nobody.

        Raises:
            TooManyAttempts: more than a hundred within a minute from one network.
        """
        address = parse_address(email)
        await self._attempts.count_mail(realm_id, caller.network)
        await self._transactions.write(
            realm_id,
            lambda c, visit: enrolment.send_reset_code(c, self._desk, visit, address),
            caller,
        )

    async def reset_password(
        self, realm_id: str, email: str, code: str, password: str, *, caller: Caller = ANONYMOUS
    ) -> None:
        """Set a new password with a mailed code; every session ends, and nobody is signed in.

        Raises:
            InvalidCode: the code does not fit; after five tries it is burnt.
            ValidationFailed: the password is weak; the code stays as it is.
            TooManyAttempts: this network has tried too many codes just now.
        """
        ticket = Ticket(Purpose.RESET, parse_address(email), code, None)
        await self._reset(realm_id, ticket, password, caller)

    async def reset_password_by_link(self, realm_id: str, token: str, password: str) -> None:
        """Do what ``reset_password`` does, with the link of the mail instead of its code.

        Raises:
            InvalidCode: the link is not ours, is older than an hour, or was used.
            ValidationFailed: the password is weak; the link stays good.
        """
        link = self.open_mail_link(realm_id, token)
        if link.purpose is not Purpose.RESET:
            raise link_refused()
        await self._reset(realm_id, link.ticket, password, ANONYMOUS)

    async def _check_sign_up(
        self, realm_id: str, link: MailLink, password: str, caller: Caller
    ) -> None:
        vault, ticket = self._desk.vault, link.ticket
        works = await self._transactions.read(
            realm_id, lambda c, visit: would_take(c, vault, visit, ticket)
        )
        if not works:
            raise link_refused()
        check_length(password)
        try:
            await self._attempts.check_pending(realm_id, link.user_id, password, caller.network)
        except InvalidCredentials:
            raise ValidationFailed.of(
                "password",
                "is not the one that this sign-up was made with",
                "If you do not know it, sign up again and use the mail that comes then.",
            ) from None

    async def _verify(self, realm_id: str, ticket: Ticket, caller: Caller) -> SignedIn:
        caller_id = None if caller.principal is None else caller.principal.user_id
        grant = await self._transactions.write_and_tell(
            realm_id,
            lambda c, visit: enrolment.verify(c, self._desk, visit, ticket, caller_id),
            caller,
        )
        return sign(grant, code_refused(ticket))

    async def _reset(self, realm_id: str, ticket: Ticket, password: str, caller: Caller) -> None:
        await self.check_strength(realm_id, password, ticket.address, None, param="password")
        password_hash = await self._passwords.hash(password)
        done = await self._transactions.write(
            realm_id,
            lambda c, visit: enrolment.reset_password(c, self._desk, visit, ticket, password_hash),
            caller,
        )
        if not done:
            raise code_refused(ticket)

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
        await self._transactions.write(
            principal.realm_id,
            lambda c, visit: enrolment.send_email_change_code(
                c, self._desk, visit, address, principal.user_id
            ),
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
        app = (await self._transactions.read(realm_id, self._desk.brand)).name
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


def code_refused(ticket: Ticket) -> InvalidCode:
    """Build the one refusal of every code, and of every link, that does not fit."""
    if ticket.came_sealed:
        return link_refused()
    return InvalidCode(
        "The code is wrong, was used, or is older than 10 minutes. "
        "After 5 wrong tries it is void: ask for a new one, or use the link in the mail.",
        param="code",
    )


def link_refused() -> InvalidCode:
    """Build the one refusal of every link that does not work."""
    return InvalidCode(
        "The link was used, is older than an hour, or a newer mail has replaced it: "
        "ask for a new one."
    )
