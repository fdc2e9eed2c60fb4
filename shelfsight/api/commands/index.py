"""``shelfsight index``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, safe, say
from shelfsight.api.progress import meter

if TYPE_CHECKING:
    from shelfsight.api.engine import Engine
    from shelfsight.core.protocols import Catalogue
    from shelfsight.core.settings import Settings
    from shelfsight.indexer import Report

__all__ = ["FAILURES", "index", "index_into"]

FAILURES = "failures.jsonl"
_SOME_FAILED = 3
_FAILURES_SAID = 5


@click.command()
@click.argument("catalogue", metavar="CATALOGUE", type=click.Path(path_type=Path))
@options.collection
@click.option("--store", type=click.Choice(["faiss", "exact"]), help="Store of a new collection.  [default: faiss]")
@options.encoder
@options.device
@options.runtime
@click.option("--prune", is_flag=True, help="Remove items that are no longer in CATALOGUE.")
@click.option("--id-column", metavar="NAME", help="Column of the ids.")
@click.option("--image-column", "image_columns", metavar="NAME", multiple=True, help="Of pictures; may be repeated.")
@click.option("--title-column", metavar="NAME", help="Column of the titles.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Pictures the encoder sees at once.")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Threads that read and decode pictures.")
@options.as_json
@click.pass_context
def index(
    context: click.Context,
    catalogue: Path,
    collection: Path,
    store: str | None,
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    prune: bool,
    id_column: str | None,
    image_columns: tuple[str, ...],
    title_column: str | None,
    batch_size: int | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Bring a COLLECTION up to date with a CATALOGUE; a collection that is not there is made.

    CATALOGUE is a folder of pictures (a subfolder is a category), a CSV, JSONL, Parquet or tar file, or a folder
    of such files. Exit code 3 says that some items failed; they are listed in COLLECTION/failures.jsonl.
    """
    from shelfsight.api.opening import open_engine
    from shelfsight.catalog import Columns, open_catalogue

    settings = _settings(batch_size, threads)
    main, *more = image_columns or (None,)
    columns = Columns(id=id_column, image=main, more_images=tuple(filter(None, more)), title=title_column)
    source = open_catalogue(catalogue, columns=columns, max_text=settings.index.max_text, limits=settings.pictures)
    with open_engine(
        collection, encoder=encoder, settings=settings, device=device, runtime=runtime, create=True, store=store
    ) as engine:
        report = index_into(engine, source, prune=prune)
    if as_json:
        print_document(report.to_json())
    context.exit(_SOME_FAILED if report.failed else 0)


def index_into(engine: "Engine", catalogue: "Catalogue", *, prune: bool) -> "Report":
    """Index with progress, and say on stderr how it went; failures are listed beside the collection's files."""
    from shelfsight.indexer import report_of

    failures = engine.path / FAILURES
    try:
        with meter("indexing", "items") as shown:

            def progress(done: int, total: int | None, *, pictures: int, failed: int) -> None:
                shown(done, total, f"{pictures:,} pictures encoded" + (f", {failed:,} failed" if failed else ""))

            report = engine.index(catalogue, prune=prune, progress=progress, failures_to=failures)
    except BaseException as error:
        if (partial := report_of(error)) is not None:
            say(f"stopped after {partial.seconds:.1f} s: {_counts(partial)}")
            say("everything committed so far is kept; the same command goes on from there")
        raise
    say(f"done in {report.seconds:.1f} s: {_counts(report)}")
    _say_failures(report, failures)
    return report


def _settings(batch_size: int | None, threads: int | None) -> "Settings":
    from shelfsight.core.settings import IndexSettings, Settings

    given = {"batch_size": batch_size, "decode_threads": threads}
    return Settings(index=IndexSettings(**{name: value for name, value in given.items() if value is not None}))


def _counts(report: "Report") -> str:
    counts = ("indexed", "unchanged", "updated", "failed", "deleted")
    parts = [f"{getattr(report, name):,} {name}" for name in counts if getattr(report, name) or name == "indexed"]
    return f"{', '.join(parts)}; {report.encoded:,} pictures encoded; {report.items:,} items in the collection"


def _say_failures(report: "Report", path: Path) -> None:
    for failure in report.failures[:_FAILURES_SAID]:
        say(f"  {failure.reason}: {safe(failure.place)}: {safe(failure.message)}")
    if report.failures:
        say(f"all failures are listed in {safe(str(path))}")
