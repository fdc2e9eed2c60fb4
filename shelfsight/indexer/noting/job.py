"""One job of notes from beginning to end."""

from collections.abc import Iterator, Sequence

from shelfsight.core.errors import ModelError, UsageError
from shelfsight.core.protocols import Batched, Store
from shelfsight.core.settings import Settings
from shelfsight.core.vision import Reusable, VisionLanguageModel
from shelfsight.indexer.interruption import Interruption
from shelfsight.indexer.noting.looking import Look, Looked, Looker
from shelfsight.indexer.noting.report import NotesProgress, NotesReport, NotesTally
from shelfsight.indexer.noting.suggesting import Suggester

__all__ = ["add_notes", "check_able", "model_name"]

_BATCH = 16
_VERSION = 12  # characters of it that are shown


def model_name(vlm: VisionLanguageModel) -> str:
    """What suggestions of a model go by: its name, and its version where it tells one."""
    return f"{vlm.name}@{vlm.features_version[:_VERSION]}" if isinstance(vlm, Reusable) else vlm.name


def add_notes(
    store: Store,
    vlm: VisionLanguageModel,
    look: Look,
    *,
    settings: Settings,
    features: bool = False,
    enrich: bool = False,
    progress: NotesProgress | None = None,
) -> NotesReport:
    """Note what is missing. Committed batches stay whatever ends the job; Ctrl-C and SIGTERM end it after the batch in
    hand, and the next one goes on from there.

    Args:
        look: gives the pictures.
        features: keep features of every picture, for ``vlm`` to look at again.
        enrich: keep a caption of every item's main picture, and values for fields that the merchant left empty.
        progress: told after every batch.

    Raises:
        UsageError: nothing is asked for, or ``vlm`` cannot do it.
        LeaseHeld: another job is at work; names it.
        StoreError, StoreFull: notes cannot be written.
        ModelError: the model fails.
        KeyboardInterrupt: it was told to end.
    """
    check_able(vlm, features=features, enrich=enrich)
    with store.lease(f"notes of {vlm.name}"), Interruption() as interruption:
        tally = NotesTally(0 if features else None, 0 if enrich else None)
        job = _Job(store, vlm, look, settings, tally, progress, interruption)
        if features and isinstance(vlm, Reusable):
            job.keep_features(vlm)
        if enrich:
            job.keep_suggestions(vlm)
        store.maintain()
        return tally.report()


def check_able(vlm: VisionLanguageModel, *, features: bool, enrich: bool) -> None:
    """For whoever has other work to do before :func:`add_notes`.

    Raises:
        UsageError: as that would.
    """
    if not features and not enrich:
        raise UsageError("nothing is to be noted", hint="ask for features, for suggestions, or for both")
    if features and not isinstance(vlm, Reusable):
        raise UsageError(f"{vlm.name} looks at a picture anew each time: there are no features to keep of it")
    if enrich and not vlm.generates:
        raise UsageError(f"{vlm.name} writes no text, so it can suggest nothing", hint="choose a model that answers")


class _Job:
    def __init__(
        self,
        store: Store,
        vlm: VisionLanguageModel,
        look: Look,
        settings: Settings,
        tally: NotesTally,
        progress: NotesProgress | None,
        interruption: Interruption,
    ) -> None:
        batch = vlm.batch_size if isinstance(vlm, Batched) else _BATCH
        self._store = store
        self._looker = Looker(store, look, threads=settings.index.decode_threads, batch=batch)
        self._tally = tally
        self._progress = progress
        self._interruption = interruption

    def keep_features(self, vlm: Reusable) -> None:
        version = vlm.features_version
        notes = self._store.notes
        made = notes.summary().features.get(version, 0)
        self._tally.features = 0
        for batch in self._batches("features", notes.lacking_features(version), made, main_only=False):
            images = [looked.image for looked in batch if looked.image is not None]
            found = vlm.picture_features(images)
            if len(found) != len(images):
                raise ModelError(f"features of {len(found)} pictures for {len(images)}")
            keys = [looked.key for looked in batch]
            notes.keep_features(version, dict(zip(keys, found, strict=True)), _fingerprints(batch))
            self._tally.features += len(batch)

    def keep_suggestions(self, vlm: VisionLanguageModel) -> None:
        model = model_name(vlm)
        notes = self._store.notes
        suggester = Suggester(vlm, model, [*self._store.snapshot().fields()])
        made = notes.summary().suggestions.get(model, 0)
        self._tally.suggestions = 0
        for batch in self._batches("suggestions", notes.lacking_suggestions(model), made, main_only=True):
            found = suggester.suggest([(looked.item, looked.image) for looked in batch if looked.image is not None])
            said = {looked.item.id: each for looked, each in zip(batch, found, strict=True) if each}
            notes.keep_suggestions(said, _fingerprints(batch))
            self._tally.suggestions += len(said)

    def _batches(self, stage: str, ids: Iterator[str], made: int, *, main_only: bool) -> Iterator[list[Looked]]:
        """Pictures that can be looked at; told of and interrupted between them."""
        manifest = self._store.manifest
        total = manifest.items if main_only else manifest.pictures
        with self._looker.batches(ids, main_only=main_only) as batches:
            for batch in batches:
                for looked in batch:
                    if looked.failure is not None:
                        self._tally.fail(looked.failure)
                if seen := [looked for looked in batch if looked.image is not None]:
                    yield seen
                self._tell(stage, made, total)
                self._interruption.check()

    def _tell(self, stage: str, made: int, total: int) -> None:
        if self._progress is not None:
            done = (self._tally.suggestions if stage == "suggestions" else self._tally.features) or 0
            self._progress(stage, made + done, total, failed=self._tally.failed)


def _fingerprints(batch: Sequence[Looked]) -> dict[str, str]:
    return {looked.item.id: looked.item.fingerprints.pictures for looked in batch}
