"""The engine for many: one database with a schema per world, shared by processes and machines.

Owns connections and their pools, group commit for the meter, retries after lost races and lost
connections, the schemas and the GRANTs that make bindings bite.
Does not own any SQL of a room.
"""

from dream_api.stores.postgres.connections import name_of_role
from dream_api.stores.postgres.dumps import dump_database, restore_database
from dream_api.stores.postgres.schema import check_database, migrate_database
from dream_api.stores.postgres.stores import Addresses, PostgresOperatorStores, PostgresStores

__all__ = [
    "Addresses",
    "PostgresOperatorStores",
    "PostgresStores",
    "check_database",
    "dump_database",
    "migrate_database",
    "name_of_role",
    "restore_database",
]
