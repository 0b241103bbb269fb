"""The rows of connected accounts: their portal settings, whether they are paid, when we looked."""

from datetime import datetime

from sqlalchemy import select, update

from dream_api.customers.subscriptions.store.tables import ACCOUNTS, PORTALS
from dream_api.stores import Connection, upsert


def find_portal(connection: Connection, platform_id: str, account_id: str) -> str | None:
    """Find the portal configuration that we made on a connected account."""
    statement = select(PORTALS.c.configuration_id).where(
        PORTALS.c.platform_id == platform_id, PORTALS.c.account_id == account_id
    )
    return connection.execute(statement).scalar_one_or_none()


def put_portal(
    connection: Connection, platform_id: str, account_id: str, configuration_id: str
) -> None:
    """Remember the portal configuration of a connected account."""
    connection.execute(
        upsert(PORTALS)
        .values(platform_id=platform_id, account_id=account_id, configuration_id=configuration_id)
        .on_conflict_do_update(
            index_elements=["platform_id", "account_id"],
            set_={"configuration_id": configuration_id},
        )
    )


def put_account(
    connection: Connection,
    platform_id: str,
    account_id: str,
    *,
    charges_enabled: bool,
    checked_at: datetime,
) -> None:
    """Note whether an account may take payments."""
    values = {"charges_enabled": int(charges_enabled), "checked_at": checked_at}
    connection.execute(
        upsert(ACCOUNTS)
        .values(platform_id=platform_id, account_id=account_id, **values)
        .on_conflict_do_update(index_elements=["platform_id", "account_id"], set_=values)
    )


def find_charges_enabled(connection: Connection, platform_id: str, account_id: str) -> bool | None:
    """Tell whether an account may take payments, as last seen; None when nobody has looked."""
    statement = select(ACCOUNTS.c.charges_enabled).where(
        ACCOUNTS.c.platform_id == platform_id, ACCOUNTS.c.account_id == account_id
    )
    found = connection.execute(statement).scalar_one_or_none()
    return None if found is None else bool(found)


def find_reconciled_at(
    connection: Connection, platform_id: str, account_id: str
) -> datetime | None:
    """Give when all subscriptions of an account were last compared; None for never."""
    statement = select(ACCOUNTS.c.reconciled_at).where(
        ACCOUNTS.c.platform_id == platform_id, ACCOUNTS.c.account_id == account_id
    )
    return connection.execute(statement).scalar_one_or_none()


def set_reconciled_at(
    connection: Connection, platform_id: str, account_id: str, now: datetime
) -> None:
    """Note that all subscriptions of an account have been compared."""
    connection.execute(
        update(ACCOUNTS)
        .where(ACCOUNTS.c.platform_id == platform_id, ACCOUNTS.c.account_id == account_id)
        .values(reconciled_at=now)
    )
