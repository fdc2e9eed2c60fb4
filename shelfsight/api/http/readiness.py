"""Whether the server can answer a real query just now; what it takes for that is loaded in the background.

``ready``: send requests. ``degraded``: searches are answered, and something else is wrong, such as a full disk, which
no other server on the same disk would do better. ``starting``, ``failing`` and ``ending``: send none (503).
"""

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from shelfsight.api.engine import Engine
from shelfsight.api.http.problems import public_error
from shelfsight.api.service.service import Service
from shelfsight.core import background
from shelfsight.core.errors import NotFound, ShelfsightError, StoreError, StoreFull
from shelfsight.core.types import Page

__all__ = ["Readiness"]

_FRESH = 1.0
"""Seconds that an answer is given again."""
_PATIENCE = 5.0
"""Seconds that a query may take."""
_ROOM = 64_000_000
"""Bytes that writing takes to go on for a while."""
_OK = "ok"
_log = logging.getLogger("shelfsight.http")

Answer = tuple[bool, dict[str, Any]]


class Readiness:
    """Loads the models of the default collection, then proves with a query that it is answered, once a second at most.

    Where the default name is made to stand for another collection, that one's encoder is loaded when it is next asked.
    """

    def __init__(self, service: Service, ending: Callable[[], bool] = lambda: False) -> None:
        """
        Args:
            ending: whether the server is about to stop.
        """
        self._service = service
        self._ending = ending
        self._failure: ShelfsightError | None = None
        self._loading: Thread | None = None
        self._lock = Lock()
        self._probe: _Probe | None = None

    def warm_up(self) -> None:
        """Start loading, if it is not going on; the server answers meanwhile."""
        if self._loading is None or not self._loading.is_alive():
            self._loading = background.start(self.load, name="shelfsight-warm-up")

    def load(self) -> None:
        """Load the models now; what keeps them from being loaded is told when readiness is asked for."""
        try:
            engine = self._service.collections.engine()
            engine.probe()
            self._check_vlm(engine)
            self._failure = None
        except NotFound:
            return
        except ShelfsightError as error:
            self._failure = error
            _log.error("%s: %s", error.code, error.message)

    def check(self) -> Answer:
        """(ready, document); the document says why not, and which check failed. Takes :data:`_PATIENCE` at most. A
        server that has no collection yet is ready to get one."""
        if self._ending():
            return False, {"status": "ending", "code": "ending", "detail": "the server is about to stop"}
        with self._lock:
            probe = self._probe
            if probe is None or probe.is_stale():
                probe = self._probe = _Probe(self._look)
        return probe.answer()

    def _look(self) -> Answer:
        """Everything, now."""
        try:
            engine = self._service.collections.engine()
            if not engine.ready:
                return False, self._reason()
            page = engine.probe()
            self._check_vlm(engine)
        except NotFound:
            return self._told(None, None)
        except ShelfsightError as error:
            _log.error("%s: %s", error.code, error.message)
            return False, {"status": "failing", **public_error(error)}
        return self._told(engine, page)

    def _told(self, engine: Engine | None, page: Page | None) -> Answer:
        """That it is ready, and what else there is to say."""
        checks = {"search": _OK, "state": _writing(self._service.state)}
        if engine is not None:
            checks["collection"] = _writing(engine.path)
        degraded = any(said != _OK for said in checks.values())
        items, milliseconds = (0, 0.0) if page is None else (page.total, page.trace.get("total", 0.0))
        document = {"status": "degraded" if degraded else "ready", "items": items}
        return True, {**document, "milliseconds": round(milliseconds, 3), "checks": checks}

    def _check_vlm(self, engine: Engine) -> None:
        """
        Raises:
            ModelError, MissingExtra: the server is to have one, and cannot.
        """
        if self._service.settings.server.needs_vlm:
            _ = engine.vlm

    def _reason(self) -> dict[str, Any]:
        failure = self._failure
        self.warm_up()  # what failed is tried again
        if failure is not None:
            return {"status": "failing", **public_error(failure)}
        return {"status": "starting", "code": "starting", "detail": "the encoder is being loaded"}


class _Probe:
    """One look, in a thread of its own, that several may wait for."""

    def __init__(self, look: Callable[[], Answer]) -> None:
        self._look = look
        self._begun = monotonic()
        self._done = Event()
        self._answer: Answer = (False, {"status": "failing", "code": "internal", "detail": "the server's log says why"})
        background.start(self._run, name="shelfsight-readiness")

    def is_stale(self) -> bool:
        """Whether it ended, and is too old to be told again."""
        return self._done.is_set() and monotonic() - self._begun > _FRESH

    def answer(self) -> Answer:
        """What it found; or that it takes too long, however long it takes."""
        left = self._begun + _PATIENCE - monotonic()
        if not self._done.wait(max(left, 0.0)):
            detail = f"a query takes more than {_PATIENCE:g} seconds"
            return False, {"status": "failing", "code": "too_slow", "detail": detail}
        return self._answer

    def _run(self) -> None:
        try:
            self._answer = self._look()
        except Exception:
            _log.exception("readiness cannot be told")
        finally:
            self._done.set()


def _writing(folder: Path) -> str:
    """``ok``, or the code of the error that writing there would meet."""
    place = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    try:
        if shutil.disk_usage(place).free < _ROOM:
            return StoreFull.code
    except OSError:
        return StoreError.code
    return _OK if os.access(place, os.W_OK) else StoreError.code
