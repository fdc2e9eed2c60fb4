"""The demo catalogue as files: pictures, `catalog.csv`, `queries.jsonl`, published in one rename."""

import csv
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import mkdtemp

from shelfsight.catalog.demo.items import VERSION, DemoItem, render_catalogue
from shelfsight.core.errors import UsageError

COLUMNS = ("id", "image", "title", "price", "brand", "category", "kind", "colour", "pattern", "material")
QUALITY = 88
ENOUGH = 5
MARK = "demo.json"


def write_catalogue(
    folder: Path, seed: int = 0, count: int = 720, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Write the catalogue into `folder` and return the path of its `catalog.csv`.

    A new folder appears whole or not at all: it is written beside itself and renamed. A complete catalogue with the
    same seed, count and version is used again; an older or unfinished one is replaced, and other files in its folder
    stay. A folder that holds anything else is refused (`UsageError`). `progress(done, count)` follows each item.
    """
    folder = Path(folder)
    mark = {"seed": seed, "count": count, "version": VERSION}
    found = _mark(folder)
    if found == mark:
        return folder / "catalog.csv"
    if found is None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} holds something else than a demo catalogue", hint="name another folder, or empty this one"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write(draft, mark, seed, count, progress)
        _publish(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder / "catalog.csv"


def _mark(folder: Path) -> dict[str, int] | None:
    """What a complete catalogue in `folder` says of itself."""
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return mark if isinstance(mark, dict) else None


def _write(
    draft: Path, mark: dict[str, int], seed: int, count: int, progress: Callable[[int, int], None] | None
) -> None:
    (draft / "images").mkdir()
    items: list[DemoItem] = []
    with (draft / "catalog.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for item in render_catalogue(seed, count):
            image = f"images/{item.id}.jpg"
            item.picture.save(draft / image, quality=QUALITY)
            table.writerow([item.id, image, item.title, f"{item.price:.2f}", *(getattr(item, c) for c in COLUMNS[4:])])
            items.append(item)
            if progress is not None:
                progress(len(items), count)
    with (draft / "queries.jsonl").open("w", encoding="utf-8") as file:
        for query, relevant in queries(items).items():
            file.write(json.dumps({"query": query, "relevant": dict.fromkeys(relevant, 1)}) + "\n")
    (draft / MARK).write_text(json.dumps(mark), encoding="utf-8")


def _publish(draft: Path, folder: Path) -> None:
    """Put the draft in the folder's place; in place of an older catalogue, leave alone what else lies in its folder."""
    if not folder.exists() or not any(folder.iterdir()):
        draft.chmod(0o755)
        draft.replace(folder)
        return
    unfinished = draft / "unfinished.json"
    unfinished.write_text(json.dumps({"version": 0}), encoding="utf-8")
    unfinished.replace(folder / MARK)
    for name in ("images", "catalog.csv", "queries.jsonl"):
        if (folder / name).exists():
            (folder / name).replace(draft / f"old-{name}")
        (draft / name).replace(folder / name)
    (draft / MARK).replace(folder / MARK)


def queries(items: Iterable[DemoItem]) -> dict[str, list[str]]:
    """Colour + kind and colour + pattern + kind phrases that at least five items answer, with the ids that do."""
    answers: dict[str, list[str]] = defaultdict(list)
    for item in items:
        answers[f"{item.colour} {item.kind}"].append(item.id)
        if item.pattern != "plain":
            answers[f"{item.colour} {item.pattern} {item.kind}"].append(item.id)
    return {query: ids for query, ids in sorted(answers.items()) if len(ids) >= ENOUGH}
