"""The room's tables."""

from sqlalchemy import Column, Table, Text

from dream_api.stores import Instant, Json, MetaData
from dream_api.stores.columns import WholeNumber

_METADATA = MetaData()

USERS = Table(
    "identity_users",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("name", Text),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("verified_at", Instant),
)

CODES = Table(
    "identity_codes",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("email_key", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("tries_left", WholeNumber, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

AUTHORIZATION_CODES = Table(
    "identity_authorization_codes",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("code_hash", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("redirect_url", Text, nullable=False),
    Column("code_challenge", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("issued_session_id", Text),
)

SESSIONS = Table(
    "identity_sessions",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("session_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("signed_in_at", Instant, nullable=False),
    Column("last_used_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

REFRESH_TOKENS = Table(
    "identity_refresh_tokens",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("token_hash", Text, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
)

SIGNING_KEYS = Table(
    "identity_signing_keys",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("public_jwk", Json, nullable=False),
    Column("private_sealed", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("activated_at", Instant),
    Column("retires_at", Instant),
)

FAILURES = Table(
    "identity_failures",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("email_key", Text, primary_key=True),
    Column("failures", WholeNumber, nullable=False),
    Column("failed_at", Instant, nullable=False),
    Column("blocked_until", Instant),
)

MAILINGS = Table(
    "identity_mailings",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("email_key", Text, primary_key=True),
    Column("mailing_id", Text, primary_key=True),
    Column("sent_at", Instant, nullable=False),
)

CLERK_USERS = Table(
    "identity_clerk_users",
    _METADATA,
    Column("realm_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("profile_at", Instant, nullable=False),
    Column("checked_at", Instant, nullable=False),
    Column("written_platform_id", Text),
    Column("written_plan", Text),
    Column("deleted_at", Instant),
)
