"""The foundation: ids, keys, money, periods, errors, cryptography.

Owns pure functions and values that every floor of the house may use.
Does not own I/O, business rules or anything that knows a room, a store or a door.
"""
