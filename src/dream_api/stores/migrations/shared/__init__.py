"""Frozen definitions of the tables that both worlds have, each in its own store."""
