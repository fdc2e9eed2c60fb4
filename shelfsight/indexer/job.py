"""One indexing job from beginning to end."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from shelfsight.core.errors import ShelfsightError, StoreError
from shelfsight.core.protocols import Catalogue, Encoder, Fetcher, Store
from shelfsight.core.settings import Settings
from shelfsight.indexer.ahead import Ahead
from shelfsight.indexer.batches import Batch, Encoding, batch_size, batches, finished
from shelfsight.indexer.commits import Committer
from shelfsight.indexer.fetching import Fetching
from shelfsight.indexer.intake import Intake, in_chunks
from shelfsight.indexer.interruption import Interruption
from shelfsight.indexer.ordered import ordered
from shelfsight.indexer.prepare import Preparation
from shelfsight.indexer.progress import Progress
from shelfsight.indexer.pruning import prune as delete_absent
from shelfsight.indexer.report import FailureLog, Report, Tally, attach
from shelfsight.indexer.seen import SeenIds
from shelfsight.indexer.work import Row, Work

__all__ = ["Job", "index", "report"]

# Two batches at a time keep an accelerator fed, and on a CPU leave no core waiting for another's layer to end.
_ENCODE_THREADS = 2


def index(
    catalogue: Catalogue,
    *,
    encoder: Encoder,
    store: Store,
    settings: Settings,
    prune: bool = False,
    progress: Progress | None = None,
    failures_to: Path | None = None,
    fetch: Fetcher | None = None,
) -> Report:
    """Bring ``store`` up to date with ``catalogue``.

    Others may write meanwhile (:mod:`shelfsight.indexer.live`). For each item the last write counts, but what was
    deleted while the job ran is not brought back by it, what was written new meanwhile is not pruned, and fields that
    were updated stay unless the catalogue itself says of them something else than at the job before.

    Rows that cannot be used are reported and never stop the job. What an item had before stays when it fails. Ctrl-C
    and SIGTERM end the job after the batch in hand. Whatever ends it early, committed items stay, the next job goes on
    from there, and :func:`~shelfsight.indexer.report_of` tells from the error how far it got.

    Args:
        prune: delete items that the catalogue no longer has, after everything else.
        progress: told after every batch.
        failures_to: JSON lines, one a failure, the fields of ``failures`` in the report; none, no file.
        fetch: gets pictures that have addresses; without it they fail with url_only.

    Raises:
        LeaseHeld: another job is at work; names it.
        CatalogueError: the catalogue cannot be read on (what was read is committed), or ``prune`` found no items.
        StoreError, StoreFull: the collection cannot be written; all commits before are in.
        ModelError: the encoder fails; what was encoded before is committed.
        KeyboardInterrupt: it was told to end.
    """
    with store.lease(f"index of {catalogue.name}"), FailureLog(failures_to).open() as log:
        tally = Tally(log)
        job = Job(catalogue, encoder, store, settings, tally, progress, fetch)
        try:
            job.run(prune)
        except BaseException as error:
            attach(report(store, tally), error)
            raise
        return report(store, tally)


class Job:
    """Rows of a catalogue into a store."""

    def __init__(
        self,
        catalogue: Catalogue,
        encoder: Encoder,
        store: Store,
        settings: Settings,
        tally: Tally,
        progress: Progress | None,
        fetch: Fetcher | None,
    ) -> None:
        self._catalogue = catalogue
        self._encoder = encoder
        self._store = store
        self._settings = settings
        self._tally = tally
        self._progress = progress
        self._fetch = fetch
        self._total = catalogue.count() if progress else None
        self._since = store.token()
        self._unchanged = False

    def run(self, prune: bool) -> None:
        with SeenIds() as seen, Interruption() as interruption:
            intake = Intake(self._catalogue, self._store, seen)
            self.bring_in(intake, interruption)
            if intake.error is not None:
                raise intake.error
            if prune:
                delete_absent(self._catalogue.name, self._store, intake, seen, self._tally, self._since)
        self._store.maintain()

    def bring_in(self, intake: Intake, interruption: Interruption) -> None:
        """Every row committed; see :func:`index`."""
        self._tell()
        with _threads(1, "commit") as writers:
            committer = Committer(
                self._store, self._settings.index, self._tally, writers, self._since, unchanged=self._unchanged
            )
            try:
                with (
                    _threads(self._settings.fetch.at_a_time, "fetch") as fetchers,
                    _threads(self._settings.index.decode_threads, "decode") as decoders,
                    _threads(_ENCODE_THREADS, "encode") as encoders,
                ):
                    for batch in self._stream(self._fetched(intake.rows(), fetchers), decoders, encoders):
                        self._take(batch, committer)
                        self._tell()
                        interruption.check()
            except StoreError:
                committer.settle()
                raise
            except BaseException:
                committer.flush()  # what is finished is kept, whatever went wrong behind it
                raise
            committer.flush()

    def _fetched(self, rows: Iterator[Row], fetchers: ThreadPoolExecutor) -> Iterator[Row]:
        if self._fetch is None:
            return rows
        fetching = Fetching(self._fetch, self._settings.pictures)
        return fetching.over(rows, fetchers, window=2 * self._settings.fetch.at_a_time)

    def _stream(
        self, rows: Iterator[Row], decoders: ThreadPoolExecutor, encoders: ThreadPoolExecutor
    ) -> Iterator[Batch]:
        """Encoded batches in the catalogue's order. Every stage draws from the one before it, a bounded way ahead."""
        ahead = Ahead.of(self._settings.index, batch_size(self._encoder, self._settings.index))
        prepare = Preparation(self._encoder, self._settings, ahead.keep_bytes, self._fetch)
        chunks = in_chunks(rows, rows=ahead.chunk_rows, size=ahead.chunk_bytes)
        tasks = chain.from_iterable(ordered(decoders, prepare.rows, chunks, window=ahead.chunks))
        entries = ordered(decoders, prepare, tasks, window=ahead.pictures)
        encode = Encoding(self._encoder, ahead.batch)
        return ordered(encoders, encode, batches(entries, ahead.batch), window=_ENCODE_THREADS)

    def _take(self, batch: Batch, committer: Committer) -> None:
        self._tally.encoded += batch.pictures
        for work in finished(batch):
            self.settle(work)
            committer.take(work)

    def settle(self, work: Work) -> None:
        """A last word on what becomes of a row."""

    def _tell(self) -> None:
        if self._progress is not None:
            tally = self._tally
            self._progress(tally.rows, self._total, pictures=tally.encoded, failed=tally.failed)


@contextmanager
def _threads(count: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads have ended when the block is left; what had not begun is dropped."""
    pool = ThreadPoolExecutor(count, thread_name_prefix=f"shelfsight-{name}")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def report(store: Store, tally: Tally) -> Report:
    """What was done so far."""
    try:
        manifest = store.manifest
    except ShelfsightError:  # the store is what broke; its error says so
        return tally.report(items=0, pictures=0)
    return tally.report(items=manifest.items, pictures=manifest.pictures)
