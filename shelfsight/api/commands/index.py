"""``shelfsight index``."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, safe, say
from shelfsight.api.progress import Meter, meter

if TYPE_CHECKING:
    from shelfsight.api.engine import Engine
    from shelfsight.core.protocols import Catalogue
    from shelfsight.indexer import NotesReport, Report
    from shelfsight.stores.milvus import MilvusPlace

__all__ = ["FAILURES", "index", "index_into"]

FAILURES = "failures.jsonl"
_SOME_FAILED = 3
_FAILURES_SAID = 5
_NOTED = {"features": "pictures", "suggestions": "items"}


@click.command()
@click.argument("catalogue", metavar="CATALOGUE")
@options.collection
@click.option(
    "--store", type=click.Choice(["faiss", "exact", "milvus"]), help="Store of a new collection.  [default: faiss]"
)
@options.milvus
@options.encoder
@options.device
@options.runtime
@click.option("--prune", is_flag=True, help="Remove items that are no longer in CATALOGUE.")
@click.option("--id-column", metavar="NAME", help="Column of the ids.")
@click.option("--image-column", "image_columns", metavar="NAME", multiple=True, help="Of pictures; may be repeated.")
@click.option("--title-column", metavar="NAME", help="Column of the titles.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Pictures the encoder sees at once.")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Threads that read and decode pictures.")
@click.option("--no-fetch", is_flag=True, help="Fetch no pictures: those that are addresses fail.")
@click.option(
    "--private-host",
    "private_hosts",
    metavar="HOST[:PORT]",
    multiple=True,
    help="Fetch from this host although it is inside the network; may be repeated.",
)
@click.option(
    "--features", is_flag=True, help="Keep what the vision-language model sees of each picture, for --rerank."
)
@click.option("--enrich", is_flag=True, help="Keep captions and values it suggests for fields that are empty.")
@options.vlm
@options.settings
@options.as_json
@click.pass_context
def index(
    context: click.Context,
    /,
    catalogue: str,
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
    no_fetch: bool,
    private_hosts: tuple[str, ...],
    features: bool,
    enrich: bool,
    vlm: str | None,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
    **milvus: str | None,
) -> None:
    """Bring a COLLECTION up to date with a CATALOGUE; a collection that is not there is made.

    CATALOGUE is a folder of pictures (a subfolder is a category), a CSV, JSONL, Parquet or tar file, or a folder
    of such files; or the address of one: https://... or, with the extra s3, s3://BUCKET/KEY. Paths of pictures are
    relative to it. Exit code 3 says that some items failed; they are listed in COLLECTION/failures.jsonl.

    Pictures that CATALOGUE names by their http(s) address are fetched, never from inside the network unless
    --private-host says so. An address that was fetched before is asked for what is new.

    With --features and --enrich a vision-language model then looks at the pictures that it has not seen. What it says
    is kept beside the catalogue's fields and never in place of them.
    """
    from shelfsight.api.enriching import check_able, notes_document
    from shelfsight.api.fetching import LateFetcher
    from shelfsight.api.looking import VlmOpener
    from shelfsight.api.opening import open_engine
    from shelfsight.catalog import Columns
    from shelfsight.catalog.remote import opened

    own = {
        "index.batch_size": ("--batch-size", batch_size),
        "index.decode_threads": ("--threads", threads),
        "fetch.private_hosts": ("--private-host", private_hosts),
    }
    settings = options.read_settings(config, assigned, own).settings
    main, *more = image_columns or (None,)
    columns = Columns(id=id_column, image=main, more_images=tuple(filter(None, more)), title=title_column)
    fetch = None if no_fetch else LateFetcher(settings.fetch)
    with ExitStack() as held:
        source = held.enter_context(opened(catalogue, settings=settings, fetch=fetch, columns=columns))
        looks, ready = features or enrich, None
        if looks:  # a model that cannot be had, or cannot do it, is told before a collection is made
            ready = VlmOpener(vlm or settings.search.vlm, device).open()
            check_able(ready, features=features, enrich=enrich)
        engine = open_engine(
            collection,
            encoder=encoder,
            settings=settings,
            device=device,
            runtime=runtime,
            create=True,
            store=store,
            milvus=_place(milvus),
            vlm=ready,
            fetch=source.fetch or False,
        )
        held.enter_context(engine)
        report = index_into(engine, source.catalogue, prune=prune)
        document = report.to_json()
        if looks:
            document |= notes_document(_note(engine, features=features, enrich=enrich))
    if as_json:
        print_document(document)
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


def _note(engine: "Engine", *, features: bool, enrich: bool) -> "NotesReport":
    """Let the model look at the pictures, with progress, and say on stderr how it went."""
    with ExitStack() as shown:
        meters: dict[str, Meter] = {}

        def progress(stage: str, done: int, total: int, *, failed: int) -> None:
            if stage not in meters:
                meters[stage] = shown.enter_context(meter(stage, _NOTED[stage]))
            meters[stage](done, total, f"{failed:,} failed" if failed else "")

        report = engine.add_notes(features=features, enrich=enrich, progress=progress)
    counts = {"features of {:,} pictures": report.features, "suggestions for {:,} items": report.suggestions}
    parts = [said.format(count) for said, count in counts.items() if count is not None]
    say(f"noted in {report.seconds:.1f} s: {', '.join(parts)}")
    for failure in report.failures[:_FAILURES_SAID]:
        say(f"  not looked at: {safe(failure.place)}: {safe(failure.message)}")
    return report


def _place(given: Mapping[str, str | None]) -> "MilvusPlace | None":
    from shelfsight.stores.milvus import MilvusPlace

    said = options.said_of_milvus(given)
    return MilvusPlace(**said) if said else None  # type: ignore[arg-type]  # texts, all of them


def _counts(report: "Report") -> str:
    counts = ("indexed", "unchanged", "updated", "failed", "deleted")
    parts = [f"{getattr(report, name):,} {name}" for name in counts if getattr(report, name) or name == "indexed"]
    return f"{', '.join(parts)}; {report.encoded:,} pictures encoded; {report.items:,} items in the collection"


def _say_failures(report: "Report", path: Path) -> None:
    for failure in report.failures[:_FAILURES_SAID]:
        say(f"  {failure.reason}: {safe(failure.place)}: {safe(failure.message)}")
    if report.failures:
        say(f"all failures are listed in {safe(str(path))}")
