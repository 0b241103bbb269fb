"""Whose a key of CUSTOMER_TOKENS_KV is, for PostgreSQL's row-level security."""

from alembic import op

revision = "0030_row_security"
down_revision = "0010_clerk"

# Keys that belong to nobody find a platform that is not known yet: ``stripeaccount:{mode}:{acct}``.
_OWN = """CASE
        WHEN {row}key LIKE 'platform:%' THEN split_part({row}key, ':', 2)
        WHEN {row}key LIKE 'apikey:%' THEN {row}value::jsonb ->> 'platformId'
        WHEN {row}key LIKE 'stripeaccount:%' THEN NULL
        ELSE {other} END"""
_REALM = "(SELECT realm_id FROM identity_users WHERE user_id = split_part(key, ':', 2) LIMIT 1)"
_CURRENT = "nullif(current_setting('dream.platform_id', true), '')"


def upgrade() -> None:
    """Add the column, filled by the database itself, so that no writer can get it wrong.

    A file knows no rights on rows, so SQLite needs none of it.
    """
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute('ALTER TABLE customer_tokens_kv ADD COLUMN platform_id TEXT COLLATE "C"')
    op.execute(f"UPDATE customer_tokens_kv SET platform_id = {_OWN.format(row='', other=_REALM)}")  # noqa: S608 - constants.
    op.execute(
        "CREATE FUNCTION customer_tokens_kv_own() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN NEW.platform_id := {_OWN.format(row='NEW.', other=_CURRENT)};"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER customer_tokens_kv_own BEFORE INSERT ON customer_tokens_kv"
        " FOR EACH ROW EXECUTE FUNCTION customer_tokens_kv_own()"
    )
