"""Clerk: tokens that it has signed, webhooks that it sends, and its Backend API.

Owns what Clerk's formats are and how much of them is believed.
Does not own who is a member of what: the identity room decides that.
"""

from dream_api.gateways.clerk.errors import ClerkRefused, ClerkUnavailable, InvalidSignature
from dream_api.gateways.clerk.gateway import USERS_MAX, Clerk, ClerkApplication
from dream_api.gateways.clerk.model import ClerkEvent, ClerkInstance, ClerkUser
from dream_api.gateways.clerk.tokens import ClerkClaims

__all__ = [
    "USERS_MAX",
    "Clerk",
    "ClerkApplication",
    "ClerkClaims",
    "ClerkEvent",
    "ClerkInstance",
    "ClerkRefused",
    "ClerkUnavailable",
    "ClerkUser",
    "InvalidSignature",
]
