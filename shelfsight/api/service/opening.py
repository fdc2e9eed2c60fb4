"""From what a server is told to serve to what it serves; every process of a server does it for itself."""

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from shelfsight.api.engine import Engine
from shelfsight.api.models import Models
from shelfsight.api.opening import open_engine
from shelfsight.api.service.aliases import Aliases
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.names import check_name, is_name, name_of
from shelfsight.api.service.root import Root
from shelfsight.api.service.service import Service
from shelfsight.api.service.spans import Spans, spans_asked_for
from shelfsight.api.service.state import state_directory
from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.settings import Settings

__all__ = ["Served", "read_named"]

_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What is to be served. It can be sent to another process.

    Attributes:
        collections: (name, directory) of those that are open all the time.
        root: a folder of more.
        default: name or alias of the one that is asked where none is named; where left out, the first of
            ``collections``, else ``default``.
        encoder: that all of ``collections`` were built with, where that is to be checked.
        device, runtime, vlm: see :func:`shelfsight.open_engine`; of all of them.
        rules: a file of the merchandiser's rules, of the one collection.
    """

    settings: Settings
    collections: tuple[tuple[str, Path], ...] = ()
    root: Path | None = None
    default: str | None = None
    encoder: str | None = None
    device: str | None = None
    runtime: str | None = None
    vlm: str | None = None
    rules: Path | None = None

    def __post_init__(self) -> None:
        """
        Raises:
            UsageError: nothing is to be served, two things have one name, or rules are for one of several.
        """
        names = [check_name(name) for name, _ in self.collections]
        if not names and self.root is None:
            raise UsageError("there is nothing to serve", hint="name a collection with -c, or a folder of them, --root")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise UsageError(
                f"two collections are called {twice[0]!r}", hint=f"give one another name: -c NAME={twice[0]}"
            )
        if self.rules is not None and (len(names) != 1 or self.root is not None):
            raise UsageError("rules are for one collection", hint="put each collection's rules.toml into its directory")

    @property
    def state(self) -> Path:
        """The directory of what the server keeps."""
        named = dict(self.collections)
        default = self.default or next(iter(named), _DEFAULT)
        home = named.get(default) or self.root or next(iter(named.values()))
        return state_directory(self.settings, home)

    @contextmanager
    def open(self) -> Iterator[Service]:
        """The service; its collections are closed with the block.

        Raises:
            NotFound: there is no such collection or folder.
            ShelfsightError: a collection of ``collections`` cannot be opened, or its rules cannot be read.
        """
        _allow_open_files()
        engines: dict[str, Engine] = {}
        opener = self._opener()
        try:
            for name, path in self.collections:
                engines[name] = opener(path, encoder=self.encoder, rules=self.rules)
                engines[name].check_rules()
            collections = self._together(engines, opener)
        except BaseException:
            for engine in engines.values():
                engine.close()
            raise
        with collections, _spans() as spans:
            service = Service(settings=self.settings, collections=collections, spans=spans)
            with closing(service.access):
                yield service

    def _together(self, engines: dict[str, Engine], opener: "partial[Engine]") -> Collections:
        if self.root is not None and not self.root.is_dir():
            raise NotFound(f"there is no folder {self.root}", hint="make it; collections are made in it over HTTP")
        root = None if self.root is None else Root(self.root, opener)
        default = self.default or next(iter(engines), _DEFAULT)
        found = Collections(engines, default, root=root, aliases=Aliases(self.state))
        if self.default is not None:
            found.engine()
        return found

    def _opener(self) -> "partial[Engine]":
        """``open_engine`` for all of them: collections that were built with one encoder share it."""
        models = Models(device=self.device, runtime=self.runtime)
        server = self.settings.server.model_copy(update={"state": self.state})  # of all, not beside each of them
        settings = self.settings.model_copy(update={"server": server})
        return partial(open_engine, settings=settings, models=models, vlm=self.vlm)


def _allow_open_files() -> None:
    """As many as the system lets this process have: a connection takes one, a collection that is open 13 and more, and
    the usual 1,024 would end with the 75th."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(OSError, ValueError):  # some systems call it unlimited, and have another limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def _spans() -> Iterator[Spans | None]:
    spans = spans_asked_for()
    try:
        yield spans
    finally:
        if spans is not None:
            spans.close()


def read_named(text: str) -> tuple[str, Path]:
    """(name, directory) of ``NAME=DIRECTORY``, or of a directory alone, which is called as :func:`.name_of` says."""
    name, equals, directory = text.partition("=")
    if equals and is_name(name) and not Path(text).exists():
        return name, Path(directory)
    return name_of(Path(text)), Path(text)
