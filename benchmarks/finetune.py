"""What `shelfsight finetune` gives on real catalogues: before and after on held-out items, with paired intervals.

    python -m benchmarks.finetune --data DIR [--encoder embedded] [--tasks german,sportswear,...] [--json FILE]

Tasks, each with the defaults of the command unless said otherwise.

* ``sportswear``: a whole shop of 461 items that the embedded encoder never saw, titles and three attributes; split by
  hash of title and pictures.
* ``german``: the same shop with its colours and kinds in German, which the embedded encoder was taught no word of.
* ``grocery``: photos taken in stores, by product and kind; split as the data set says.
* ``fashion``: the first quarter of a fashion catalogue, titles and three attributes; split as the data set says. The
  embedded encoder was trained on the ``train`` rows of this one and of grocery, so little is left to gain there.
* ``shuffled``: the German shop with its words dealt out anew at random: there is nothing to learn, and an encoder
  made of it must be refused. The command fails if it is not, or if ``german`` is.
"""

import csv
import json
import os
import random
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from shelfsight.training.adapt import AdaptReport, AdaptSettings, finetune

Row = dict[str, str]

_GERMAN = {
    "Black": "schwarz",
    "Blue": "blau",
    "Brown": "braun",
    "Gray": "grau",
    "Green": "grün",
    "Lavender": "lavendel",
    "Orange": "orangefarben",
    "Purple": "lila",
    "Red": "rot",
    "White": "weiß",
    "Yellow": "gelb",
    "Bags": "Tasche",
    "Bras & Tanks": "Bustier",
    "Fitness Equipment": "Sportgerät",
    "Hoodies & Sweatshirts": "Kapuzenpulli",
    "Jackets": "Jacke",
    "Pants": "Hose",
    "Shorts": "kurze Hose",
    "Tanks": "Trägerhemd",
    "Tees": "kurzärmliges Hemd",
    "Watches": "Armbanduhr",
}


@dataclass(frozen=True, slots=True)
class Task:
    """A catalogue, written or found below a folder, and the columns of its words."""

    catalogue: Callable[[Path, Path], Path]
    columns: tuple[str, ...]
    must: bool | None = None


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    results, wrong = {}, []
    for name in arguments.tasks:
        task = TASKS[name]
        with TemporaryDirectory() as folder:
            report = _run(task, Path(folder), arguments)
        _print(name, report)
        results[name] = report.to_json()
        if task.must is not None and task.must != report.promoted:
            wrong.append(name)
    if arguments.json:
        arguments.json.write_text(json.dumps({"encoder": arguments.encoder, "tasks": results}, indent=2) + "\n")
    if wrong:
        print(f"decided otherwise than they must be: {', '.join(wrong)}")
    return int(bool(wrong))


def _run(task: Task, folder: Path, arguments: Namespace) -> AdaptReport:
    report = finetune(
        task.catalogue(arguments.data, folder),
        folder / "encoder",
        encoder=arguments.encoder,
        text_columns=task.columns,
        settings=AdaptSettings(seed=arguments.seed),
        device=arguments.device,
    )
    assert report is not None
    return report


def _print(name: str, report: AdaptReport) -> None:
    data = report.data
    decided = "promoted" if report.promoted else "refused"
    print(f"{name}: {decided}; {data['items']:,} items, {report.epochs} epochs, {report.seconds:.0f} s")
    for metric, each in {**report.verdict.metrics, **report.verdict.families}.items():
        print(f"  {metric:22} {each.queries:5,} texts  {each}")
    sys.stdout.flush()


def _german(data: Path, folder: Path) -> Path:
    rows = _sportswear(data)
    for row in rows:
        row["colour"] = _GERMAN.get(row["colour"], "")
        row["category"] = _GERMAN.get(row["category"].split("/")[-1], "")
    return _written(rows, folder)


def _shuffled(data: Path, folder: Path) -> Path:
    with _german(data, folder).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    dealt = random.Random(1)
    for name in ("colour", "category"):
        values = [row[name] for row in rows]
        dealt.shuffle(values)
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return _written(rows, folder)


def _sportswear(data: Path) -> list[Row]:
    source = data / "sportswear"
    with (source / "catalog.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["image"] = str((source / row["image"]).resolve())
        row["more_images"] = "|".join(str((source / name).resolve()) for name in row["more_images"].split("|") if name)
    return rows


def _written(rows: list[Row], folder: Path) -> Path:
    path = folder / "catalog.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


TASKS = {
    "sportswear": Task(lambda data, _: data / "sportswear" / "catalog.csv", ("title", "category", "colour", "pattern")),
    "german": Task(_german, ("category", "colour"), must=True),
    "grocery": Task(lambda data, _: data / "grocery", ("title", "product", "kind")),
    "fashion": Task(lambda data, _: data / "fashion" / "part-0.parquet", ("title", "gender", "article_type", "colour")),
    "shuffled": Task(_shuffled, ("category", "colour"), must=False),
}


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="What adapting an encoder to a catalogue gives.")
    parser.add_argument("--data", type=Path, default=os.environ.get("SHELFSIGHT_DATA"), help="folder of data sets")
    parser.add_argument("--encoder", default="embedded", help="encoder to adapt (default: %(default)s)")
    parser.add_argument("--device", help="cpu, cuda, ...; the best there is if left out")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=list(TASKS), help=f"of {','.join(TASKS)}")
    parser.add_argument("--json", type=Path, help="write all figures with their intervals to this file")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.tasks) - set(TASKS):
        parser.error(f"unknown tasks: {', '.join(sorted(unknown))}")
    if arguments.data is None:
        print("--data or SHELFSIGHT_DATA must name the folder of data sets; nothing is measured")
        parser.exit()
    arguments.data = Path(arguments.data)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
