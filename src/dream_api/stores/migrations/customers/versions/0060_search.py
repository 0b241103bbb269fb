"""The table ``end_users_search``: what a search reads instead of whole rows of ``users``.

Kept by triggers, so that no writer of ``users`` can forget it. Counting usage touches none of the
three columns, so the hot path pays nothing for a user who exists.
"""

import sqlalchemy as sa
from alembic import op

revision = "0060_search"
down_revision = "0030_row_security"

_TEXT = (
    "lower({row}user_id || {line_break} || coalesce({row}clerk_email, '')"
    " || {line_break} || coalesce({row}clerk_name, ''))"
)
_SQLITE = (
    """CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
        INSERT INTO end_users_search (platform_id, user_id, search_text)
        VALUES (NEW.platform_id, NEW.user_id, {new});
    END""",
    """CREATE TRIGGER users_search_update AFTER UPDATE OF clerk_email, clerk_name ON users BEGIN
        UPDATE end_users_search SET search_text = {new}
        WHERE platform_id = NEW.platform_id AND user_id = NEW.user_id;
    END""",
    """CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
        DELETE FROM end_users_search
        WHERE platform_id = OLD.platform_id AND user_id = OLD.user_id;
    END""",
)
_POSTGRES = (
    """CREATE FUNCTION users_search_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO end_users_search (platform_id, user_id, search_text)
        VALUES (NEW.platform_id, NEW.user_id, {new});
        RETURN NULL;
    END $$""",
    """CREATE FUNCTION users_search_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE end_users_search SET search_text = {new}
        WHERE platform_id = NEW.platform_id AND user_id = NEW.user_id;
        RETURN NULL;
    END $$""",
    """CREATE FUNCTION users_search_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        DELETE FROM end_users_search
        WHERE platform_id = OLD.platform_id AND user_id = OLD.user_id;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER users_search_insert AFTER INSERT ON users
        FOR EACH ROW EXECUTE FUNCTION users_search_insert()""",
    """CREATE TRIGGER users_search_update AFTER UPDATE OF clerk_email, clerk_name ON users
        FOR EACH ROW EXECUTE FUNCTION users_search_update()""",
    """CREATE TRIGGER users_search_delete AFTER DELETE ON users
        FOR EACH ROW EXECUTE FUNCTION users_search_delete()""",
)


def upgrade() -> None:
    """Create the table, fill it from the users that are there, and let triggers keep it."""
    op.create_table(
        "end_users_search",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("search_text", sa.Text, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    line_break = "char(10)" if is_sqlite else "chr(10)"
    present = _TEXT.format(row="", line_break=line_break)
    op.execute(f"INSERT INTO end_users_search SELECT platform_id, user_id, {present} FROM users")  # noqa: S608 - constants.
    new = _TEXT.format(row="NEW.", line_break=line_break)
    for statement in _SQLITE if is_sqlite else _POSTGRES:
        op.execute(statement.format(new=new))
