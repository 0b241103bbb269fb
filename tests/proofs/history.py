"""Judges what clients of the meter were told: could one exact counter have said all of it?

Each counted answer claims the units ``(usage - amount, usage]`` of its user's month. One exact
counter hands each unit out once, so the claims of a whole history lie side by side without a gap
and without an overlap, end at the limit at the latest, and follow each other in the order of real
time. A lost count leaves an overlap or a second claim of the same key, a count that nobody asked
for leaves a gap, and an answer from an old snapshot overlaps its neighbour.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)

Account = tuple[str, str]
"""A user and the first moment of a month, as the answers write it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that a client received.

    ``sent_ns`` and ``answered_ns`` are read from the machine's monotonic clock, which all its
    processes share.
    """

    key: str
    user_id: str
    amount: int
    sent_ns: int
    answered_ns: int
    allowed: bool
    reason: str | None
    usage: int
    period_start: str
    replayed: bool

    @property
    def account(self) -> Account:
        """Whose month it was counted in."""
        return self.user_id, self.period_start


def violations(
    answers: Iterable[Answer], *, limit: int | None, stored: Mapping[Account, int]
) -> list[str]:
    """Say everything that no exact meter can have answered; nothing when there is no such thing.

    The history must be whole: each key that was ever sent has been repeated until it was answered.

    Args:
        answers: of all clients, in any order.
        limit: the units that a user may use in a month; None for no limit.
        stored: what the store says at the end, for the months that it is asked about.
    """
    history = list(answers)
    counted = [answer for answer in history if answer.allowed]
    claims = {}
    found: list[str] = []
    for key, told in _by(counted, lambda answer: answer.key):
        found += _judge_key(key, told)
        claims[key] = min(told, key=lambda answer: (answer.replayed, answer.answered_ns))
    tops = dict.fromkeys(stored, 0)
    for account, claimed in _by(claims.values(), lambda claim: claim.account):
        found += _judge_account(account, claimed, limit)
        tops[account] = max(claim.usage for claim in claimed)
    found += [
        f"{account}: the store says {stored[account]}, the answers add up to {tops[account]}"
        for account in stored
        if stored[account] != tops[account]
    ]
    return found + [problem for answer in history for problem in _judge_denial(answer, limit)]


def _judge_key(key: str, told: Sequence[Answer]) -> Iterator[str]:
    fresh = sum(not answer.replayed for answer in told)
    if fresh > 1:
        yield f"{key}: counted {fresh} times"
    if len({(answer.account, answer.usage) for answer in told}) > 1:
        yield f"{key}: answered differently when repeated"


def _judge_account(account: Account, claims: Sequence[Answer], limit: int | None) -> Iterator[str]:
    in_order = sorted(claims, key=lambda claim: claim.usage)
    handed_out, newest_sent_ns = 0, 0
    for claim in in_order:
        first = claim.usage - claim.amount
        if first < handed_out:
            yield f"{account}: units {first + 1} to {handed_out} handed out twice ({claim.key})"
        elif first > handed_out:
            yield f"{account}: units {handed_out + 1} to {first} went to nobody ({claim.key})"
        if not claim.replayed and claim.answered_ns < newest_sent_ns:
            yield f"{account}: {claim.key} was answered before an earlier count was asked for"
        handed_out = max(handed_out, claim.usage)
        if not claim.replayed:
            newest_sent_ns = max(newest_sent_ns, claim.sent_ns)
    if limit is not None and handed_out > limit:
        yield f"{account}: {handed_out} units were admitted, the limit is {limit}"


def _judge_denial(answer: Answer, limit: int | None) -> Iterator[str]:
    if answer.allowed:
        return
    is_honest = limit is not None and answer.usage + answer.amount > limit
    if answer.reason != "usage_limit_reached" or not is_honest:
        yield f"{answer.key}: denied ({answer.reason}) at {answer.usage} with room for it"


def _by(
    answers: Iterable[Answer], name: Callable[[Answer], Name]
) -> list[tuple[Name, list[Answer]]]:
    groups: dict[Name, list[Answer]] = {}
    for answer in answers:
        groups.setdefault(name(answer), []).append(answer)
    return list(groups.items())
