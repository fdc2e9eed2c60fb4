"""The guarded fetcher of an engine, made when there is something to fetch."""

from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from shelfsight.core.errors import PictureError
from shelfsight.core.protocols import Fetched, Fetcher
from shelfsight.core.settings import FetchSettings

if TYPE_CHECKING:
    from shelfsight.catalog.fetching import GuardedFetcher

__all__ = ["LateFetcher", "fetcher_of"]


class LateFetcher:
    """:class:`shelfsight.catalog.fetching.GuardedFetcher`, loaded by the first fetch. Thread-safe."""

    def __init__(self, settings: FetchSettings) -> None:
        self._settings = settings
        self._made: GuardedFetcher | None = None
        self._making = Lock()
        self._counts: Counter[str] = Counter()

    def __call__(self, url: str, *, max_bytes: int, validator: str | None = None) -> Fetched:
        """As the guarded fetcher.

        Raises:
            UsageError: one of ``settings.private_hosts`` is none.
        """
        with self._making:
            if self._made is None:
                from shelfsight.catalog.fetching import GuardedFetcher

                self._made = GuardedFetcher(self._settings)
        outcome = "failed"
        try:
            fetched = self._made(url, max_bytes=max_bytes, validator=validator)
            outcome = "fetched" if fetched.data is not None else "unchanged"
            return fetched
        except PictureError as error:
            outcome = str(error.reason)
            raise
        finally:
            with self._making:
                self._counts[outcome] += 1

    @property
    def counts(self) -> Mapping[str, int]:
        """How often what became of it: ``fetched``, ``unchanged``, or the reason of the error."""
        with self._making:
            return dict(self._counts)

    def close(self) -> None:
        if self._made is not None:
            self._made.close()


def fetcher_of(fetch: Fetcher | bool, settings: FetchSettings) -> Fetcher | None:
    """What is meant by ``fetch``: a ready one, the guarded one, or none."""
    if isinstance(fetch, bool):
        return LateFetcher(settings) if fetch else None
    return fetch
