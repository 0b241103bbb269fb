"""Every knob: its unit, its default and one sentence. Read once, by the command line."""

from enum import StrEnum
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


SecretList = Annotated[tuple[SecretStr, ...], NoDecode]
"""A comma-separated list: the first is current, the others are still accepted."""


class Settings(BaseSettings):
    """All settings, from ``DREAM_…`` in the environment. Immutable; rooms receive values, not this.

    ``dream-api dev`` needs none of them.
    """

    model_config = SettingsConfigDict(env_prefix="DREAM_", frozen=True, extra="forbid")

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
    customer_identity: IdentitySource = Field(
        IdentitySource.BUILTIN, description="Who signs end users in: `builtin` or `clerk`."
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Where mail goes: `smtp://user:password@host:587`; absent: no mail leaves.",
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for `/metrics`; absent: loopback callers only."
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
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return cls.read_list(value) if isinstance(value, str) else value

    @staticmethod
    def read_list(text: str) -> tuple[SecretStr, ...]:
        """Read a comma-separated list of secrets; empty entries do not exist."""
        return tuple(SecretStr(part.strip()) for part in text.split(",") if part.strip())

    @field_validator("public_url", "stripe_api_base")
    @classmethod
    def _without_slash(cls, value: str | None) -> str | None:
        return None if value is None else value.rstrip("/")

    @model_validator(mode="after")
    def _clerk_is_not_here_yet(self) -> Self:
        for realm in ("developer", "customer"):
            if getattr(self, f"{realm}_identity") is IdentitySource.CLERK:
                message = f"DREAM_{realm.upper()}_IDENTITY=clerk is not supported by this release"
                raise ValueError(message)
        return self

    @property
    def public_host(self) -> str:
        """The host name of the public address, for senders of mail."""
        return urlsplit(self.public_url).hostname or "localhost"

    @property
    def is_loopback(self) -> bool:
        """Tell whether the public address is this machine only."""
        return f"{self.public_url}:".startswith(LOOPBACK_PREFIXES)
