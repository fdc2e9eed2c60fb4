"""The file of a merchandiser's rules, followed while it is edited."""

from dataclasses import replace
from pathlib import Path
from threading import Lock

from shelfsight.core.errors import NotFound, ShelfsightError, UsageError
from shelfsight.core.rules import NO_RULES, Rules

__all__ = ["RULES_FILE", "RulesFile", "load_rules"]

RULES_FILE = "rules.toml"
"""In a collection's directory: the rules that count where no other file is named."""

_MOST_BYTES = 10_000_000

_Stamp = tuple[int, int] | None
"""Time of the last change, and size; ``None``: there is no file."""


class RulesFile:
    """The rules in a file, as it is now. Safe to share between threads.

    Whoever edits it sees the next search follow. While it cannot be read the last rules that could stay in force, and
    their ``warnings`` say so.
    """

    def __init__(self, path: Path, *, must: bool = False) -> None:
        """
        Args:
            must: the file was asked for, so it is no matter of course that there may be none.
        """
        self._path = path
        self._must = must
        self._lock = Lock()
        self._read: _Stamp = (-1, -1)  # not read yet
        self._rules = NO_RULES

    @property
    def path(self) -> Path:
        return self._path

    def check(self) -> None:
        """Read the file now.

        Raises:
            UsageError, NotFound: it cannot be read, or holds what is no rule; where there need be none, that there is
                none is no error.
        """
        if self._must or _stamp(self._path) is not None:
            load_rules(self._path)

    def __call__(self) -> Rules:
        """The rules of now. Reads the file again only where its time or size changed."""
        stamp = _stamp(self._path)
        with self._lock:
            if stamp != self._read:
                self._rules = self._reread(stamp)
                self._read = stamp
            return self._rules

    def _reread(self, stamp: _Stamp) -> Rules:
        if stamp is None and not self._must:
            return NO_RULES
        try:
            return load_rules(self._path)
        except ShelfsightError as error:
            standing = "the last rules that could be read still count" if self._rules.all else "no rules count"
            return replace(self._rules, warnings=(f"{error.message}; {standing}",))


def load_rules(path: Path) -> Rules:
    """The rules in ``path``.

    Raises:
        NotFound: there is no such file.
        UsageError: it cannot be read, or holds what is no rule; names line and rule.
    """
    from shelfsight.search.rules import read_rules

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} has more than {_MOST_BYTES:,} bytes", hint="is it a file of rules?")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file of rules at {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text: {error}", hint="rules are TOML in UTF-8") from error
    return read_rules(text, str(path))


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)
