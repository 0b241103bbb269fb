"""The tables; migrations 0005, 0009 and 0080 of the customers' world create them."""

from sqlalchemy import Column, Text

from dream_api.stores import Instant, MetaData, Table, WholeNumber

_metadata = MetaData()

SUBSCRIPTIONS = Table(
    "subscriptions",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("subscription_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("customer_id", Text),
    Column("status", Text, nullable=False),
    Column("tier", Text),
    Column("price_id", Text),
    Column("price_monthly_cents", WholeNumber, nullable=False),
    Column("mrr_cents", WholeNumber, nullable=False),
    Column("currency", Text, nullable=False),
    Column("current_period_end", Instant),
    Column("cancel_at_period_end", WholeNumber, nullable=False),
    Column("held_tier", Text),
    Column("held_until", Instant),
    Column("flag", Text),
    Column("created_at", Instant, nullable=False),
    Column("checked_at", Instant, nullable=False),
    Column("account_id", Text),
    Column("trial_ends_at", Instant),
)
CHECKOUTS = Table(
    "subscriptions_checkouts",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("session_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("success_url", Text, nullable=False),
    Column("cancel_url", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)
OPENINGS = Table(
    "subscriptions_openings",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("attempt_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
)
"""Checkout sessions that Stripe was asked for; a row lives until it is named or lost."""

PORTALS = Table(
    "subscriptions_portals",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("configuration_id", Text, nullable=False),
)
LOCKS = Table(
    "subscriptions_locks",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
)
ACCOUNTS = Table(
    "subscriptions_accounts",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("charges_enabled", WholeNumber, nullable=False),
    Column("checked_at", Instant, nullable=False),
    Column("reconciled_at", Instant),
)
CHARGES = Table(
    "subscriptions_charges",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("charge_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("amount_cents", WholeNumber, nullable=False),
    Column("refunded_cents", WholeNumber, nullable=False),
    Column("currency", Text, nullable=False),
    Column("dispute_status", Text),
    Column("created_at", Instant, nullable=False),
    Column("checked_at", Instant, nullable=False),
)
"""Charges of which money went back, or which somebody disputes; no others."""

MOVEMENTS = Table(
    "subscriptions_movements",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("movement_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("subscription_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_cents", WholeNumber, nullable=False),
    Column("currency", Text, nullable=False),
    Column("moved_at", Instant, nullable=False),
)
"""Append-only: how each user's monthly revenue came to be; erasure alone renames ``user_id``."""
