"""Whether the files of the embedded models are those that were published: ``embedded/SHA256SUMS`` has their digests,
one a line, as ``sha256sum`` writes them. Model cards have none."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

__all__ = ["SUMS", "damaged_files", "write_sums"]

_FOLDER = Path(__file__).parent.parent / "embedded"
SUMS = "SHA256SUMS"


def damaged_files(folder: Path = _FOLDER) -> Iterator[tuple[str, str]]:
    """(file, what is wrong with it) of each that is not as it was published."""
    try:
        lines = (folder / SUMS).read_text("ascii").splitlines()
    except (OSError, ValueError) as error:
        yield SUMS, f"cannot be read: {error}"
        return
    for line in lines:
        digest, _, name = line.partition("  ")
        try:
            if _digest(folder / name) != digest:
                yield name, "is not what was published"
        except OSError as error:
            yield name, f"cannot be read: {error.strerror}"


def write_sums(folder: Path = _FOLDER) -> None:
    """Say that what is there now is published."""
    files = sorted(file for file in folder.glob("*/*") if file.is_file() and file.suffix != ".md")
    lines = [f"{_digest(file)}  {file.relative_to(folder).as_posix()}\n" for file in files]
    (folder / SUMS).write_text("".join(lines), "ascii")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
