"""Everything that the HTTP front door answers from."""

from dataclasses import dataclass, field
from pathlib import Path

from shelfsight.api.engine import Engine
from shelfsight.api.service.access import Access
from shelfsight.api.service.aliases import Aliases
from shelfsight.api.service.audit import AuditLog
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.jobs import Jobs
from shelfsight.api.service.metrics import Metrics
from shelfsight.api.service.names import name_of
from shelfsight.api.service.spans import Spans
from shelfsight.api.service.state import state_directory
from shelfsight.core.settings import Settings

__all__ = ["Service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server without its HTTP. What it holds is closed by whoever made it.

    Attributes:
        state: the directory of what the server keeps; it is made when there is something to keep.
        spans: where requests are told to OpenTelemetry.
    """

    settings: Settings
    collections: Collections
    spans: Spans | None = None
    metrics: Metrics = field(init=False)
    state: Path = field(init=False)
    access: Access = field(init=False)
    audit: AuditLog = field(init=False)
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        state = state_directory(self.settings, self.collections.home)
        object.__setattr__(self, "state", state)
        object.__setattr__(self, "access", Access(self.settings.access, state))
        object.__setattr__(self, "audit", AuditLog(state))
        object.__setattr__(self, "jobs", Jobs(self.settings, state, self.collections))
        object.__setattr__(self, "metrics", Metrics(self.collections, self.jobs.counts))

    @classmethod
    def of(cls, engine: Engine, settings: Settings | None = None) -> "Service":
        """A service of one collection, with the engine's settings unless others are given."""
        settings = settings or engine.settings
        name, aliases = name_of(engine.path), Aliases(state_directory(settings, engine.path))
        return cls(settings=settings, collections=Collections({name: engine}, name, aliases=aliases))
