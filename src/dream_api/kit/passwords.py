"""Passwords: hashing that is slow on purpose, away from the event loop, and a check for weak ones.

argon2id with 19 MiB, two passes and one lane is OWASP's minimum (Password Storage Cheat Sheet);
it takes some 20 ms a guess. Work runs in a small thread pool with a bounded queue: a flood of
sign-ins is refused with 503 instead of eating all memory.
"""

import asyncio
import os
import threading
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dream_api.kit.errors import Unavailable

T = TypeVar("T")

LENGTH_MAX = 128
"""In code points after NFC; longer passwords are refused, never cut."""
SCORE_MIN = 2
"""zxcvbn's scale of 0 to 4; below 2 a password falls within a million guesses."""
WAITING_MAX = 64
"""Hashes that may wait for a thread; one more is refused."""
THREADS_MAX = 4
_SCORED_CHARACTERS_MAX = 72  # zxcvbn refuses longer input; longer passwords are scored by it.
_CONTEXT_WORD_MIN = 3

_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1


class PasswordsBusy(Unavailable):
    """More passwords wait to be hashed than the queue may hold."""

    code = "overloaded"
    title = "Too many sign-ins at this moment"


class Passwords:
    """Hashes, verifies and judges passwords in a bounded thread pool."""

    def __init__(self, *, threads: int | None = None, waiting_max: int = WAITING_MAX) -> None:
        count = threads or min(os.cpu_count() or 1, THREADS_MAX)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="passwords")
        self._places = count + waiting_max
        self._taken = 0
        self._hasher = PasswordHasher(
            time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES
        )
        self._dummy_hash: str | None = None
        # zxcvbn keeps the words of the current call in a module global.
        self._judging = threading.Lock()

    async def hash(self, password: str) -> str:
        """Hash a password with a fresh salt.

        Raises:
            PasswordsBusy: the queue is full; try again in a second.
        """
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, stored_hash: str | None, password: str) -> bool:
        """Compare a password with its hash; None takes as long as a real hash and is False.

        Raises:
            PasswordsBusy: the queue is full; try again in a second.
        """
        return await self._run(lambda: self._verify(stored_hash, password))

    def needs_rehash(self, stored_hash: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored_hash)

    async def find_weakness(
        self, password: str, *, length_min: int, context: Sequence[str] = ()
    ) -> str | None:
        """Say why a password is refused, or None when it will do.

        Refused are: too short, too long, and what falls within a million guesses by the
        frequency lists of zxcvbn plus the *context* (address, name, the app's name). No rule
        asks for digits or symbols (NIST SP 800-63B-4).
        """
        length = len(normalize(password))
        if length > LENGTH_MAX:
            return f"must have at most {LENGTH_MAX} characters"
        if length < length_min:
            return f"must have at least {length_min} characters"
        if _has_surrogates(password):
            return "must be valid Unicode text"
        if await self._run(lambda: self._score(password, context)) < SCORE_MIN:
            return "is too easy to guess; choose some unrelated words or a random password"
        return None

    def close(self) -> None:
        """End the threads; work that waits is finished first."""
        self._pool.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        if self._taken >= self._places:
            raise PasswordsBusy("Too many sign-ins wait at this moment. Try again in a second.")
        self._taken += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._taken -= 1

    def _verify(self, stored_hash: str | None, password: str) -> bool:
        if self._dummy_hash is None:
            self._dummy_hash = self._hasher.hash(b"nobody's password")
        try:
            matches = self._hasher.verify(stored_hash or self._dummy_hash, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return matches and stored_hash is not None

    def _score(self, password: str, context: Sequence[str]) -> int:
        # Its word lists take 11 MB, which a process that only counts never needs.
        from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # noqa: PLC0415 - see above.

        words = [word for word in context if len(word) >= _CONTEXT_WORD_MIN]
        with self._judging:
            result = zxcvbn(normalize(password)[:_SCORED_CHARACTERS_MAX], user_inputs=words)
        return int(result["score"])


def normalize(password: str) -> str:
    """Bring a password into NFC, the one change that is made to it: keyboards differ in form."""
    return unicodedata.normalize("NFC", password)


def _bytes(password: str) -> bytes:
    return normalize(password).encode("utf-8", "surrogatepass")


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
