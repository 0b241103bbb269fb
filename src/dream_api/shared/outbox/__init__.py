"""Messages that leave: written with the change, delivered after.

Owns: the queue, its attempts and its back-off, and the mailbox that development reads.
Does not own: the wording of a message and the wire it goes over.
"""

from dream_api.shared.outbox.mailbox import Mailbox, ReceivedMail
from dream_api.shared.outbox.model import ATTEMPTS_MAX, Backlog, Delivery
from dream_api.shared.outbox.service import Outbox, deliver_mail

__all__ = [
    "ATTEMPTS_MAX",
    "Backlog",
    "Delivery",
    "Mailbox",
    "Outbox",
    "ReceivedMail",
    "deliver_mail",
]
