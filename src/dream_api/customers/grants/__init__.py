"""Which console grants were used.

Owns the note that a grant was used, in ``CUSTOMER_TOKENS_KV`` until the grant is over.
Does not own what a grant says or allows: ``kit/grants.py`` and the door do.
"""

from dream_api.customers.grants.service import Grants

__all__ = ["Grants"]
