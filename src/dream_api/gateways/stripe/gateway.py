"""Every call that the product makes to Stripe, one method each.

Where a method takes ``account``, None means our own account; else the call carries the header
``Stripe-Account`` beside our own key, which is all that Connect asks for.
"""

import asyncio
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

import stripe

from dream_api.gateways.stripe import expansion
from dream_api.gateways.stripe.calls import ATTEMPT_SECONDS, NETWORK_RETRIES_MAX, answer
from dream_api.gateways.stripe.errors import OauthRefused
from dream_api.gateways.stripe.model import (
    API_VERSION,
    CheckoutRequest,
    ConnectedAccount,
    ItemMove,
    NewPrice,
    NewProduct,
    OauthConnection,
    PreviewedChange,
    PreviewedInvoice,
    StripeCheckout,
    SubscriptionChange,
)
from dream_api.gateways.stripe.money_back import MoneyBack
from dream_api.gateways.stripe.own_account import OwnAccount
from dream_api.gateways.stripe.parameters import (
    change_params,
    checkout_params,
    options,
    portal_configuration,
    portal_params,
    preview_params,
    recurring_params,
)
from dream_api.gateways.stripe.reading import (
    plain_object,
    read_checkout,
    read_connected_account,
    read_preview,
)
from dream_api.gateways.stripe.transport import Transport

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
LIST_LIMIT = 100
"""Stripe's largest page. Nothing that we list without paging comes near it."""


class Stripe:
    """Stripe in one mode.

    Every method raises ``StripeUnavailable`` when no usable answer came, ``StripeRefused`` (or
    ``StripeNotFound``) when Stripe said no, and ``AccountGone`` when *account* has withdrawn our
    access. Network errors, 409 and 5xx are tried again twice, with the same idempotency key.

    Attributes:
        own_account: what belongs to us alone: our price, and our webhook endpoints.
        money_back: refunds and disputes.

    Args:
        secret_key: our key of this mode; it also acts on connected accounts.
        client_id: our Connect application of this mode, ``ca_…``.
        api_base: where Stripe is reached; None for Stripe itself.
    """

    def __init__(self, secret_key: str, *, client_id: str, api_base: str | None = None) -> None:
        # A proxy reaches the world, not a simulator on this machine.
        is_local = urlsplit(api_base or "").hostname in LOOPBACK_HOSTS
        self._http = Transport(ATTEMPT_SECONDS, uses_proxy=not is_local)
        self._client = stripe.StripeClient(
            secret_key,
            client_id=client_id,
            stripe_version=API_VERSION,
            max_network_retries=NETWORK_RETRIES_MAX,
            http_client=self._http,
            base_addresses=(
                {"api": api_base, "connect": api_base, "files": api_base} if api_base else {}
            ),
        )
        self.own_account = OwnAccount(self._client, self._http)
        self.money_back = MoneyBack(self._client)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()
        self._http.close()

    # Connect (what connecting an account needs is the port `Onboarding`)

    def authorize_url(self, *, state: str, redirect_uri: str, email: str | None = None) -> str:
        """Build the page where a developer allows us onto their account. No call is made.

        ``read_write`` is spelt out because Stripe's default is ``read_only``.
        """
        params: stripe.OAuth.OAuthAuthorizeUrlParams = {
            "scope": "read_write",
            "state": state,
            "redirect_uri": redirect_uri,
            "stripe_landing": "login",
        }
        if email is not None:
            params["stripe_user"] = {"email": email}
        return self._client.oauth.authorize_url(params)

    async def exchange_code(self, code: str) -> OauthConnection:
        """Exchange an OAuth code for the account that it stands for.

        Sent once and never again: Stripe revokes the connection when a code arrives twice.

        Raises:
            OauthRefused: the code is unknown, expired, used, of the other mode or not ours.
        """
        # The SDK has no asynchronous form of this call. The thread ends within its timeouts.
        token = await answer(
            asyncio.to_thread(
                self._client.oauth.token,
                {"grant_type": "authorization_code", "code": code},
                {"max_network_retries": 0},
            )
        )
        # Keys of theirs may be in the answer (deprecated); they are not read.
        granted: Any = token if isinstance(token, dict) else {}
        account_id, livemode = granted.get("stripe_user_id"), granted.get("livemode")
        if not isinstance(account_id, str) or not isinstance(livemode, bool):
            raise OauthRefused("Stripe named no account. Connect again.", stripe_code="no_account")
        return OauthConnection(account_id, str(granted.get("scope", "read_write")), livemode)

    async def deauthorize(self, account_id: str) -> None:
        """Give our access to an account back.

        Raises:
            OauthRefused: we have none any more, or the account is controlled by us.
        """
        await answer(
            asyncio.to_thread(
                self._client.oauth.deauthorize,
                {"stripe_user_id": account_id},
                {"max_network_retries": NETWORK_RETRIES_MAX},
            )
        )

    async def get_account(self, account: str) -> ConnectedAccount:
        """Read a connected account."""
        call = self._client.v1.accounts.retrieve_async(account)
        return read_connected_account(await answer(call, account))

    # Products and prices

    async def create_product(
        self, account: str | None, product: NewProduct, *, idempotency_key: str
    ) -> str:
        """Create a product; give its id."""
        call = self._client.v1.products.create_async(
            {"name": product.name, "metadata": dict(product.metadata)},
            options(account, idempotency_key),
        )
        return (await answer(call, account)).id

    async def update_product(
        self,
        account: str | None,
        product_id: str,
        *,
        name: str | None = None,
        active: bool | None = None,
    ) -> None:
        """Rename a product, archive it (``active=False``) or take it back. Repeatable."""
        params: stripe.params.ProductUpdateParams = {}
        if name is not None:
            params["name"] = name
        if active is not None:
            params["active"] = active
        call = self._client.v1.products.update_async(product_id, params, options(account))
        await answer(call, account)

    async def create_price(
        self, account: str | None, price: NewPrice, *, idempotency_key: str
    ) -> str:
        """Create a recurring price; give its id. Another amount is another price."""
        call = self._client.v1.prices.create_async(
            {
                "product": price.product_id,
                "unit_amount": price.amount_cents,
                "currency": price.currency,
                "recurring": {"interval": price.interval},
                "metadata": dict(price.metadata),
            },
            options(account, idempotency_key),
        )
        return (await answer(call, account)).id

    async def archive_price(self, account: str | None, price_id: str) -> None:
        """Stop selling a price; who has it keeps it. Repeating is harmless."""
        call = self._client.v1.prices.update_async(price_id, {"active": False}, options(account))
        await answer(call, account)

    async def unarchive_price(self, account: str | None, price_id: str) -> None:
        """Sell an archived price again, for as long as somebody goes back to it. Repeatable."""
        call = self._client.v1.prices.update_async(price_id, {"active": True}, options(account))
        await answer(call, account)

    async def is_price_on_sale(self, account: str | None, price_id: str) -> bool:
        """Tell whether a price can be bought; ``StripeNotFound`` where it was deleted."""
        return bool((await self.get_price(account, price_id))["active"])

    async def is_product_on_sale(self, account: str | None, product_id: str) -> bool:
        """Tell whether a product is active; ``StripeNotFound`` where it was deleted."""
        call = self._client.v1.products.retrieve_async(product_id, None, options(account))
        return bool((await answer(call, account)).active)

    async def get_price(self, account: str | None, price_id: str) -> dict[str, Any]:
        """Read a price as Stripe sends it."""
        call = self._client.v1.prices.retrieve_async(price_id, None, options(account))
        return plain_object(await answer(call, account))

    # Customers and Checkout

    async def create_customer(
        self,
        account: str | None,
        *,
        email: str | None,
        name: str | None,
        metadata: dict[str, str],
        idempotency_key: str,
    ) -> str:
        """Create a customer; give its id."""
        params: stripe.params.CustomerCreateParams = {"metadata": metadata}
        if email is not None:
            params["email"] = email
        if name is not None:
            params["name"] = name
        call = self._client.v1.customers.create_async(params, options(account, idempotency_key))
        return (await answer(call, account)).id

    async def create_checkout(
        self, account: str | None, request: CheckoutRequest, *, idempotency_key: str
    ) -> StripeCheckout:
        """Open a Checkout session that sells one subscription."""
        call = self._client.v1.checkout.sessions.create_async(
            checkout_params(request), options(account, idempotency_key)
        )
        return read_checkout(plain_object(await answer(call, account)))

    async def get_checkout(self, account: str | None, checkout_id: str) -> StripeCheckout:
        """Read a Checkout session."""
        call = self._client.v1.checkout.sessions.retrieve_async(checkout_id, None, options(account))
        return read_checkout(plain_object(await answer(call, account)))

    async def expire_checkout(self, account: str | None, checkout_id: str) -> StripeCheckout:
        """Close an open session, so that nobody can pay through it any more.

        Raises:
            StripeRefused: it is not open; read it to see why.
        """
        call = self._client.v1.checkout.sessions.expire_async(checkout_id, None, options(account))
        return read_checkout(plain_object(await answer(call, account)))

    async def list_open_checkouts(
        self, account: str | None, customer: str
    ) -> tuple[StripeCheckout, ...]:
        """List the sessions through which *customer* could still pay, newest first."""
        call = self._client.v1.checkout.sessions.list_async(
            {"customer": customer, "status": "open", "limit": LIST_LIMIT}, options(account)
        )
        return tuple(map(read_checkout, plain_object(await answer(call, account))["data"]))

    async def list_opened_between(
        self, account: str | None, since: datetime, until: datetime, after: str | None = None
    ) -> tuple[StripeCheckout, ...]:
        """List a page of the sessions made in a span of time that are still open, newest first.

        Args:
            account: whose they are.
            since: the first moment, at Stripe's clock.
            until: the last one.
            after: the last id of the page before; None for the first page.
        """
        params: stripe.params.checkout.SessionListParams = {
            "status": "open",
            "created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())},
            "limit": LIST_LIMIT,
        }
        if after is not None:
            params["starting_after"] = after
        call = self._client.v1.checkout.sessions.list_async(params, options(account))
        return tuple(map(read_checkout, plain_object(await answer(call, account))["data"]))

    # Subscriptions

    async def get_subscription(self, account: str | None, subscription_id: str) -> dict[str, Any]:
        """Read a subscription with every discount and its coupon expanded."""
        return await expansion.get_subscription(self._client, account, subscription_id)

    async def list_subscriptions(self, account: str | None, customer: str) -> list[dict[str, Any]]:
        """List a customer's subscriptions, ended ones too, newest first; nothing is expanded."""
        call = self._client.v1.subscriptions.list_async(
            {"customer": customer, "status": "all", "limit": LIST_LIMIT}, options(account)
        )
        return cast("list[dict[str, Any]]", plain_object(await answer(call, account))["data"])

    async def list_running(
        self, account: str | None, after: str | None = None, *, ended_of: datetime | None = None
    ) -> list[dict[str, Any]]:
        """List a page of an account's subscriptions that have not ended, newest first.

        Args:
            account: whose they are.
            after: the last id of the page before; None for the first page.
            ended_of: list those instead that were made since then and have ended.
        """
        params: stripe.params.SubscriptionListParams = {"limit": LIST_LIMIT}
        if ended_of is not None:
            params |= {"status": "ended", "created": {"gte": int(ended_of.timestamp())}}
        if after is not None:
            params["starting_after"] = after
        call = self._client.v1.subscriptions.list_async(params, options(account))
        return cast("list[dict[str, Any]]", plain_object(await answer(call, account))["data"])

    async def cancel_subscription(
        self, account: str | None, subscription_id: str
    ) -> dict[str, Any]:
        """End a subscription now, without refund or last invoice.

        Raises:
            StripeNotFound: it has ended already, or never was.
        """
        call = self._client.v1.subscriptions.cancel_async(subscription_id, None, options(account))
        return plain_object(await answer(call, account))

    async def update_subscription(
        self,
        account: str | None,
        subscription_id: str,
        change: SubscriptionChange,
        *,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Change a subscription; give what it is now, without expansions.

        Raises:
            StripeRefused: a declined card too (``stripe_code``); nothing has changed then.
        """
        call = self._client.v1.subscriptions.update_async(
            subscription_id, change_params(change), options(account, idempotency_key)
        )
        return plain_object(await answer(call, account))

    async def preview_change(self, account: str | None, move: ItemMove) -> PreviewedChange:
        """Ask what a move with proration would cost today; nothing changes."""
        call = self._client.v1.invoices.create_preview_async(preview_params(move), options(account))
        invoice = await answer(call, account)
        return PreviewedChange(invoice.amount_due, invoice.currency)

    async def preview_recurring(self, account: str | None, move: ItemMove) -> PreviewedInvoice:
        """Ask what the regular invoices would say after a move, and when the next one comes."""
        call = self._client.v1.invoices.create_preview_async(
            recurring_params(move), options(account)
        )
        return read_preview(plain_object(await answer(call, account)))

    # Customer portal

    async def create_portal(
        self, account: str | None, customer: str, *, return_url: str, configuration: str | None
    ) -> str:
        """Open the portal for a customer; give its URL.

        Raises:
            StripeRefused: the account has no portal configuration and none was given.
        """
        call = self._client.v1.billing_portal.sessions.create_async(
            portal_params(customer, return_url, configuration), options(account)
        )
        return (await answer(call, account)).url

    async def create_portal_configuration(
        self, account: str | None, *, idempotency_key: str
    ) -> str:
        """Create the portal's settings on an account, which Stripe asks for first; give the id.

        Cards, addresses, invoices and cancelling at the end of the period; the tier is changed
        through us, so that limits and plan move together.
        """
        call = self._client.v1.billing_portal.configurations.create_async(
            portal_configuration(), options(account, idempotency_key)
        )
        return (await answer(call, account)).id
