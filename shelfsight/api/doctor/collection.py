"""A collection: first whether it is one, then everything in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shlex import join, quote

from shelfsight.api.doctor.checking import Check, checked
from shelfsight.api.doctor.finding import Finding, error, note, warning
from shelfsight.core.errors import CorruptCollection, NotFound, ShelfsightError
from shelfsight.core.settings import Settings
from shelfsight.stores.manifest import FORMAT, Header, read_header
from shelfsight.stores.versions import MAIN, VERSIONS, folder_of, pointed

__all__ = ["Subject", "of_collection"]

_NEWEST = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A collection that is looked at.

    Attributes:
        path: its directory; ``folder``: that of the version that counts.
    """

    path: Path
    folder: Path
    header: Header

    @property
    def shown(self) -> str:
        """Its directory, as it is typed."""
        return quote(str(self.path))

    @property
    def again(self) -> str:
        """What indexes it once more, and sweeps."""
        return f"shelfsight index CATALOGUE -c {self.shown}"


def of_collection(path: Path, settings: Settings) -> Iterator[Finding]:
    """Everything that is found of the collection at ``path``, and of the state of the server of which it is the
    default one."""
    from shelfsight.api.doctor.state import of_state
    from shelfsight.api.service.state import state_directory

    subject: list[Subject] = []
    yield from checked([partial(_manifest, path, subject)])
    if subject:
        from shelfsight.api.doctor.ledger import ledger_file

        truth = [*checked([partial(ledger_file, subject[0])])]
        yield from truth
        yield from checked(_inside(subject[0], readable=not any(each.code.startswith("ledger") for each in truth)))
    yield from checked(of_state(state_directory(settings, path)))


def _inside(subject: Subject, *, readable: bool) -> Iterator[Check]:
    """The other checks; where the ledger cannot be read, those that need none."""
    from shelfsight.api.doctor import caches, encoder, files, ledger, milvus, pictures

    for group in (files, ledger, caches, pictures, encoder, milvus) if readable else (files, encoder, milvus):
        for check in group.CHECKS:
            yield partial(check, subject)


def _manifest(path: Path, subject: list[Subject]) -> Iterator[Finding]:
    """Whether there is a collection; where there is, it becomes the subject."""
    if not path.is_dir():
        yield error("collection_missing", f"there is no directory {path}", "name the collection's directory")
        return
    try:
        current = pointed(path)
    except CorruptCollection as fault:
        yield error("pointer_damaged", fault.message, fault.hint or "restore it")
        return
    folder = folder_of(path, current.active)
    if current.active != MAIN and not folder.is_dir():
        text = f"{path / VERSIONS} names version {current.active!r} as the one that counts, and it is not there"
        yield error("version_missing", text, "restore its folder from a backup")
        return
    try:
        header = read_header(folder, oldest=0, newest=_NEWEST)
    except NotFound:
        yield error("manifest_missing", f"{folder} has no manifest.json", "restore it from a backup, or index again")
        return
    except ShelfsightError as fault:
        yield error("manifest_damaged", fault.message, fault.hint or "restore it from a backup, or index again")
        return
    yield from _format(path, header)
    if header.format == FORMAT:
        subject.append(Subject(path=path, folder=folder, header=header))
    yield from _left_over(path, current.active)


def _format(path: Path, header: Header) -> Iterator[Finding]:
    if header.format > FORMAT:
        text = f"{path} has format {header.format}, and this Shelfsight reads {FORMAT}"
        yield error("format_newer", text, "install a newer Shelfsight")
    elif header.format < FORMAT:
        text = f"{path} has format {header.format}, and this Shelfsight reads {FORMAT}"
        cure = "make a copy of it, then upgrade it"
        yield error("format_older", text, cure, command=f"shelfsight upgrade -c {quote(str(path))}")


def _left_over(path: Path, active: str) -> Iterator[Finding]:
    """Versions that a migration left: for a rollback, or by a crash."""
    folder = path / VERSIONS
    names = [each.name for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []
    others = [MAIN, *names] if active != MAIN else names
    for name in sorted(set(others) - {active}):
        place = folder_of(path, name)
        if (place / "manifest.json").exists():
            text = f"{path} has a version {name!r} that does not count, of a migration that goes on or can be undone"
            cure = "go on with `migrate`, or remove it where it is not wanted"
            yield note("version_left", text, cure, command=f"shelfsight migrate -c {quote(str(path))} --discard")
        elif name != MAIN:
            text = f"{place} is what an interrupted migration left"
            in_milvus = (place / "milvus.json").exists()  # the migration knows what lies there
            command = None if in_milvus else join(["rm", "-rf", str(place), f"{place}.json"])
            yield warning("version_broken", text, "remove it, or begin a migration, which does so", command=command)
