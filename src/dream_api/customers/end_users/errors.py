"""What the end users' room refuses.

DreamError
└── UserExists  409  the platform has a user of this id
"""

from dream_api.kit.errors import DreamError


class UserExists(DreamError):
    """The platform has a user of this id already."""

    code = "user_exists"
    status = 409
    title = "User exists"
