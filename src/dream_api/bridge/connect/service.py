"""The verbs that link a developer's Stripe account to a platform."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

from dream_api.bridge.connect import store as rows
from dream_api.bridge.connect.errors import ConnectRefused, PaymentRequired
from dream_api.bridge.connect.leaving import Leaving
from dream_api.customers.platforms import StripeConnection, read_connection
from dream_api.developers.accounts import find_platform_ids
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import (
    AccountGone,
    OauthConnection,
    OauthOnboarding,
    OauthRefused,
    Onboarding,
    Stripe,
    StripeModes,
    StripeRefused,
    StripeUnavailable,
)
from dream_api.kit.keys import Mode, mode_of
from dream_api.shared.inbox import InboxEvent
from dream_api.stores import Connection, FrontAuthApiBindings, OauthApiBindings

STATE_SECONDS = 600
STATE_BYTES = 32
STATE_CHARACTERS_MAX = 128
SCOPE = "read_write"


class Connect:
    """Links accounts, with the rights of oauth-api.

    Args:
        bindings: what oauth-api may touch; a developer leaves through the other door, which may
            touch all of that, too.
        stripes: our gateway of each mode.
        clock: decides when a state has expired.
        redirect_uri: our callback, as registered with Stripe.
        is_paid: whether a developer's platform subscription runs, which live mode needs.
        way: how accounts are connected.
    """

    def __init__(
        self,
        bindings: OauthApiBindings | FrontAuthApiBindings,
        stripes: StripeModes,
        clock: Clock,
        *,
        redirect_uri: str,
        is_paid: Callable[[str], Awaitable[bool]],
        way: Callable[[Stripe], Onboarding] = OauthOnboarding,
    ) -> None:
        self._developers = bindings.developers
        self._customers = bindings.customers
        self._platform_tokens = bindings.platform_tokens
        self._customer_tokens = bindings.customer_tokens
        self._stripes = stripes
        self._clock = clock
        self._redirect_uri = redirect_uri
        self._is_paid = is_paid
        self._way = way
        self._leaving = Leaving(
            bindings.customers, bindings.customer_tokens, clock, self._onboarding
        )

    async def authorize(self, developer_id: str, mode: Mode, email: str | None = None) -> str:
        """Start a connection; give the address at Stripe where the developer allows it.

        Raises:
            PaymentRequired: live mode, and the developer does not pay.
            StripeNotConfigured: this deployment has no Stripe settings for the mode.
        """
        await self._platform(developer_id, mode)
        onboarding = self._onboarding(mode)
        state = secrets.token_urlsafe(STATE_BYTES)
        departure = await onboarding.begin(state=state, return_url=self._redirect_uri, email=email)
        value = {"userId": developer_id, "mode": mode.value}
        if departure.account_id is not None:
            value["accountId"] = departure.account_id
        expires_at = self._clock.now() + timedelta(seconds=STATE_SECONDS)
        await self._developers.write(
            lambda connection: self._platform_tokens.put(
                connection, f"oauth:state:{state}", value, expires_at=expires_at
            )
        )
        return departure.url

    async def callback(
        self, developer_id: str, *, code: str | None, state: str | None, error: str | None
    ) -> Mode:
        """Finish a connection that this developer has started; give the platform's mode.

        The state is used up whatever comes of it, and the code is sent to Stripe once: a second
        time would revoke the connection. A stranger's visit leaves the state to its developer.

        Raises:
            ConnectRefused: its ``reason`` says why; nothing was stored.
        """
        begun = await self._take_state(developer_id, state)
        mode = Mode(begun["mode"])
        try:
            _check_not_declined(error)
            await self._finish(developer_id, mode, code, begun.get("accountId"))
        except ConnectRefused as refused:
            raise ConnectRefused(refused.reason, mode) from refused.__cause__
        return mode

    async def disconnect(self, developer_id: str, mode: Mode) -> None:
        """Give our access back and forget the account. Harmless where none is connected.

        Raises:
            StripeUnavailable: Stripe did not answer; the account is still connected.
        """
        platform_id = await self._find_platform(developer_id, mode)
        if platform_id is None:
            return
        linked = await self._read_link(platform_id)
        if linked is None:
            return
        await self._leaving.deauthorize(mode, linked.account_id)
        await self._unlink(platform_id, linked.account_id)

    async def leave(self, platform_id: str) -> None:
        """Forget the account of a platform whose developer leaves; its access is given back.

        At once where Stripe answers, else as soon as it does. Harmless where none is connected.
        """
        linked = await self._read_link(platform_id)
        if linked is None:
            return

        def verb(connection: Connection) -> None:
            rows.unlink(connection, self._customer_tokens, platform_id, linked.account_id)
            self._leaving.remember(connection, platform_id, linked.account_id)

        await self._customers.of(platform_id).write(verb)
        await self._leaving.give_back(platform_id, linked.account_id)

    async def give_back_remembered(self) -> int:
        """Give back accounts that Stripe could not take at once; give how many. For the worker."""
        return await self._leaving.give_back_remembered()

    async def on_deauthorized(self, event: InboxEvent) -> None:
        """Forget an account whose owner has disconnected us at Stripe.

        Events come late and twice, and the developer may have connected again meanwhile, so Stripe
        is asked whether the access is really gone.
        """
        platform_id = event.platform_id
        if platform_id is None:
            return
        linked = await self._read_link(platform_id)
        if linked is None or linked.account_id != event.account:
            return
        try:
            await self._onboarding(mode_of(platform_id)).get_account(linked.account_id)
        except (AccountGone, StripeRefused):
            await self._unlink(platform_id, linked.account_id)

    async def _finish(
        self, developer_id: str, mode: Mode, code: str | None, account_id: str | None
    ) -> None:
        try:
            platform_id = await self._platform(developer_id, mode)
        except PaymentRequired as ended:
            raise ConnectRefused("payment_required") from ended
        granted = await self._granted(mode, code, account_id)
        if granted.scope != SCOPE:
            raise ConnectRefused("scope_refused")
        account = StripeConnection(
            account_id=granted.account_id,
            scope=granted.scope,
            livemode=granted.livemode,
            connected_at=self._clock.now(),
        )
        try:
            replaced_id = await self._customers.of(platform_id).write(
                lambda connection: self._link(connection, platform_id, account)
            )
        except rows.AccountTaken as taken:
            raise ConnectRefused("already_connected") from taken
        if replaced_id is not None:
            await self._leaving.give_back(platform_id, replaced_id)

    def _link(
        self, connection: Connection, platform_id: str, account: StripeConnection
    ) -> str | None:
        """Link an account; one that it replaces is given back, whatever comes between."""
        replaced_id = rows.link(connection, self._customer_tokens, platform_id, account)
        if replaced_id is not None:
            self._leaving.remember(connection, platform_id, replaced_id)
        return replaced_id

    async def _take_state(self, developer_id: str, state: str | None) -> dict[str, str]:
        if not state or len(state) > STATE_CHARACTERS_MAX:
            raise ConnectRefused("state_expired")
        key, tokens = f"oauth:state:{state}", self._platform_tokens

        def take(connection: Connection) -> dict[str, str]:
            begun: dict[str, str] | None = tokens.get(connection, key)
            if begun is None:
                raise ConnectRefused("state_expired")
            if not hmac.compare_digest(begun["userId"].encode(), developer_id.encode()):
                raise ConnectRefused("state_mismatch")
            tokens.delete(connection, key)
            return begun

        return await self._developers.write(take)

    async def _granted(
        self, mode: Mode, code: str | None, account_id: str | None
    ) -> OauthConnection:
        try:
            return await self._onboarding(mode).finish(code=code, account_id=account_id)
        except StripeUnavailable as error:
            raise ConnectRefused("stripe_unavailable") from error
        except (OauthRefused, StripeRefused) as error:
            raise ConnectRefused("code_refused") from error

    def _onboarding(self, mode: Mode) -> Onboarding:
        return self._way(self._stripes.of(mode))

    async def _platform(self, developer_id: str, mode: Mode) -> str:
        if mode is Mode.LIVE and not await self._is_paid(developer_id):
            raise PaymentRequired
        platform_id = await self._find_platform(developer_id, mode)
        if platform_id is None:
            raise PaymentRequired
        return platform_id

    async def _find_platform(self, developer_id: str, mode: Mode) -> str | None:
        ids = await self._developers.read(
            lambda connection: find_platform_ids(connection, self._platform_tokens, developer_id)
        )
        return None if ids is None else ids.of(mode)

    async def _read_link(self, platform_id: str) -> StripeConnection | None:
        return await self._customers.of(platform_id).read(
            lambda connection: read_connection(connection, self._customer_tokens, platform_id)
        )

    async def _unlink(self, platform_id: str, account_id: str) -> None:
        def verb(connection: Connection) -> None:
            rows.unlink(connection, self._customer_tokens, platform_id, account_id)

        await self._customers.of(platform_id).write(verb)


def _check_not_declined(error: str | None) -> None:
    if error is not None:
        raise ConnectRefused("access_denied" if error == "access_denied" else "code_refused")
