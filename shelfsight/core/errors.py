"""The one exception tree of Shelfsight, and the one table from an error to what the outside sees.

::

    ShelfsightError
    ├── UsageError                    the caller asked for something that cannot be done      422, exit 2
    │   ├── FilterError               bad filter expression, with its position
    │   └── UnknownField              a field that no item of the collection has
    ├── NotFound                      collection, item, picture or catalogue is not there     404, exit 2
    ├── Conflict                      the state of the collection forbids it                  409, exit 1
    │   ├── EncoderMismatch           opened with another encoder than it was built with
    │   ├── LeaseHeld                 another indexing job is at work
    │   ├── SnapshotGone              the state of an earlier page is kept no longer
    │   └── Changed                   what was to be written to has changed since it was read      412, exit 1
    ├── Unauthenticated               no API key, or none that counts                         401, exit 1
    ├── Forbidden                     the API key does not go so far                          403, exit 1
    ├── Busy                          too much is asked just now; carries ``retry_after``     429, exit 1
    │   └── LimitReached              an API key has used up what it may
    ├── PictureError                  one picture cannot be used; carries a reason code       422, exit 2
    ├── CatalogueError                the catalogue as a whole cannot be read                 422, exit 2
    ├── MissingExtra                  an optional package is not installed                    501, exit 2
    ├── ModelError                    a model cannot be found, loaded or run                  503, exit 1
    └── StoreError                    the collection cannot be read or written                503, exit 1
        ├── CorruptCollection         files contradict each other                             500, exit 1
        └── StoreFull                 no space left on the device                             507, exit 1

Every error has a message that names the thing, the place and the way out, a stable ``code``
(snake case, for programs) and an optional ``hint`` (one sentence: what to do).
No exception of a library may leave the engine; rooms wrap them in one of these.
"""

from enum import StrEnum

__all__ = [
    "STATUS",
    "Busy",
    "CatalogueError",
    "Changed",
    "Conflict",
    "CorruptCollection",
    "EncoderMismatch",
    "FilterError",
    "Forbidden",
    "LeaseHeld",
    "LimitReached",
    "MissingExtra",
    "ModelError",
    "NotFound",
    "PictureError",
    "Reason",
    "ShelfsightError",
    "SnapshotGone",
    "Status",
    "StoreError",
    "StoreFull",
    "Unauthenticated",
    "UnknownField",
    "UsageError",
    "status_of",
]


class ShelfsightError(Exception):
    """Root of the tree. ``str(error)`` is the message alone; ``hint`` says the way out."""

    code = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ShelfsightError):
    code = "usage"


class FilterError(UsageError):
    """A filter expression that does not parse. ``position`` counts characters from 0."""

    code = "bad_filter"

    def __init__(self, message: str, *, position: int, expression: str, hint: str | None = None) -> None:
        super().__init__(f"{message} at position {position} of filter {expression!r}", hint=hint)
        self.position = position
        self.expression = expression


class UnknownField(UsageError):
    code = "unknown_field"


class NotFound(ShelfsightError):
    code = "not_found"


class Conflict(ShelfsightError):
    code = "conflict"


class EncoderMismatch(Conflict):
    code = "encoder_mismatch"


class LeaseHeld(Conflict):
    code = "lease_held"


class SnapshotGone(Conflict):
    code = "snapshot_gone"


class Changed(Conflict):
    code = "changed"


class Unauthenticated(ShelfsightError):
    code = "unauthenticated"


class Forbidden(ShelfsightError):
    code = "forbidden"


class Busy(ShelfsightError):
    """``retry_after``: seconds after which asking again is worth it."""

    code = "busy"

    def __init__(self, message: str, *, retry_after: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class LimitReached(Busy):
    code = "limit_reached"


class Reason(StrEnum):
    """Why one item, picture or row of a catalogue could not be used. Values are stable."""

    MISSING_FILE = "missing_file"
    UNREADABLE_FILE = "unreadable_file"
    EMPTY_FILE = "empty_file"
    NOT_A_PICTURE = "not_a_picture"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_BYTES = "too_many_bytes"
    OUTSIDE_ROOT = "outside_root"
    URL_ONLY = "url_only"
    NO_PICTURE = "no_picture"
    EMPTY_ID = "empty_id"
    DUPLICATE_ID = "duplicate_id"
    BAD_VALUE = "bad_value"
    BAD_ROW = "bad_row"
    TEXT_TOO_LONG = "text_too_long"
    UNKNOWN_ID = "unknown_id"
    BAD_VECTOR = "bad_vector"
    ADDRESS_REFUSED = "address_refused"
    FETCH_FAILED = "fetch_failed"
    FETCH_TOO_SLOW = "fetch_too_slow"


class PictureError(ShelfsightError):
    """One picture cannot be used. ``reason`` says why in a word a program can count."""

    code = "bad_picture"

    def __init__(self, reason: Reason, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class CatalogueError(ShelfsightError):
    code = "bad_catalogue"


class MissingExtra(ShelfsightError):
    code = "missing_extra"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed", hint=f"pip install 'shelfsight[{extra}]'")


class ModelError(ShelfsightError):
    code = "model"


class StoreError(ShelfsightError):
    code = "store"


class CorruptCollection(StoreError):
    code = "corrupt_collection"


class StoreFull(StoreError):
    code = "store_full"


class Status(tuple[int, int]):
    """(HTTP status, exit code) of an error."""

    __slots__ = ()

    @property
    def http(self) -> int:
        return self[0]

    @property
    def exit(self) -> int:
        return self[1]


STATUS: dict[type[ShelfsightError], Status] = {
    UsageError: Status((422, 2)),
    NotFound: Status((404, 2)),
    Conflict: Status((409, 1)),
    Changed: Status((412, 1)),
    Unauthenticated: Status((401, 1)),
    Forbidden: Status((403, 1)),
    Busy: Status((429, 1)),
    PictureError: Status((422, 2)),
    CatalogueError: Status((422, 2)),
    MissingExtra: Status((501, 2)),
    ModelError: Status((503, 1)),
    CorruptCollection: Status((500, 1)),
    StoreFull: Status((507, 1)),
    StoreError: Status((503, 1)),
    ShelfsightError: Status((500, 1)),
}


def status_of(error: ShelfsightError) -> Status:
    """The row of :data:`STATUS` for ``error``: that of its nearest class in the tree."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
