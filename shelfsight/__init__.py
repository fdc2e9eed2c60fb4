"""Shelfsight: search a catalogue by what its pictures show.

>>> from shelfsight import open_engine
>>> engine = open_engine("catalog.collection")            # doctest: +SKIP
>>> page = engine.search("red running shoes", k=10)       # doctest: +SKIP

Everything named in ``__all__`` is loaded when it is first used, so ``import shelfsight`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shelfsight.api.engine import Engine
    from shelfsight.api.erasing import Receipt
    from shelfsight.api.opening import open_engine
    from shelfsight.api.pictures import PictureFile
    from shelfsight.core.atoms import Atom
    from shelfsight.core.dialogue import Answer, Turn
    from shelfsight.core.errors import (
        Busy,
        CatalogueError,
        Changed,
        Conflict,
        CorruptCollection,
        EncoderMismatch,
        FilterError,
        Forbidden,
        LeaseHeld,
        LimitReached,
        MissingExtra,
        ModelError,
        NotFound,
        PictureError,
        Reason,
        ShelfsightError,
        SnapshotGone,
        StoreError,
        StoreFull,
        Unauthenticated,
        UnknownField,
        UsageError,
    )
    from shelfsight.core.listing import Histogram, SortKey
    from shelfsight.core.settings import IndexSettings, PictureLimits, SearchSettings, Settings
    from shelfsight.core.streaming import HitExplained, HitsFound, OrderChanged, SearchDone, SearchEvent, Stream
    from shelfsight.core.types import (
        Claim,
        Evidence,
        Example,
        Explanation,
        Failure,
        Hit,
        Item,
        Page,
        Picture,
        Query,
        StageReport,
        Suggestion,
    )
    from shelfsight.core.vision import VisionLanguageModel
    from shelfsight.core.why import Why

    __version__: str

__all__ = [
    "Answer",
    "Atom",
    "Busy",
    "CatalogueError",
    "Changed",
    "Claim",
    "Conflict",
    "CorruptCollection",
    "EncoderMismatch",
    "Engine",
    "Evidence",
    "Example",
    "Explanation",
    "Failure",
    "FilterError",
    "Forbidden",
    "Histogram",
    "Hit",
    "HitExplained",
    "HitsFound",
    "IndexSettings",
    "Item",
    "LeaseHeld",
    "LimitReached",
    "MissingExtra",
    "ModelError",
    "NotFound",
    "OrderChanged",
    "Page",
    "Picture",
    "PictureError",
    "PictureFile",
    "PictureLimits",
    "Query",
    "Reason",
    "Receipt",
    "SearchDone",
    "SearchEvent",
    "SearchSettings",
    "Settings",
    "ShelfsightError",
    "SnapshotGone",
    "SortKey",
    "StageReport",
    "StoreError",
    "StoreFull",
    "Stream",
    "Suggestion",
    "Turn",
    "Unauthenticated",
    "UnknownField",
    "UsageError",
    "VisionLanguageModel",
    "Why",
    "__version__",
    "open_engine",
]

_HOMES = {
    "shelfsight.api.engine": ("Engine",),
    "shelfsight.api.erasing": ("Receipt",),
    "shelfsight.api.opening": ("open_engine",),
    "shelfsight.api.pictures": ("PictureFile",),
    "shelfsight.core.atoms": ("Atom",),
    "shelfsight.core.dialogue": ("Answer", "Turn"),
    "shelfsight.core.listing": ("Histogram", "SortKey"),
    "shelfsight.core.streaming": (
        "HitExplained",
        "HitsFound",
        "OrderChanged",
        "SearchDone",
        "SearchEvent",
        "Stream",
    ),
    "shelfsight.core.vision": ("VisionLanguageModel",),
    "shelfsight.core.why": ("Why",),
    "shelfsight.core.settings": ("IndexSettings", "PictureLimits", "SearchSettings", "Settings"),
    "shelfsight.core.types": (
        "Claim",
        "Evidence",
        "Example",
        "Explanation",
        "Failure",
        "Hit",
        "Item",
        "Page",
        "Picture",
        "Query",
        "StageReport",
        "Suggestion",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in __all__:
        raise AttributeError(f"module 'shelfsight' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF.get(name, "shelfsight.core.errors")), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("shelfsight")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "0+unknown"
