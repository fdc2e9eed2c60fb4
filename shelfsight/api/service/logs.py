"""The log of a server: everything that we and the server's libraries say, on stderr, in one of two forms.

``text`` is for people, ``json`` for programs, an object a line. Whatever stands in a message, a line stays a line: what
could begin another, or steer a terminal, is escaped. The line of a request has the template of its path, not the path,
and what was searched for only where ``log.queries`` says so.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from shelfsight.api import console
from shelfsight.api.console import safe
from shelfsight.api.service.log_lines import LineWriter
from shelfsight.api.service.observed import Observed, observed
from shelfsight.core.settings import LogSettings

__all__ = ["configure", "log_request", "say"]

_OURS = ("shelfsight", "uvicorn")
_FIELDS = "shelfsight_fields"
_QUIET = frozenset({"healthz", "readyz", "metrics"})
"""Operations that are asked every few seconds, by machines."""
_log = logging.getLogger("shelfsight.request")


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Let everything that is logged in this process go to ``stream``, in the form of the settings; where that is left
    out to stderr, which nobody waits for.

    Libraries other than the server's are heard from warnings on.
    """
    handler = LineWriter(sys.stderr.fileno()) if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(_Json() if settings.format == "json" else _Text())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(settings.level.upper())
    logging.getLogger("uvicorn.access").disabled = True  # we have a line of our own
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLogger("shelfsight").level))
    logging.captureWarnings(True)


def say(settings: LogSettings, message: str) -> None:
    """A line for the person who started the server: as it is, or where a program reads the log, one like the others."""
    if settings.format == "text":
        console.say(message)
        return
    about = ("shelfsight.server", logging.INFO, __file__, 0, message, (), None)
    console.say(_Json().format(logging.LogRecord(*about)))


def log_request(request: Observed, *, queries: bool) -> None:
    """The line of a request that was answered."""
    level = logging.DEBUG if request.operation in _QUIET else logging.INFO
    if _log.isEnabledFor(level):
        _log.log(level, "request", extra={_FIELDS: _fields(request, queries=queries)})


def _fields(request: Observed, *, queries: bool) -> dict[str, Any]:
    """What is told of a request; what there is nothing to say of is left out."""
    found = {
        "method": request.method,
        "route": request.route,
        "operation": request.operation,
        "status": request.status or None,
        "milliseconds": round(1000.0 * request.seconds, 3),
        "request_id": request.request_id,
        "key": request.key,
        "code": request.code,
        "trace_id": request.trace_id,
        "pairs": request.pairs or None,
        "query": request.query if queries else None,
        "stages": request.milliseconds() or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _of_record(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    """(message, fields) of a line."""
    fields: dict[str, Any] = dict(getattr(record, _FIELDS, {}))
    request = observed()
    if request is not None and "request_id" not in fields:
        fields["request_id"] = request.request_id
    return record.getMessage(), fields


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message, fields = _of_record(record)
        head = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name, "message": message}
        document = {**head, **fields}
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document, default=str)  # ASCII: no letter of a message is one of a terminal's or a line's end


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message, fields = _of_record(record)
        told = " ".join(f"{name}={_word(value)}" for name, value in fields.items())
        line = f"{_time(record)} {record.levelname.lower():<7} {record.name}: {safe(message)} {told}".rstrip()
        if record.exc_info:
            trace = self.formatException(record.exc_info).splitlines()
            line = "\n".join([line, *(f"    | {safe(each)}" for each in trace)])
        return line


def _word(value: Any) -> str:
    """A value that ends where it seems to end."""
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{each:g}" for name, each in value.items())
    text = str(value)
    plain = text.isascii() and text.isprintable() and not set(text) & set(' "=\\') and text
    return text if plain else json.dumps(text)
