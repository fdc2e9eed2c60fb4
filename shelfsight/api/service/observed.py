"""What is known of one request at its end: told in metrics, the log and spans."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter, time_ns
from typing import NamedTuple

from shelfsight.core.timing import listening

__all__ = ["UNMATCHED", "Observed", "Stage", "observed", "observing"]

UNMATCHED = "none"
"""The operation of a request that no route matches."""

_current: ContextVar["Observed | None"] = ContextVar("shelfsight_observed", default=None)


class Stage(NamedTuple):
    """A part of the work: its name, when it began and ended, in seconds of :func:`time.perf_counter`."""

    name: str
    begun: float
    ended: float


@dataclass(slots=True, kw_only=True)
class Observed:
    """One request. Its threads add to it.

    Attributes:
        begun: in seconds of :func:`time.perf_counter`; ``begun_ns``: the same moment since 1970.
        operation: as the API's reference calls it; ``route``: the template of its path.
        status: of the answer; 0 where none began.
        code: of the problem that was answered.
        key: id of the API key that was sent.
        query: the text that was searched for.
        pairs: pictures that a vision-language model looked at.
        trace_id: of its span.
    """

    request_id: str
    method: str
    begun: float = field(default_factory=perf_counter)
    begun_ns: int = field(default_factory=time_ns)
    ended: float = 0.0
    operation: str = UNMATCHED
    route: str = ""
    status: int = 0
    code: str | None = None
    key: str | None = None
    query: str | None = None
    pairs: int = 0
    trace_id: str | None = None
    stages: list[Stage] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From its headers to the end of its answer."""
        return self.ended - self.begun

    def hear(self, name: str, begun: float, ended: float) -> None:
        """Add a stage."""
        self.stages.append(Stage(name, begun, ended))

    def milliseconds(self) -> dict[str, float]:
        """Stage -> what it took, in the order in which they ended first; one that came twice adds up."""
        found: dict[str, float] = {}
        for stage in self.stages:
            found[stage.name] = found.get(stage.name, 0.0) + 1000.0 * (stage.ended - stage.begun)
        return {name: round(each, 3) for name, each in found.items()}


@contextmanager
def observing(request: Observed) -> Iterator[None]:
    """Inside, :func:`observed` is ``request``, and it hears of stages."""
    token = _current.set(request)
    try:
        with listening(request.hear):
            yield
    finally:
        _current.reset(token)


def observed() -> Observed | None:
    """The request that is worked on here; ``None`` where it is none of the server's."""
    return _current.get()
