"""What a store refuses."""

from dream_api.kit.errors import DreamError, Unavailable


class StoreUnavailable(Unavailable):
    """The database does not answer, is locked, full or read-only. Nothing was written."""

    code = "store_unavailable"
    title = "Store unavailable"


class Overloaded(Unavailable):
    """More work is waiting than the queue may hold. Nothing was written."""

    code = "overloaded"
    title = "Too much is waiting"


class Raced(Exception):
    """Another transaction changed what this one had read. The engine runs it again."""


class BindingRefused(PermissionError):
    """A service reached for something that its bindings do not give it. A bug, never a caller's."""


class AlreadyServed(DreamError):
    """Another process serves this data folder: one writer per SQLite file."""

    code = "already_served"
    status = 503
    title = "This data folder is already being served"


class SchemaMismatch(DreamError):
    """The store's schema is older or newer than this release."""

    code = "schema_mismatch"
    status = 503
    title = "The store's schema does not fit this release"


class DatabaseNotSetUp(DreamError):
    """PostgreSQL lacks a role that a setting names, or a setting lacks an address."""

    code = "database_not_set_up"
    status = 503
    title = "The database is not set up"
