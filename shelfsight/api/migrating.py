"""Another encoder for a collection that stays open: embed into a shadow, compare, switch, and back.

::

    shadow (a version beside the one that counts) ◄─ carried over, in the order of the commits ─ the collection
        │ compare: the same hits? better ones?
        └─ switch: catch up, nobody writing; then the pointer. What counted before is the standby, and follows alike.

Everything can be killed anywhere: the shadow goes on where it was, and the pointer names the one version or the other.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelfsight.api.comparing import Compared, compare_versions
from shelfsight.api.engine import Engine
from shelfsight.api.matching import check_spec, open_encoder_named
from shelfsight.api.models import Models
from shelfsight.core.errors import Conflict, NotFound
from shelfsight.core.protocols import Encoder, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Failure

if TYPE_CHECKING:
    from shelfsight.stores.shadow import Changes, Standby

__all__ = ["Migration", "MigrationReport", "discard", "migration"]

_BATCH = 256
_KEPT = 1000
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """How far a migration is.

    Attributes:
        active: name of the encoder that counts now.
        standby: that of the other version.
        items: of the collection.
        carried: items that were carried over by this run.
        encoded: pictures that went through the encoder in this run.
        missing: items that the other version lacks, because none of their pictures can be read any more.
        switched: whether the other version counts by now.
        compared: how alike the two answer; before the switch the standby's is B.
        failures: the first thousand pictures that cannot be used.
    """

    active: str
    standby: str
    items: int
    carried: int
    encoded: int
    missing: int
    switched: bool = False
    compared: Compared | None = None
    failures: tuple[Failure, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document of ``migrate --json``."""
        from shelfsight.indexer.report import failure_to_json

        document: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("active", "standby", "items", "carried", "encoded", "missing", "switched")
        }
        if self.compared is not None:
            document["compared"] = self.compared.to_json()
        return {**document, "failures": [failure_to_json(each) for each in self.failures]}


@contextmanager
def migration(
    path: str | Path,
    encoder: str | Encoder | None = None,
    *,
    now: Encoder | None = None,
    settings: Settings | None = None,
    device: str | None = None,
    runtime: str | None = None,
) -> "Iterator[Migration]":
    """The migration of the collection at ``path`` to another encoder, begun now or gone on with.

    Args:
        encoder: the new encoder's name, or itself; ``None``: that of the standby there is.
        now: the encoder that the collection has, where it is open already.

    Raises:
        NotFound: no collection there; or no ``encoder`` and no standby.
        Conflict: another migration is at work, or there is a standby of another encoder, or the collection has this
            encoder already.
        StoreError: it is in Milvus, which cannot be reached.
        ModelError: the encoder cannot be had.
    """
    from shelfsight.stores import open_store, open_version
    from shelfsight.stores.shadow import Changes, migrating
    from shelfsight.stores.versions import active

    folder = Path(path)
    choice = _Choice(device, runtime, encoder if not isinstance(encoder, str | None) else None)
    chosen = settings or Settings()
    with migrating(folder), closing(open_store(folder, vectors=chosen.vectors)) as source:
        standby = _standby(folder, source, encoder, choice)
        opened = open_version(folder, standby.name, vectors=chosen.vectors)
        with closing(opened) as target, Changes(active(folder)) as changes:
            yield Migration(folder, source, target, standby, changes, chosen, choice, now)


def discard(path: str | Path) -> str:
    """Remove the version that does not count: a shadow, or what is kept for going back; its encoder's name.

    Raises:
        NotFound: there is none.
        Conflict: a migration is at work.
    """
    from shelfsight.stores import shadow
    from shelfsight.stores.manifest import read_header
    from shelfsight.stores.versions import folder_of

    folder = Path(path)
    with shadow.migrating(folder):
        version = shadow.standby_name(folder)
        if version is None:
            raise NotFound(f"{folder} has no other version", hint="begin one with: shelfsight migrate --encoder NAME")
        name = read_header(folder_of(folder, version)).encoder.name
        shadow.discard(folder, version)
        return name


@dataclass(slots=True)
class _Choice:
    """Opens the encoder that vectors were made with, once."""

    device: str | None
    runtime: str | None
    opened: Encoder | None = None

    def named(self, name: str) -> Encoder:
        if self.opened is None:
            self.opened = open_encoder_named(name, self.device, self.runtime)
        return self.opened


def _standby(folder: Path, source: Store, encoder: str | Encoder | None, choice: _Choice) -> "Standby":
    """The standby that is asked for, made where there is none."""
    from shelfsight.stores import shadow
    from shelfsight.stores.manifest import read_header
    from shelfsight.stores.versions import folder_of

    found = shadow.find_standby(folder)
    if encoder is None:
        if found is None:
            raise NotFound(f"{folder} has no other version", hint="begin one with: shelfsight migrate --encoder NAME")
        return found
    spec = choice.named(encoder).spec if isinstance(encoder, str) else encoder.spec
    manifest = source.manifest
    if spec == manifest.encoder:
        raise Conflict(f"{folder} has encoder {spec.name!r} already", hint="name another one")
    if found is None:
        return shadow.create_standby(folder, manifest.store, spec)
    built = read_header(folder_of(folder, found.name)).encoder
    if built != spec:
        raise Conflict(
            f"{folder} has a version with encoder {built.name!r} besides the one that counts",
            hint="remove it with: shelfsight migrate --discard",
        )
    return found


@dataclass
class Migration:
    """One migration at work; made by :func:`migration`."""

    path: Path
    source: Store
    target: Store
    standby: "Standby"
    changes: "Changes"
    settings: Settings
    choice: _Choice
    now: Encoder | None = None
    carried: int = 0
    encoded: int = 0
    switched: bool = False
    compared: Compared | None = None
    failures: list[Failure] = field(default_factory=list)

    @cached_property
    def encoder(self) -> Encoder:
        """The one that the target was made for.

        Raises:
            ModelError: it cannot be had.
            EncoderMismatch: what is installed under its name is another one.
        """
        wanted = self.target.manifest.encoder
        opened = self.choice.named(wanted.name)
        check_spec(self.path, wanted, opened.spec)
        return opened

    def catch_up(self, progress: Progress | None = None) -> None:
        """Carry over what the target lacks. What others write meanwhile may be left to :meth:`switch`.

        Args:
            progress: told (done, total) items of this run.

        Raises:
            ModelError, StoreError, StoreFull: what was carried over before stays so.
        """
        with ThreadPoolExecutor(self.settings.index.decode_threads, thread_name_prefix="shelfsight-decode") as pool:
            self._retry(pool)
            self._follow(pool, progress)
        self.target.maintain()

    def compare(self, queries: str | Path | None = None, *, sample: int = 200) -> Compared:
        """Ask both the same; see :func:`~shelfsight.api.comparing.compare_versions`.

        Raises:
            ModelError, EncoderMismatch: one of the two encoders cannot be had.
        """
        given: dict[str, Any] = {
            "path": self.path,  # the rules of the collection are those of both
            "settings": self.settings,
            "models": Models(device=self.choice.device, runtime=self.choice.runtime),
            "follow": False,
        }
        old = Engine(self.source, encoder=self.now, **given)
        new = Engine(self.target, encoder=self.encoder, **given)
        self.compared = compare_versions(old, new, queries, sample=sample)
        return self.compared

    @property
    def _target_folder(self) -> Path:
        from shelfsight.stores.versions import folder_of

        return folder_of(self.path, self.standby.name)

    def switch(self, *, leave_out: bool = False) -> None:
        """Let the target count. Whoever has the collection open goes on and finds it at the next call; whoever opens
        it finds it at once. Writers wait while the last changes are carried over.

        Args:
            leave_out: although items are missing of which no picture can be read.

        Raises:
            LeaseHeld: an indexing job is at work.
            Conflict: items are missing.
        """
        from shelfsight.stores import shadow

        shadow.copy_notes(self.changes.folder, self._target_folder)
        with self.source.lease("migration"), ThreadPoolExecutor(2) as pool:
            self._follow(pool, None)
            self._check_missing(leave_out)
            with self.changes.frozen():
                self._follow(pool, None)
                self._check_missing(leave_out)
                shadow.switch(self.path, self.standby, self.changes)
        self.switched = True

    @property
    def counted_before(self) -> bool:
        """Whether the target is what the collection was switched from."""
        from shelfsight.stores.versions import pointed

        return pointed(self.path).previous == self.standby.name

    def report(self) -> MigrationReport:
        """How far it is."""
        old, new = self.source.manifest, self.target.manifest
        active, other = (new, old) if self.switched else (old, new)
        return MigrationReport(
            active=active.encoder.name,
            standby=other.encoder.name,
            items=active.items,
            carried=self.carried,
            encoded=self.encoded,
            missing=len(self.standby.failed),
            switched=self.switched,
            compared=self.compared,
            failures=tuple(self.failures),
        )

    def _retry(self, pool: ThreadPoolExecutor) -> None:
        """Items that could not be carried over: their files may be back."""
        failed = self.standby.failed
        for start in range(0, len(failed), _BATCH):
            self._carry(failed[start : start + _BATCH], pool)

    def _follow(self, pool: ThreadPoolExecutor, progress: Progress | None) -> None:
        """Carry over what was written behind the cursor, but for what is written while the last batch is: a shop that
        never rests must not keep this from ending."""
        total = self.changes.remaining(self.standby.cursor) if progress else 0
        done = 0
        self._tell(progress, done, total)
        while True:
            self.source.token()  # what other machines committed to Milvus is in the ledger
            deleted_to = self.changes.generation()
            self._delete()
            found = self.changes.items(self.standby.cursor, _BATCH)
            self._carry([each.id for each in found], pool)
            self.standby = replace(self.standby, cursor=found[-1] if found else self.standby.cursor, deleted=deleted_to)
            self.standby.save(self.path)
            done += len(found)
            self._tell(progress, done, max(total, done))
            if len(found) < _BATCH:
                return

    def _tell(self, progress: Progress | None, done: int, total: int) -> None:
        if progress is not None:
            progress(done, total)

    def _carry(self, ids: Sequence[str], pool: ThreadPoolExecutor) -> None:
        from shelfsight.indexer.carry import carry

        if not ids:
            return
        done = carry(
            ids,
            source=self.source,
            target=self.target,
            encoder=lambda: self.encoder,
            settings=self.settings,
            pool=pool,
        )
        lost = set(done.lost)
        left = [id for id in self.standby.failed if id not in set(ids)]
        self.standby = replace(self.standby, failed=(*left, *(id for id in ids if id in lost)))
        self.carried += len(ids) - len(lost)
        self.encoded += done.encoded
        self.failures += done.failures[: _KEPT - len(self.failures)]

    def _delete(self) -> None:
        """Follow deletions; where they are no longer known one by one, compare all ids."""
        gone = self.changes.deleted(self.standby.deleted)
        if gone is None:
            gone = self.changes.absent([*self.target.ids()])
        if gone:
            self.target.commit((), gone)
            missing = set(gone)
            self.standby = replace(self.standby, failed=tuple(id for id in self.standby.failed if id not in missing))

    def _check_missing(self, leave_out: bool) -> None:
        missing = self.standby.failed
        if missing and not leave_out:
            raise Conflict(
                f"{len(missing):,} items would be missing ({missing[0]!r} the first): no picture of them can be read",
                hint="bring the files back and run again, or switch with --leave-out",
            )
