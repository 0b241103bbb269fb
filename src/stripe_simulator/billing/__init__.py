"""How money would move: cards, periods, invoices and the life of a subscription.

Owns what happens when somebody pays and when time passes. Does not own the wire: the verbs of
``resources`` and the pages call in here.
"""
