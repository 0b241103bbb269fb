"""What a developer sees of the end users.

Owns: the table of users, its filters and pages, the CSV and the metrics.
Does not own: any write; changes are verbs of the other rooms.
"""

__all__: list[str] = []
