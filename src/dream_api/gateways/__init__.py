"""The outside: Stripe, Clerk, mail, time.

Owns the translation between vendors' words and ours, their time-outs and their errors.
Does not own business rules, and keeps no state of the product.
"""
