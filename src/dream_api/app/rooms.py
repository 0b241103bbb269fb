"""Every room, each built with the bindings of the service whose door leads to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from dream_api.app.clerk import build_clerk
from dream_api.app.vaults import build_vault
from dream_api.bridge.catalog import Catalog
from dream_api.bridge.connect import Connect
from dream_api.bridge.keys import Keys
from dream_api.bridge.standing import StandingPublisher
from dream_api.customers.dashboard import Dashboard
from dream_api.customers.end_users import EndUsers
from dream_api.customers.grants import Grants
from dream_api.customers.metering import Metering
from dream_api.customers.platforms import PlatformEditor, Platforms, read_branding, read_settings
from dream_api.customers.subscriptions import Subscriptions
from dream_api.developers.accounts import Accounts, find_platform_ids
from dream_api.developers.management_usage import Limits, ManagementUsage
from dream_api.developers.platform_subscription import (
    Offer,
    PlatformSubscription,
    find_standing,
)
from dream_api.gateways.clerk import Clerk
from dream_api.gateways.clock import Clock
from dream_api.gateways.console import ConsoleCalls
from dream_api.gateways.stripe import Stripe, StripeModes
from dream_api.kit.crypto import Vault
from dream_api.kit.keys import Mode, mode_of
from dream_api.settings import Settings
from dream_api.shared.idempotency import Idempotency
from dream_api.shared.identity import Claims, MailBrand, Realm, RealmConfig, RealmHooks
from dream_api.shared.inbox import Inbox
from dream_api.shared.outbox import Mailbox, Outbox
from dream_api.stores import (
    ApiMultiBindings,
    Bindings,
    Connection,
    FrontAuthApiBindings,
    KeyValue,
    OauthApiBindings,
)

OUR_NAME = "dream-api"
OUR_BRAND = MailBrand(OUR_NAME, "#5b4be1")
CALLBACK_PATH = "/oauth/callback"


@dataclass(frozen=True, slots=True)
class Outside:
    """What every room may be given of the outside."""

    settings: Settings
    clock: Clock
    vault: Vault
    stripes: StripeModes
    console_calls: ConsoleCalls
    developer_clerk: Clerk | None = None
    """Signs developers in; None where their realm is built in."""
    customer_clerk: Clerk | None = None
    """Signs end users in; None where their realm is built in."""

    async def close(self) -> None:
        """Close every connection to the outside."""
        await self.stripes.close()
        await self.console_calls.close()
        for clerk in (self.developer_clerk, self.customer_clerk):
            if clerk is not None:
                await clerk.close()

    @property
    def own_stripe(self) -> Stripe:
        """Our own account: live where it is set up, else test."""
        return self.stripes.of(Mode.LIVE if self.stripes.live is not None else Mode.TEST)


@dataclass(frozen=True, slots=True)
class CustomerRooms:
    """World 2, with api-multi's bindings."""

    platforms: Platforms
    metering: Metering
    end_users: EndUsers
    subscriptions: Subscriptions
    dashboard: Dashboard
    realm: Realm
    outbox: Outbox
    mailbox: Mailbox
    inbox: Inbox
    idempotency: Idempotency
    grants: Grants


@dataclass(frozen=True, slots=True)
class DeveloperRooms:
    """World 1 and the bridge, with front-auth-api's bindings."""

    accounts: Accounts
    realm: Realm
    platform_subscription: PlatformSubscription
    management_usage: ManagementUsage
    catalog: Catalog
    keys: Keys
    connect: Connect
    standing: StandingPublisher
    platforms: Platforms
    editor: PlatformEditor
    dashboard: Dashboard
    end_users: EndUsers
    """To look: front-auth-api may not write what end users have."""
    subscriptions: Subscriptions
    """To look, likewise."""
    platform_inbox: Inbox
    """To look, likewise: what Stripe told us of the developer's platforms."""
    outbox: Outbox
    mailbox: Mailbox
    inbox: Inbox
    idempotency: Idempotency


@dataclass(frozen=True, slots=True)
class BridgeRooms:
    """The bridge's door, with oauth-api's bindings."""

    connect: Connect
    realm: Realm


@dataclass(frozen=True, slots=True)
class House:
    """All rooms."""

    developers: DeveloperRooms
    bridge: BridgeRooms
    customers: CustomerRooms


def build_house(bindings: Bindings, outside: Outside) -> House:
    """Build every room."""
    return House(
        developers=_developer_rooms(bindings.front_auth_api, outside),
        bridge=_bridge_rooms(bindings.oauth_api, outside),
        customers=_customer_rooms(bindings.api_multi, outside),
    )


def build_outside(settings: Settings, clock: Clock) -> Outside:
    """Build the gateways."""
    vault = build_vault(settings)
    return Outside(
        settings,
        clock,
        vault,
        StripeModes(stripe_of(settings, Mode.LIVE), stripe_of(settings, Mode.TEST)),
        ConsoleCalls(settings.public_url, vault.grant_keys, clock),
        build_clerk(settings.developer_clerk, clock),
        build_clerk(settings.customer_clerk, clock),
    )


def stripe_of(settings: Settings, mode: Mode) -> Stripe | None:
    """Build the gateway of a mode; None where its settings are missing."""
    is_live = mode is Mode.LIVE
    secret_key = settings.stripe_secret_key if is_live else settings.stripe_test_secret_key
    client_id = settings.stripe_client_id if is_live else settings.stripe_test_client_id
    if secret_key is None:
        return None
    return Stripe(
        secret_key.get_secret_value(),
        client_id=client_id or "",
        api_base=settings.stripe_api_base,
    )


def _customer_rooms(bindings: ApiMultiBindings, outside: Outside) -> CustomerRooms:
    store, tokens, clock = bindings.customers, bindings.customer_tokens, outside.clock
    public_url = outside.settings.public_url
    platforms = Platforms(store, tokens)
    end_users = EndUsers(store, tokens, clock)
    outbox = Outbox(store, outside.vault)
    hooks = RealmHooks(
        claims=end_users.claims,
        on_verified=end_users.on_verified,
        branding=_mail_brand(tokens, public_url),
        on_deleted=end_users.on_deleted,
        allows_origin=lambda connection, platform_id, origin: read_settings(
            connection, tokens, platform_id
        ).allows_origin(origin, mode_of(platform_id)),
    )
    realm = Realm(
        store, outbox, clock, outside.vault, RealmConfig.customers(public_url, hooks),
        clerk=outside.customer_clerk,
    )  # fmt: skip
    end_users.announce_plans(_telling_clerk(realm, clock))
    return CustomerRooms(
        platforms=platforms,
        metering=Metering(bindings, clock),
        end_users=end_users,
        subscriptions=Subscriptions(
            store, platforms, end_users, outside.stripes, clock, public_url
        ),
        dashboard=Dashboard(store, tokens, clock),
        realm=realm,
        outbox=outbox,
        mailbox=Mailbox(store, clock),
        inbox=Inbox(store, clock),
        idempotency=Idempotency(store, clock),
        grants=Grants(store, tokens),
    )


def _developer_rooms(bindings: FrontAuthApiBindings, outside: Outside) -> DeveloperRooms:
    settings, clock, store = outside.settings, outside.clock, bindings.developers
    outbox = Outbox(store, outside.vault)
    accounts = Accounts(bindings, outbox, clock)
    subscription = PlatformSubscription(
        bindings,
        outside.own_stripe,
        clock,
        Offer(settings.platform_price_cents, settings.stripe_price_id, settings.public_url),
    )
    keys = Keys(bindings, clock)
    dashboard = Dashboard(bindings.customers, bindings.customer_tokens, clock)
    platforms = Platforms(bindings.customers, bindings.customer_tokens)
    end_users = EndUsers(bindings.customers, bindings.customer_tokens, clock)
    hooks = _developer_hooks(bindings.platform_tokens, accounts, subscription)
    return DeveloperRooms(
        accounts=accounts,
        realm=Realm(
            store, outbox, clock, outside.vault,
            RealmConfig.developers(settings.public_url, hooks),
            clerk=outside.developer_clerk,
        ),
        platform_subscription=subscription,
        management_usage=ManagementUsage(
            bindings, clock, Limits(settings.platform_free_calls, settings.platform_paid_calls)
        ),
        catalog=Catalog(
            bindings,
            outside.stripes,
            clock,
            keys=keys,
            is_paid=_is_paid(subscription),
            subscribers=dashboard.subscribers,
        ),
        keys=keys,
        connect=_connect(bindings, outside, _is_paid(subscription)),
        standing=StandingPublisher(bindings, _active_until(subscription)),
        platforms=platforms,
        end_users=end_users,
        subscriptions=Subscriptions(
            bindings.customers, platforms, end_users, outside.stripes, clock, settings.public_url
        ),
        platform_inbox=Inbox(bindings.customers, clock),
        editor=PlatformEditor(bindings.customers, bindings.customer_tokens),
        dashboard=dashboard,
        outbox=outbox,
        mailbox=Mailbox(store, clock),
        inbox=Inbox(store, clock),
        idempotency=Idempotency(store, clock),
    )  # fmt: skip


def _mail_brand(tokens: KeyValue, public_url: str) -> Callable[[Connection, str], MailBrand]:
    """Give mails to end users the look of their platform's hosted pages."""

    def mail_brand(connection: Connection, platform_id: str) -> MailBrand:
        branding = read_branding(connection, tokens, platform_id)
        logo = branding.logo
        logo_url = None if logo is None else f"{public_url}/p/{platform_id}/logo/{logo}"
        return MailBrand(branding.app_name or OUR_NAME, branding.color, logo_url)

    return mail_brand


def _bridge_rooms(bindings: OauthApiBindings, outside: Outside) -> BridgeRooms:
    store, public_url = bindings.developers, outside.settings.public_url
    outbox = Outbox(store, outside.vault)
    hooks = RealmHooks(
        claims=_developer_claims(bindings.platform_tokens),
        on_verified=Accounts(bindings, outbox, outside.clock).on_verified,
        branding=lambda _connection, _realm_id: OUR_BRAND,
    )

    async def is_paid(developer_id: str) -> bool:
        standing = await store.read(lambda connection: find_standing(connection, developer_id))
        return standing.is_paid

    return BridgeRooms(
        connect=_connect(bindings, outside, is_paid),
        realm=Realm(
            store, outbox, outside.clock, outside.vault,
            RealmConfig.developers(public_url, hooks, may_write=False),
            clerk=outside.developer_clerk,
        ),
    )  # fmt: skip


def _connect(
    bindings: OauthApiBindings | FrontAuthApiBindings,
    outside: Outside,
    is_paid: Callable[[str], Awaitable[bool]],
) -> Connect:
    return Connect(
        bindings,
        outside.stripes,
        outside.clock,
        redirect_uri=outside.settings.public_url + CALLBACK_PATH,
        is_paid=is_paid,
    )


def _telling_clerk(realm: Realm, clock: Clock) -> Callable[[Connection, str, str], None]:
    """Have Clerk's metadata follow a plan, where the realm is Clerk's."""

    def tell(connection: Connection, platform_id: str, user_id: str) -> None:
        if realm.clerk is not None:
            realm.clerk.tell(connection, platform_id, user_id, clock.now())

    return tell


def _developer_hooks(
    platform_tokens: KeyValue, accounts: Accounts, subscription: PlatformSubscription
) -> RealmHooks:
    def on_deleted(connection: Connection, realm_id: str, developer_id: str) -> None:
        accounts.on_deleted(connection, realm_id, developer_id)
        subscription.erase(connection, developer_id)

    return RealmHooks(
        claims=_developer_claims(platform_tokens),
        on_verified=accounts.on_verified,
        branding=lambda _connection, _realm_id: OUR_BRAND,
        on_deleted=on_deleted,
    )


def _developer_claims(platform_tokens: KeyValue) -> Callable[[Connection, str, str], Claims]:
    def claims(connection: Connection, _realm_id: str, developer_id: str) -> Claims:
        ids = find_platform_ids(connection, platform_tokens, developer_id)
        standing = find_standing(connection, developer_id)
        return Claims(None if ids is None else ids.shown, standing.plan)

    return claims


def _is_paid(subscription: PlatformSubscription) -> Callable[[str], Awaitable[bool]]:
    async def is_paid(developer_id: str) -> bool:
        return (await subscription.get(developer_id)).is_paid

    return is_paid


def _active_until(
    subscription: PlatformSubscription,
) -> Callable[[str], Awaitable[datetime | None]]:
    async def active_until(developer_id: str) -> datetime | None:
        return (await subscription.get(developer_id)).active_until

    return active_until
