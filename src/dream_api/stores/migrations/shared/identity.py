"""The identity of one world: its realms' people, sessions, codes and signing keys.

Both worlds have these tables, each in its own store, so that no row can serve the two.
"""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

_VERIFIED = sa.text("verified_at IS NOT NULL")


def create_identity() -> None:
    """Create the tables; the realm leads every key."""
    _create_people()
    _create_codes()
    _create_sessions()
    _create_signing_keys()
    _create_limits()


def _create_people() -> None:
    """One verified person an address; sign-ups that wait for their code may be several."""
    op.create_table(
        "identity_users",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_key", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("verified_at", WholeNumber),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "identity_users_verified",
        "identity_users",
        ["realm_id", "email_key"],
        unique=True,
        sqlite_where=_VERIFIED,
        postgresql_where=_VERIFIED,
    )
    op.create_index(
        "identity_users_pending",
        "identity_users",
        ["created_at"],
        sqlite_where=sa.text("verified_at IS NULL"),
        postgresql_where=sa.text("verified_at IS NULL"),
    )


def _create_codes() -> None:
    """One code an address and purpose: the key itself makes a newer code end the older."""
    op.create_table(
        "identity_codes",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("email_key", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("tries_left", WholeNumber, nullable=False),
        sa.Column("expires_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("identity_codes_expires_at", "identity_codes", ["expires_at"])
    op.create_table(
        "identity_authorization_codes",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("code_hash", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("redirect_url", sa.Text, nullable=False),
        sa.Column("code_challenge", sa.Text, nullable=False),
        sa.Column("expires_at", WholeNumber, nullable=False),
        sa.Column("issued_session_id", sa.Text),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "identity_authorization_codes_expires_at", "identity_authorization_codes", ["expires_at"]
    )


def _create_sessions() -> None:
    op.create_table(
        "identity_sessions",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("signed_in_at", WholeNumber, nullable=False),
        sa.Column("last_used_at", WholeNumber, nullable=False),
        sa.Column("expires_at", WholeNumber, nullable=False),
        sa.UniqueConstraint("realm_id", "secret_hash", name="identity_sessions_secret_hash"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("identity_sessions_user", "identity_sessions", ["realm_id", "user_id"])
    op.create_index("identity_sessions_expires_at", "identity_sessions", ["expires_at"])
    op.create_table(
        "identity_refresh_tokens",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("used_at", WholeNumber),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "identity_refresh_tokens_session", "identity_refresh_tokens", ["realm_id", "session_id"]
    )
    op.create_index("identity_refresh_tokens_used_at", "identity_refresh_tokens", ["used_at"])


def _create_signing_keys() -> None:
    op.create_table(
        "identity_signing_keys",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("public_jwk", sa.Text, nullable=False),
        sa.Column("private_sealed", sa.Text, nullable=False),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("activated_at", WholeNumber),
        sa.Column("retires_at", WholeNumber),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    # Two rotations at one moment cannot leave two keys that both sign.
    op.create_index(
        "identity_signing_keys_active",
        "identity_signing_keys",
        ["realm_id"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )


def _create_limits() -> None:
    """Counters that survive a crash: failed sign-ins, and mails sent to an address."""
    op.create_table(
        "identity_failures",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("email_key", sa.Text, primary_key=True),
        sa.Column("failures", WholeNumber, nullable=False),
        sa.Column("failed_at", WholeNumber, nullable=False),
        sa.Column("blocked_until", WholeNumber),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("identity_failures_failed_at", "identity_failures", ["failed_at"])
    op.create_table(
        "identity_mailings",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("email_key", sa.Text, primary_key=True),
        sa.Column("mailing_id", sa.Text, primary_key=True),
        sa.Column("sent_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("identity_mailings_sent_at", "identity_mailings", ["sent_at"])
