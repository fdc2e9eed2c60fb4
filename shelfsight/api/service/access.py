"""Who may ask what, and how often: one place that decides, whatever the request came in by."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path

from shelfsight.api.service.buckets import Buckets
from shelfsight.api.service.keys import ApiKey, KeyRing, Scope
from shelfsight.api.service.observed import observed
from shelfsight.api.service.spending import Looks, Spending
from shelfsight.core.errors import Forbidden, LimitReached, ShelfsightError, Unauthenticated, UsageError
from shelfsight.core.settings import AccessSettings

__all__ = ["Access", "Caller"]

_BURST = 5.0
"""Seconds of its rate that a key may use at once, and an address with a public key: a page asks for many pictures."""
_WRONG, _WRONG_AGAIN = 10.0, 10.0
"""Wrong keys that an address may send at once, and after how many seconds one more."""
_KNOWN = 86_400.0
"""Seconds that an address is known by a key it sent."""
_log = logging.getLogger("shelfsight.access")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks.

    Attributes:
        key: the API key that was sent; ``None`` where none is needed.
        address: of the other end of the connection; empty where it has none.
    """

    key: ApiKey | None
    address: str

    @property
    def collections(self) -> tuple[str, ...]:
        """Names and aliases of those it may ask; none: all."""
        return () if self.key is None else self.key.collections

    @property
    def sees_all(self) -> bool:
        """Whether it may ask every collection."""
        return not self.collections

    def check(self, needed: Scope) -> None:
        """
        Raises:
            Forbidden: the key does not go so far.
        """
        if self.key is not None and not self.key.scope.covers(needed):
            raise Forbidden(
                f"the API key {self.key.id} is for {self.key.scope}, and this needs one for {needed}",
                hint=f"`shelfsight keys create --scope {needed}` makes one",
            )


class Access:
    """The keys of a server, their limits, and what is asked of those who come without. Safe to share between threads;
    all worker processes count together."""

    def __init__(self, settings: AccessSettings, state: Path) -> None:
        """
        Args:
            state: the directory of the server's state.
        """
        self._settings = settings
        self.keys = KeyRing(state)
        self.spending = Spending(state)
        self._rates = Buckets(state / "rates.bin", places=4096)
        self._addresses = Buckets(state / "addresses.bin")

    def required(self, *, local: bool) -> bool:
        """Whether a key is needed on a connection.

        Args:
            local: the connection came in on an address that only this machine reaches.
        """
        wanted = self._settings.keys
        return wanted == "required" or (wanted == "auto" and (not local or self.keys.made))

    def check_reachable(self, *, local: bool) -> None:
        """Refuse to serve where nobody could ask, or everybody.

        Raises:
            UsageError: keys are needed there, and none was made.
        """
        if self.required(local=local) and not self.keys.made:
            where = "only those with an API key may ask this server" if local else "other machines reach this server"
            raise UsageError(
                f"{where}, and it has no API keys",
                hint="make one with `shelfsight keys create`, or let everybody in with `shelfsight serve --keys off`",
            )

    def identify(self, token: str | None, *, address: str, local: bool) -> Caller:
        """The caller who sent ``token``; counts as one request of that key.

        Raises:
            Unauthenticated: no key was sent where one is needed, or none that counts.
            LimitReached: the key has asked too often just now, or too many wrong ones came from there.
        """
        if not self.required(local=local):
            return Caller(key=None, address=address)
        if token is None:
            raise Unauthenticated(
                "this needs an API key", hint="send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
            )
        place = _place(address)
        key = self._known(token, place)
        self._count(key, place)
        return Caller(key=key, address=address)

    @contextmanager
    def looking(self, caller: Caller, planned: int) -> Iterator[Looks]:
        """Around what lets a vision-language model look at pictures, ``planned`` of them at most. The body sets
        ``made`` of what it gets to as many as there were. Waits for the disk.

        Raises:
            LimitReached: the caller's key has fewer left today.
        """
        if caller.key is None or not planned:
            with _told(Looks(planned)) as looks:
                yield looks
            return
        own = caller.key.looks_per_day
        limit = self._settings.looks if own is None else own
        with self.spending.looking(caller.key.id, planned, limit) as looks, _told(looks):
            yield looks

    def looks_on(self, key: ApiKey, day: date) -> int:
        """Pictures that a model looked at for ``key`` on a day (UTC)."""
        return self.spending.made_on(key.id, day)

    def check_unlimited(self, caller: Caller) -> None:
        """For what lets a vision-language model look at whole catalogues.

        Raises:
            Forbidden: the caller's key has a number of looks a day.
        """
        if caller.key is None:
            return
        if caller.key.looks_per_day is not None or self._settings.looks is not None:
            raise Forbidden(
                f"the API key {caller.key.id} lets a model look at so many pictures a day, and this would be all",
                hint="use a key without such a limit",
            )

    def close(self) -> None:
        """Let go of the files."""
        self._rates.close()
        self._addresses.close()

    def _known(self, token: str, place: str) -> ApiKey:
        """The key of ``token``. Where many wrong ones came from, only keys that came from there before are looked at
        again for a while: who guesses learns nothing, and who shares the address with them goes on."""
        wait = self._addresses.wait(f"wrong {place}", rate=1 / _WRONG_AGAIN, burst=_WRONG)
        try:
            key = self.keys.check(token)
        except Unauthenticated:
            if not wait:
                self._addresses.take(f"wrong {place}", rate=1 / _WRONG_AGAIN, burst=_WRONG)
                _log.warning("a wrong API key from %s", place)
                raise
            key = None
        if key is not None and self._addresses.marked(f"known {place} {key.id}"):
            return key
        if wait:
            raise LimitReached(
                "too many wrong API keys came from this address", retry_after=wait, hint="see which key is sent"
            )
        assert key is not None
        self._addresses.mark(f"known {place} {key.id}", _KNOWN)
        return key

    def _count(self, key: ApiKey, place: str) -> None:
        rate = key.rate or self._settings.searches
        visitor = self._settings.visitor if key.public else None
        wait = 0.0
        if visitor is not None:
            wait = self._addresses.take(f"visitor {place}", rate=visitor, burst=max(_BURST * visitor, 1.0))
        if not wait and rate is not None:
            wait = self._rates.take(key.id, rate=rate, burst=max(_BURST * rate, 1.0))
        if wait:
            raise LimitReached(
                f"the API key {key.id} may not ask so often", retry_after=wait, hint="wait as long as Retry-After says"
            )


@contextmanager
def _told(looks: Looks) -> Iterator[Looks]:
    """The request's record learns how many there were."""
    try:
        yield looks
    except ShelfsightError:
        looks.made = looks.sure
        raise
    finally:
        request = observed()
        if request is not None:
            request.pairs += looks.made


@lru_cache(4096)
def _place(address: str) -> str:
    """What is counted as one address: of IPv6 the /64 network, of which a person has all addresses."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((int(parsed), 64), strict=False))
    return str(parsed)
