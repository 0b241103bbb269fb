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
    """There are no stores: a folder is empty, a role is missing, a setting lacks an address."""

    code = "database_not_set_up"
    status = 503
    title = "The database is not set up"


class BackupFailed(DreamError):
    """No backup was written, or a database could not be filled from one."""

    code = "backup_failed"
    status = 503
    title = "The backup was not made"


class BackupUnreadable(DreamError):
    """The archive is damaged, cut short, changed, or none of ours. Nothing was changed."""

    code = "backup_unreadable"
    status = 422
    title = "The backup cannot be restored"


class RestoreRefused(DreamError):
    """There is something where the backup would go. Nothing was changed."""

    code = "restore_refused"
    status = 409
    title = "There are stores already"


class RestoreInterrupted(DreamError):
    """A restore stopped while it exchanged the stores; half of each is no store."""

    code = "restore_interrupted"
    status = 503
    title = "A restore was interrupted"
