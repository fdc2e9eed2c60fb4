"""Collections by name, as a server has them open."""

from collections.abc import Mapping
from threading import RLock

from shelfsight.api.engine import Engine
from shelfsight.core.errors import NotFound

__all__ = ["Collections"]


class Collections:
    """Open engines by name. Safe to share between threads."""

    def __init__(self, engines: Mapping[str, Engine], default: str) -> None:
        """
        Args:
            default: the name of the one that is asked where none is named.
        """
        self._engines = dict(engines)
        self._default = default
        self._lock = RLock()

    @property
    def default(self) -> str:
        return self._default

    def names(self) -> list[str]:
        """All of them, ascending."""
        with self._lock:
            return sorted(self._engines)

    def engine(self, name: str | None = None) -> Engine:
        """The engine of a collection or alias; of the default one where ``name`` is left out.

        Raises:
            NotFound: there is none of that name.
        """
        wanted = self._default if name is None else name
        with self._lock:
            found = self._engines.get(wanted)
        if found is None:
            raise NotFound(f"there is no collection {wanted!r}", hint="GET /v1/collections lists them")
        return found
