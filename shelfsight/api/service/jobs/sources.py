"""What catalogues a server takes: nothing outside the folders and addresses that its settings name is ever opened."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shelfsight.api.service.jobs.job import ColumnsDocument, Source
from shelfsight.catalog import Columns
from shelfsight.catalog.opening import check_kind, file_name
from shelfsight.catalog.references import inside
from shelfsight.core.errors import Forbidden, NotFound, UsageError
from shelfsight.core.settings import JobSettings

__all__ = ["Sources", "columns_of"]

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://")
_LONGEST = 4096
_ALLOW = "the server's settings name what may be read: jobs.roots (folders) and jobs.remotes (addresses)"


class Sources:
    """Reads what clients call a catalogue."""

    def __init__(self, settings: JobSettings) -> None:
        self._settings = settings

    def of(self, said: str) -> Source:
        """The catalogue at a path below one of ``settings.roots``, at an address of http(s), or at one of
        ``settings.remotes``.

        Raises:
            UsageError, CatalogueError: it cannot be the place of a catalogue.
            Forbidden: catalogues are not read from there.
            NotFound: there is nothing there, or it lies outside: which of the two is not told.
        """
        if "\0" in said or not said.strip() or len(said) > _LONGEST:
            raise UsageError(f"{said[:80]!r} cannot be the place of a catalogue")
        scheme = _SCHEME.match(said)
        if scheme is None:
            return self._path(said)
        try:
            return _url(said) if scheme[1] in ("http", "https") else self._remote(said)
        except ValueError as error:
            raise UsageError(f"{said[:80]!r} is no address: {error}") from error

    def upload(self, name: str) -> Source:
        """An uploaded file.

        Raises:
            UsageError, CatalogueError: it is no kind of catalogue.
        """
        safe = file_name(name)
        check_kind(safe)
        return Source(kind="upload", place=safe, name=safe)

    def _path(self, said: str) -> Source:
        if not self._settings.roots:
            raise Forbidden("this server reads no catalogues from its own disk", hint=_ALLOW)
        for root in self._settings.roots:
            found = inside(root / said, root)
            if found is not None and _is_there(found):
                return Source(kind="path", place=str(found), root=str(root.resolve()), name=said)
        raise NotFound(f"there is no catalogue {said[:200]!r} in the folders that catalogues may be read from")

    def _remote(self, said: str) -> Source:
        parts = urlsplit(said)
        if (
            "::" in said
            or ".." in unquote(parts.path).split("/")
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            raise UsageError(f"{said[:200]!r} is no plain address", hint="send SCHEME://BUCKET/KEY")
        if not any(said == each or said.startswith(f"{each.rstrip('/')}/") for each in self._settings.remotes):
            raise Forbidden(f"catalogues are not read from {parts.scheme}://{parts.netloc}", hint=_ALLOW)
        return Source(kind="remote", place=said, name=said)


def _url(said: str) -> Source:
    """What has a password or a signature in it is not told on."""
    parts = urlsplit(said)
    name = unquote(parts.path).rstrip("/").rpartition("/")[2]
    check_kind(name)
    host = parts.netloc.rpartition("@")[2]
    return Source(kind="url", place=said, name=f"{parts.scheme}://{host}{parts.path}")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no file can be called that
        return False


def columns_of(said: ColumnsDocument) -> Columns:
    """As readers of catalogues take it."""
    return Columns(**dict(said))
