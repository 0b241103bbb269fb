"""A realm: one population that signs in.

Owns: passwords, codes, sessions, tokens and signing keys of one realm.
Does not own: who the people are to the business; the worlds decide that.
"""

__all__: list[str] = []
