"""Whether the server can answer a real query yet; the encoder is loaded in the background."""

import logging
from threading import Thread
from typing import Any

from shelfsight.api.engine import Engine
from shelfsight.api.http.problems import public_error
from shelfsight.core import background
from shelfsight.core.errors import ShelfsightError

__all__ = ["Readiness"]

_PROBE = "a product"
_log = logging.getLogger("shelfsight.http")


class Readiness:
    """Loads the encoder once, then proves with a query each time it is asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._failure: ShelfsightError | None = None

    def warm_up(self) -> Thread:
        """Start loading; the server answers meanwhile."""
        return background.start(self._load, name="shelfsight-warm-up")

    def check(self) -> tuple[bool, dict[str, Any]]:
        """(ready, document); the document says why not."""
        if not self._engine.ready:
            return False, self._reason()
        try:
            page = self._engine.search(_PROBE, k=1)
        except ShelfsightError as error:
            _log.error("%s: %s", error.code, error.message)
            return False, {"status": "failing", **public_error(error)}
        return True, {"status": "ready", "items": page.total, "milliseconds": round(page.trace.get("total", 0.0), 3)}

    def _reason(self) -> dict[str, Any]:
        if self._failure is not None:
            return {"status": "failing", **public_error(self._failure)}
        return {"status": "starting", "code": "starting", "detail": "the encoder is being loaded"}

    def _load(self) -> None:
        try:
            self._engine.search(_PROBE, k=1)
        except ShelfsightError as error:
            self._failure = error
            _log.error("%s: %s", error.code, error.message)
