"""``shelfsight migrate``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shelfsight.api.commands import options
from shelfsight.api.commands.update import say_failures
from shelfsight.api.console import print_document, print_table, say
from shelfsight.api.progress import meter

if TYPE_CHECKING:
    from shelfsight.api.migrating import Migration, MigrationReport

__all__ = ["migrate"]

_SOME_FAILED = 3


@click.command()
@options.collection
@click.option("--encoder", metavar="NAME", help="The new encoder; `shelfsight models` lists some.")
@click.option(
    "--queries",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="Q.jsonl",
    help="Judged queries to compare the two on.  [default: titles of items]",
)
@click.option("--sample", type=click.IntRange(min=0), default=200, show_default=True, help="Titles to compare on.")
@click.option("--switch", "--apply", "switch", is_flag=True, help="Then let the new encoder count.")
@click.option("--rollback", is_flag=True, help="Let the encoder count that was switched from.")
@click.option("--discard", is_flag=True, help="Remove the version that does not count.")
@click.option("--leave-out", is_flag=True, help="Switch although pictures of some items can no longer be read.")
@options.device
@options.runtime
@options.settings
@options.as_json
@click.pass_context
def migrate(
    context: click.Context,
    collection: Path,
    encoder: str | None,
    queries: Path | None,
    sample: int,
    switch: bool,
    rollback: bool,
    discard: bool,
    leave_out: bool,
    device: str | None,
    runtime: str | None,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
) -> None:
    """Change the encoder of a COLLECTION that stays open for searching and writing.

    Every picture is embedded again, into a second version beside the one that counts; what is written meanwhile is
    carried over. Then both are asked the same queries. Interrupted, the same command goes on where it was. Pictures
    are read from their files; where the collection itself keeps them, from its previews, which are smaller. The old
    version stays for --rollback, until --discard.
    """
    from shelfsight.api import migrating
    from shelfsight.evaluation import load_queries

    _check(encoder, switch=switch, rollback=rollback, discard=discard)
    if discard:
        name = migrating.discard(collection)
        print_document({"discarded": name}) if as_json else click.echo(f"removed the version with encoder {name}")
        return
    if queries is not None:
        load_queries(queries)  # what is wrong with them is said before all pictures are embedded
    settings = options.read_settings(config, assigned).settings
    with migrating.migration(collection, encoder, settings=settings, device=device, runtime=runtime) as work:
        if rollback:
            _check_rollback(work)
        with meter("carrying over", "items") as shown:
            work.catch_up(lambda done, total: shown(done, total, f"{work.encoded:,} pictures encoded"))
        if not rollback and (sample or queries is not None):
            work.compare(queries, sample=sample)
        if switch or rollback:
            work.switch(leave_out=leave_out)
        report = work.report()
    _tell(report, as_json=as_json)
    context.exit(_SOME_FAILED if report.missing or report.failures else 0)


def _check(encoder: str | None, *, switch: bool, rollback: bool, discard: bool) -> None:
    if sum((switch, rollback, discard)) > 1:
        raise click.UsageError("--switch, --rollback and --discard exclude one another")
    if encoder is not None and (rollback or discard):
        raise click.UsageError("--encoder goes with neither --rollback nor --discard")


def _check_rollback(work: "Migration") -> None:
    from shelfsight.core.errors import Conflict

    if not work.counted_before:
        raise Conflict(f"{work.path} was not switched, so there is nothing to go back to", hint="use --switch")


def _tell(report: "MigrationReport", *, as_json: bool) -> None:
    if as_json:
        print_document(report.to_json())
    else:
        print_table(("what", "value"), _rows(report))
    if report.missing:
        say(f"{report.missing:,} items have no picture that can be read")
    say_failures(report.failures)


def _rows(report: "MigrationReport") -> list[tuple[str, str]]:
    rows = [("counts", report.active), ("stands by", report.standby)]
    rows += [(name, f"{getattr(report, name):,}") for name in ("items", "carried", "encoded", "missing")]
    if (compared := report.compared) is not None and compared.overlap is not None:
        rows.append((f"overlap@10 on {compared.queries:,} queries ({compared.source})", f"{compared.overlap:.3f}"))
        rows.append(("same first hit", f"{compared.same_first:.3f}"))
        if compared.judged is not None:
            rows += [("A is now, B the other", sentence) for sentence in compared.judged.verdicts.values()]
    return rows
