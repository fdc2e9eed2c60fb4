"""Collections by name, as a server has them open."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from shelfsight.api.engine import Engine
from shelfsight.api.service.aliases import Aliases
from shelfsight.api.service.names import check_name
from shelfsight.api.service.root import Root
from shelfsight.core.errors import Conflict, NotFound, UsageError

__all__ = ["Collections", "Listed"]

_LIST = "GET /v1/collections lists them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A collection that is served.

    Attributes:
        name: of the collection itself.
        aliases: its other names, ascending.
        default: whether it is the one that is asked where none is named.
        removable: whether it may be taken away over HTTP.
    """

    name: str
    aliases: tuple[str, ...]
    default: bool
    removable: bool


class Collections:
    """Engines by name: some that are open all the time, and those of a folder. Safe to share between threads."""

    def __init__(
        self,
        engines: Mapping[str, Engine],
        default: str,
        *,
        root: Root | None = None,
        aliases: Aliases | None = None,
    ) -> None:
        """
        Args:
            engines: collections that are served as long as the server runs.
            default: the name or alias of the one that is asked where none is named. There need not be one, as long as
                it is not asked.
            root: the folder of more collections. A name that is in ``engines`` too is theirs.
            aliases: second names; without them there are none, and none can be given.
        """
        self._engines = dict(engines)
        self._default = default
        self._root = root
        self._aliases = aliases

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every engine."""
        for engine in self._engines.values():
            engine.close()
        if self._root is not None:
            self._root.close()

    @property
    def default(self) -> str:
        """The name of the collection that is asked where none is named; it need not be there."""
        return self.resolve(None)

    @property
    def home(self) -> Path:
        """Beside what a server keeps its state where no place is named: the default collection's directory, where that
        was there from the start, else the folder of collections."""
        if self._default in self._engines:
            return self._engines[self._default].path
        return self._root.folder if self._root is not None else next(iter(self._engines.values())).path

    def names(self) -> list[str]:
        """All of them, ascending; aliases not among them."""
        return sorted({*self._engines, *(self._root.names() if self._root is not None else ())})

    def resolve(self, name: str | None = None) -> str:
        """The name of the collection that ``name`` or an alias means; of the default one where it is left out."""
        wanted = self._default if name is None else name
        return wanted if self._aliases is None else self._aliases.all().get(wanted, wanted)

    def always_open(self, name: str | None = None) -> Engine | None:
        """:meth:`engine`, of those that are open as long as the server runs; ``None`` for all others."""
        return self._engines.get(self.resolve(name))

    def engine(self, name: str | None = None) -> Engine:
        """The engine of a collection or alias; of the default one where ``name`` is left out.

        Raises:
            NotFound: there is none of that name.
            StoreError: it cannot be opened.
        """
        wanted = self.resolve(name)
        found = self._engines.get(wanted)
        if found is None and self._root is not None:
            found = self._root.engine(wanted)
        if found is None:
            raise NotFound(f"there is no collection {wanted[:80]!r}", hint=_LIST)
        return found

    def opened(self) -> list[Engine]:
        """Those that are open just now."""
        return [*self._engines.values(), *(self._root.opened() if self._root is not None else ())]

    def path(self, name: str) -> Path:
        """The directory of a collection; nothing is opened for it.

        Raises:
            NotFound: there is none of that name.
        """
        engine = self._engines.get(name)
        found = engine.path if engine is not None else self._root.path(name) if self._root is not None else None
        if found is None:
            raise NotFound(f"there is no collection {name[:80]!r}", hint=_LIST)
        return found

    def listed(self) -> list[Listed]:
        """What is served, by name. Nothing is opened for it."""
        return [self.about(name) for name in self.names()]

    def about(self, name: str) -> Listed:
        """What is to be told of a collection or alias besides what its engine knows."""
        collection = self.resolve(name)
        return Listed(
            name=collection,
            aliases=tuple(self._aliases.of(collection)) if self._aliases is not None else (),
            default=collection == self.default,
            removable=not self._is_named(collection),
        )

    def create(self, name: str, *, encoder: str, store: str) -> tuple[Engine, bool]:
        """A collection in the folder, and whether it is new; one that is there has to have that encoder and store.

        Raises:
            UsageError: it cannot be called that, or has no such encoder or store.
            Conflict: there is no folder for it, or something else of that name.
            ModelError, MissingExtra: the encoder cannot be opened.
        """
        check_name(name)
        if self._root is None:
            raise Conflict("this server makes no collections", hint="start it with --root FOLDER")
        if name in self._engines:
            raise Conflict(f"there is a collection {name!r} already", hint="choose another name")
        self._check_encoder(encoder)
        if self._aliases is None:
            return self._root.create(name, encoder, store)
        with self._aliases.changing() as aliases:
            if name in aliases:
                raise Conflict(f"{name!r} is an alias of {aliases[name]!r}", hint="choose another name")
            return self._root.create(name, encoder, store)

    def remove(self, name: str) -> None:
        """Take a collection of the folder away, with everything in it.

        Raises:
            NotFound: there is none.
            Conflict: it is no collection of the folder, the default one, or an alias means it; or a job is at work.
            StoreError: it cannot be taken away.
        """
        if self._is_named(name):
            raise Conflict(f"the collection {name!r} was named when the server was started", hint="stop serving it")
        if self._root is None:
            raise NotFound(f"there is no collection {name[:80]!r}", hint=_LIST)
        if name == self.default:
            raise Conflict(f"{name!r} is the default collection", hint="serve with another --default first")
        if self._aliases is None:
            self._root.remove(name)
            return
        with self._aliases.changing() as aliases:
            if name in aliases:
                raise Conflict(f"{name!r} is an alias of {aliases[name]!r}", hint=f"DELETE /v1/aliases/{name}")
            if meant := sorted(alias for alias, target in aliases.items() if target == name):
                raise Conflict(f"{name!r} is what {', '.join(meant)} stands for", hint="switch the alias first")
            self._root.remove(name)

    def aliases(self) -> Mapping[str, str]:
        """alias -> collection."""
        return {} if self._aliases is None else dict(self._aliases.all())

    def point(self, alias: str, collection: str) -> str | None:
        """Let ``alias`` stand for ``collection`` from now on, in every process; what it stood for before.

        Raises:
            UsageError: it cannot be called that, or ``collection`` is an alias itself.
            NotFound: there is no such collection.
            Conflict: there is a collection that has the alias's name.
            StoreError: it cannot be kept; it stands for what it stood for.
        """
        check_name(alias)
        with self._kept().changing() as aliases:
            if collection in aliases:
                raise UsageError(f"{collection!r} is an alias itself", hint=f"name {aliases[collection]!r}")
            if alias in self._engines or (self._root is not None and self._root.path(alias) is not None):
                raise Conflict(f"there is a collection {alias!r}", hint="choose another name for the alias")
            self.engine(collection).warm_up()
            before = aliases.get(alias)
            aliases[alias] = collection
        return before

    def unpoint(self, alias: str) -> str:
        """Take an alias away; what it stood for.

        Raises:
            NotFound: there is no such alias.
            StoreError: it cannot be kept; the alias is still there.
        """
        with self._kept().changing() as aliases:
            if alias not in aliases:
                raise NotFound(f"there is no alias {alias[:80]!r}", hint="GET /v1/aliases lists them")
            return aliases.pop(alias)

    def _is_named(self, name: str) -> bool:
        """Whether a collection is open all the time, by this name or by another one."""
        if name in self._engines or self._root is None:
            return name in self._engines
        named = {engine.path.resolve() for engine in self._engines.values()}
        return any(place.resolve() in named for place in self._root.places(name))

    def _kept(self) -> Aliases:
        if self._aliases is None:
            raise Conflict("this server keeps no aliases", hint="start it with a directory for its state")
        return self._aliases

    def _check_encoder(self, name: str) -> None:
        """A name from outside must not open any folder of this machine, nor begin a download.

        Raises:
            UsageError: it is none that this server may open.
        """
        from shelfsight.models import descriptors, weights_here

        known = {engine.manifest.encoder.name for engine in self._engines.values()}
        if name == "embedded" or name in known or (self._root is not None and name in self._root.encoders()):
            return
        if not any(name == known.name and weights_here(known) for known in descriptors()):
            hint = "'embedded', that of another collection here, or one of `shelfsight models` that is here"
            raise UsageError(f"{name[:200]!r} is no encoder that this server opens", hint=hint)
