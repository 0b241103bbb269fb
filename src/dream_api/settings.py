"""Every knob: its unit, its default and one sentence. Read once, by the command line."""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK_PREFIXES = (
    "http://localhost:",
    "http://127.0.0.1:",
    "http://[::1]:",
)


class IdentitySource(StrEnum):
    """Who signs people in: our own realm, or a Clerk application."""

    BUILTIN = "builtin"
    CLERK = "clerk"


CLERK_API_URL = "https://api.clerk.com"
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]+={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClerkSettings:
    """One Clerk application."""

    issuer: str
    secret_key: SecretStr
    webhook_secrets: tuple[SecretStr, ...]
    api_url: str


SecretList = Annotated[tuple[SecretStr, ...], NoDecode]
"""A comma-separated list: the first is current, the others are still accepted."""

NetworkList = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode]
"""A comma-separated list of addresses and networks, such as ``10.0.0.0/8,192.0.2.7``."""


class Settings(BaseSettings):
    """All settings, from ``DREAM_…`` in the environment. Immutable; rooms receive values, not this.

    ``dream-api dev`` needs none of them.
    """

    model_config = SettingsConfigDict(
        env_prefix="DREAM_",
        env_ignore_empty=True,  # `NAME=` in an environment file means that it is not set.
        frozen=True,
        extra="forbid",
    )

    data_dir: Path = Field(
        Path(".dream"),
        description="Folder of the SQLite stores and of everything that `dev` keeps.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL address of the migrator, who owns the schemas; also of every role "
        "below that has none of its own. No address at all means SQLite in the data folder.",
    )
    database_url_front_auth_api: SecretStr | None = Field(
        None, description="PostgreSQL address as the role of front-auth-api."
    )
    database_url_oauth_api: SecretStr | None = Field(
        None, description="PostgreSQL address as the role of oauth-api."
    )
    database_url_api_multi: SecretStr | None = Field(
        None, description="PostgreSQL address as the role of api-multi."
    )
    database_url_meter: SecretStr | None = Field(
        None, description="PostgreSQL address as the role that counts: api-multi's hot path."
    )
    database_url_worker_developers: SecretStr | None = Field(
        None, description="PostgreSQL address as the role of the worker's developers' loop."
    )
    database_url_worker_customers: SecretStr | None = Field(
        None, description="PostgreSQL address as the role of the worker's customers' loop."
    )
    public_url: str = Field(
        "http://localhost:8787", description="The one origin under which people reach the product."
    )
    trusted_proxies: NetworkList = Field(
        (),
        description="Addresses or networks of proxies whose `X-Forwarded-For` is believed.",
    )
    master_key: SecretList = Field(
        (),
        description="32 random bytes in base64 that encrypt secrets; a list, first is active.",
    )

    stripe_secret_key: SecretStr | None = Field(
        None, description="Secret key of our own Stripe account, live mode."
    )
    stripe_client_id: str | None = Field(
        None, description="Client id (`ca_…`) of our Connect application, live mode."
    )
    stripe_price_id: str | None = Field(
        None, description="Price (`price_…`) of the platform subscription, live mode."
    )
    stripe_webhook_secrets: SecretList = Field(
        (), description="Signing secrets of the account endpoint `/platform/webhook/stripe`."
    )
    stripe_connect_webhook_secrets: SecretList = Field(
        (), description="Signing secrets of the Connect endpoint `/webhook/stripe`."
    )
    stripe_test_secret_key: SecretStr | None = Field(
        None, description="Secret key of our own Stripe account, test mode."
    )
    stripe_test_client_id: str | None = Field(
        None, description="Client id of our Connect application, test mode."
    )
    stripe_test_price_id: str | None = Field(
        None, description="Price of the platform subscription, test mode."
    )
    stripe_test_webhook_secrets: SecretList = Field(
        (), description="Signing secrets of the account endpoint, test mode."
    )
    stripe_test_connect_webhook_secrets: SecretList = Field(
        (), description="Signing secrets of the Connect endpoint, test mode."
    )
    stripe_api_base: str | None = Field(
        None, description="Where Stripe answers; absent means Stripe itself."
    )

    developer_identity: IdentitySource = Field(
        IdentitySource.BUILTIN, description="Who signs developers in: `builtin` or `clerk`."
    )
    developer_identity_clerk_issuer: str | None = Field(
        None, description="Frontend API of the developers' Clerk application, its tokens' issuer."
    )
    developer_identity_clerk_secret_key: SecretStr | None = Field(
        None, description="Secret key of the developers' Clerk application."
    )
    developer_identity_clerk_webhook_secret: SecretList = Field(
        (), description="Signing secrets of `/platform/webhook/clerk`."
    )
    developer_identity_clerk_api_url: str = Field(
        CLERK_API_URL, description="Where Clerk's Backend API answers for developers."
    )
    customer_identity: IdentitySource = Field(
        IdentitySource.BUILTIN, description="Who signs end users in: `builtin` or `clerk`."
    )
    customer_identity_clerk_issuer: str | None = Field(
        None, description="Frontend API of the end users' Clerk application, its tokens' issuer."
    )
    customer_identity_clerk_secret_key: SecretStr | None = Field(
        None, description="Secret key of the end users' Clerk application."
    )
    customer_identity_clerk_webhook_secret: SecretList = Field(
        (), description="Signing secrets of `/webhook/clerk`."
    )
    customer_identity_clerk_api_url: str = Field(
        CLERK_API_URL, description="Where Clerk's Backend API answers for end users."
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Where mail goes: `smtp://user:password@host:587`; absent: no mail leaves.",
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for `/metrics`; absent: loopback callers only."
    )

    ledger_retention_months: int | None = Field(
        None,
        ge=1,
        description="Whole months of the usage ledger that are kept beside the running one; "
        "absent: all of them.",
    )

    platform_price_cents: int = Field(
        1500, ge=50, description="Price of the platform subscription, in US cents a month."
    )
    platform_free_calls: int = Field(
        5, ge=0, description="Changing calls a UTC month for a developer who does not pay."
    )
    platform_paid_calls: int = Field(
        500, ge=0, description="Changing calls a UTC month for a developer who pays."
    )

    @field_validator(
        "master_key",
        "stripe_webhook_secrets",
        "stripe_connect_webhook_secrets",
        "stripe_test_webhook_secrets",
        "stripe_test_connect_webhook_secrets",
        "developer_identity_clerk_webhook_secret",
        "customer_identity_clerk_webhook_secret",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return cls.read_list(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @staticmethod
    def read_list(text: str) -> tuple[SecretStr, ...]:
        """Read a comma-separated list of secrets; empty entries do not exist."""
        return tuple(SecretStr(part.strip()) for part in text.split(",") if part.strip())

    @field_validator(
        "public_url",
        "stripe_api_base",
        "developer_identity_clerk_issuer",
        "developer_identity_clerk_api_url",
        "customer_identity_clerk_issuer",
        "customer_identity_clerk_api_url",
    )
    @classmethod
    def _without_slash(cls, value: str | None) -> str | None:
        return None if value is None else value.rstrip("/")

    @field_validator(
        "developer_identity_clerk_webhook_secret", "customer_identity_clerk_webhook_secret"
    )
    @classmethod
    def _check_webhook_secrets(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(_WEBHOOK_SECRET.fullmatch(one.get_secret_value()) for one in secrets):
            raise ValueError("must be whsec_… as Clerk shows it, several separated by commas")
        return secrets

    @model_validator(mode="after")
    def _check_clerk(self) -> Self:
        """Demand what a realm of Clerk's needs, and two applications for two realms."""
        for realm in ("developer", "customer"):
            name = f"{realm}_identity"
            if getattr(self, name) is IdentitySource.BUILTIN:
                continue
            for part in ("clerk_issuer", "clerk_secret_key"):
                if getattr(self, f"{name}_{part}") is None:
                    setting = f"DREAM_{name}_{part}".upper()
                    message = f"{setting} is missing: DREAM_{name.upper()} is clerk"
                    raise ValueError(message)
        developers, customers = self.developer_clerk, self.customer_clerk
        if developers and customers and developers.issuer == customers.issuer:
            raise ValueError("developers and end users need two Clerk applications, not one")
        return self

    @property
    def has_database(self) -> bool:
        """Tell whether any address of PostgreSQL is set."""
        names = (name for name in type(self).model_fields if name.startswith("database_url"))
        return any(getattr(self, name) for name in names)

    @property
    def developer_clerk(self) -> ClerkSettings | None:
        """The developers' Clerk application; None where their realm is built in."""
        return self._clerk("developer")

    @property
    def customer_clerk(self) -> ClerkSettings | None:
        """The end users' Clerk application; None where their realm is built in."""
        return self._clerk("customer")

    def _clerk(self, realm: str) -> ClerkSettings | None:
        name = f"{realm}_identity"
        if getattr(self, name) is IdentitySource.BUILTIN:
            return None
        return ClerkSettings(
            getattr(self, f"{name}_clerk_issuer"),
            getattr(self, f"{name}_clerk_secret_key"),
            getattr(self, f"{name}_clerk_webhook_secret"),
            getattr(self, f"{name}_clerk_api_url"),
        )

    @property
    def public_host(self) -> str:
        """The host name of the public address, for senders of mail."""
        return urlsplit(self.public_url).hostname or "localhost"

    @property
    def is_loopback(self) -> bool:
        """Tell whether the public address is this machine only."""
        return f"{self.public_url}:".startswith(LOOPBACK_PREFIXES)
