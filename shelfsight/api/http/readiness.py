"""Whether the server can answer a real query yet; the encoder is loaded in the background."""

import logging
from collections.abc import Callable
from threading import Thread
from typing import Any

from shelfsight.api.http.problems import public_error
from shelfsight.api.service.collections import Collections
from shelfsight.core import background
from shelfsight.core.errors import NotFound, ShelfsightError

__all__ = ["Readiness"]

_PROBE = "a product"
_log = logging.getLogger("shelfsight.http")


class Readiness:
    """Loads the encoder of the default collection, then proves with a query each time it is asked.

    Where the default name is made to stand for another collection, that one's encoder is loaded when it is next asked.
    """

    def __init__(self, collections: Collections, ending: Callable[[], bool] = lambda: False) -> None:
        """
        Args:
            ending: whether the server is about to stop.
        """
        self._collections = collections
        self._ending = ending
        self._failure: ShelfsightError | None = None
        self._loading: Thread | None = None

    def warm_up(self) -> None:
        """Start loading, if it is not going on; the server answers meanwhile."""
        if self._loading is None or not self._loading.is_alive():
            self._loading = background.start(self.load, name="shelfsight-warm-up")

    def check(self) -> tuple[bool, dict[str, Any]]:
        """(ready, document); the document says why not. A server that has no collection yet is ready to get one."""
        if self._ending():
            return False, {"status": "ending", "code": "ending", "detail": "the server is about to stop"}
        try:
            engine = self._collections.engine()
            if not engine.ready:
                return False, self._reason()
            page = engine.search(_PROBE, k=1)
        except NotFound:
            return True, {"status": "ready", "items": 0, "milliseconds": 0.0}
        except ShelfsightError as error:
            _log.error("%s: %s", error.code, error.message)
            return False, {"status": "failing", **public_error(error)}
        return True, {"status": "ready", "items": page.total, "milliseconds": round(page.trace.get("total", 0.0), 3)}

    def _reason(self) -> dict[str, Any]:
        if self._failure is not None:
            return {"status": "failing", **public_error(self._failure)}
        self.warm_up()
        return {"status": "starting", "code": "starting", "detail": "the encoder is being loaded"}

    def load(self) -> None:
        """Load the encoder now; what keeps it from being loaded is told when readiness is asked for."""
        try:
            self._collections.engine().search(_PROBE, k=1)
        except NotFound:
            return
        except ShelfsightError as error:
            self._failure = error
            _log.error("%s: %s", error.code, error.message)
