"""Everything that the HTTP front door answers from."""

from dataclasses import dataclass

from shelfsight.api.engine import Engine
from shelfsight.api.service.collections import Collections
from shelfsight.core.settings import Settings

__all__ = ["Service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server without its HTTP. What it holds is closed by whoever made it."""

    settings: Settings
    collections: Collections

    @classmethod
    def of(cls, engine: Engine, settings: Settings | None = None) -> "Service":
        """A service of one collection, with the engine's settings unless others are given."""
        name = engine.path.name.removesuffix(".collection") or "collection"
        return cls(settings=settings or engine.settings, collections=Collections({name: engine}, name))
