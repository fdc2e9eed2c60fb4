"""From a catalogue to an encoder that knows it, or to a clear refusal: the whole way in one function."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shelfsight.catalog import Columns, open_catalogue
from shelfsight.core.errors import Conflict, UsageError
from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.settings import PictureLimits
from shelfsight.core.vectors import FloatArray
from shelfsight.models import open_encoder
from shelfsight.models.encoders.adapted import AdaptedEncoder, adapter_folder, open_adapted
from shelfsight.models.encoders.loading import load, pick_device
from shelfsight.training.adapt.cache import VectorCache
from shelfsight.training.adapt.files import claimed, publish_folder, told_if_full, write_whole
from shelfsight.training.adapt.material import Material, gather
from shelfsight.training.adapt.pairs import load_pairs
from shelfsight.training.adapt.publishing import describe_draft, write_draft
from shelfsight.training.adapt.questions import score
from shelfsight.training.adapt.report import AdaptReport
from shelfsight.training.adapt.settings import AdaptSettings
from shelfsight.training.adapt.shelf import read_shelf
from shelfsight.training.adapt.trainer import Adapted, Trainer
from shelfsight.training.adapt.verdict import Verdict, judge

__all__ = ["Told", "finetune"]

Told = Callable[[str, int, int | None], None]
"""Called with ``reading`` or ``training``, how much is done (items, epochs), and of how much where that is known."""


def finetune(
    catalogue: str | Path,
    out: str | Path,
    *,
    encoder: str = "embedded",
    pairs: str | Path | None = None,
    text_columns: Sequence[str] | None = None,
    split_column: str | None = None,
    settings: AdaptSettings | None = None,
    device: str | None = None,
    runtime: str | None = None,
    columns: Columns | None = None,
    told: Told = lambda *_: None,
    stop_after: int | None = None,
) -> AdaptReport | None:
    """Adapt an OpenCLIP encoder to a catalogue, and publish the result where it is better on held-out items.

    The pictures are encoded once with the base encoder; then a matrix behind its picture tower and LoRA matrices in its
    text tower learn together that texts find their pictures. Texts are short, so this is done in minutes on a CPU.

    While it works, ``out`` with ``.work`` at its end keeps the vectors, the checkpoint, ``log.jsonl`` and, at the end,
    ``report.json``. Interrupted, the same call goes on from there and ends with the same weights. Where the result is
    published, the work folder is removed.

    Args:
        catalogue: what ``shelfsight index`` takes.
        out: folder of the adapted encoder; it must not be there yet. Its path is the encoder's name.
        encoder: name of the base encoder.
        pairs: file of queries and clicks, see :func:`~shelfsight.training.adapt.pairs.load_pairs`.
        text_columns: columns that say what a picture shows; ``title`` is one. Left out: the title and every column of
            short texts that repeat.
        split_column: column that says train, validation or test; left out, a column ``split`` that names all three, or
            else a split by hash in which no title and no picture is on two sides.
        settings: every number.
        device: ``cpu``, ``cuda``, ``cuda:1``; ``None`` takes CUDA where there is one.
        runtime: what encodes the pictures, see :func:`shelfsight.models.open_encoder`; training itself is torch's.
        columns: which column is what, where names do not say.
        stop_after: stop after so many epochs, as an interruption would, and return ``None``.

    Returns:
        The figures before and after; ``encoder`` is ``None`` where the result is no better and was thrown away.

    Raises:
        UsageError: too few texts, an unknown column, a bad line of ``pairs``.
        NotFound, CatalogueError: there is no such catalogue or it cannot be read.
        Conflict: something is at ``out`` already, or another process works on it.
        ModelError: the encoder cannot be opened or run. StoreFull: no space left.
    """
    began = time.monotonic()
    chosen = settings or AdaptSettings()
    target = _free_target(Path(out))
    if adapter_folder(encoder) is not None:
        raise UsageError(f"{encoder!r} is adapted already", hint="adapt its base, with all there is to learn from")
    clicks = None if pairs is None else load_pairs(Path(pairs))
    source = open_catalogue(catalogue, columns=columns)
    work = target.with_name(f"{target.name}.work")
    with told_if_full(work):
        work.mkdir(parents=True, exist_ok=True)
    with claimed(work):
        base = open_encoder(encoder, device=device, runtime=runtime)
        cache = VectorCache(work, base.spec)
        shelf = read_shelf(source, base, cache, limits=PictureLimits(), told=lambda *done: told("reading", *done))
        material = gather(shelf, chosen, pairs=clicks, text_columns=text_columns, split_column=split_column)
        before = _vectors_of(base.encode_texts, material)
        spec = base.spec
        del base
        job = _Job(material, chosen, spec, device, work)
        adapted = job.train(lambda *done: told("training", *done), stop_after)
        if adapted is None:
            return None
        report = job.conclude(adapted, before, target, began)
        if report.promoted:
            shutil.rmtree(work, ignore_errors=True)
    return report


@dataclass(frozen=True, slots=True)
class _Job:
    """What is left to do once everything is gathered."""

    material: Material
    settings: AdaptSettings
    base: EncoderSpec
    device: str | None
    work: Path

    def train(self, told: Callable[[int, int], None], stop_after: int | None) -> Adapted | None:
        where = pick_device(self.device)
        trainer = Trainer(load(self.base.name, where), self.material, self.settings, self.work, self._key())
        return trainer.run(told, stop_after=stop_after)

    def conclude(self, adapted: Adapted, before: FloatArray, target: Path, began: float) -> AdaptReport:
        """Write the draft, measure it as the product will open it, and publish it or throw it away."""
        draft = self.work / "draft"
        write_draft(adapted, self.base, draft)
        opened = open_adapted(draft, device=self.device, runtime="torch")
        verdict = self._measure(opened, before, adapted.validation)
        report = AdaptReport(
            encoder=target if verdict.better else None,
            revision=opened.spec.revision,
            base=self.base.name,
            verdict=verdict,
            data=self.material.summary(),
            strength=adapted.strength,
            epochs=adapted.epochs,
            validation=adapted.validation,
            seconds=round(time.monotonic() - began, 1),
        )
        if verdict.better:
            describe_draft(report, self.settings.model_dump(), self.base, draft)
            publish_folder(draft, target)
        else:
            shutil.rmtree(draft)
            write_whole(self.work / "report.json", (json.dumps(report.to_json(), indent=2) + "\n").encode())
        return report

    def _measure(self, opened: AdaptedEncoder, before: FloatArray, validation: tuple[float, float]) -> Verdict:
        questions, shelf = self.material.test, self.material.shelf
        after = _vectors_of(opened.encode_texts, self.material)
        return judge(
            questions,
            score(questions, shelf, before, shelf.vectors),
            score(questions, shelf, after, opened.adapt(shelf.vectors)),
            self.settings.metric,
            validation=validation,
        )

    def _key(self) -> str:
        """Hex digest of everything that a checkpoint depends on."""
        parts = [self.base.revision, self.base.fingerprint, self.settings.model_dump(), self.material.digest()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _vectors_of(encode: Callable[[Sequence[str]], FloatArray], material: Material) -> FloatArray:
    return encode([material.texts.texts[number].text for number in material.test.texts])


def _free_target(out: Path) -> Path:
    """The absolute path to publish at.

    Raises:
        UsageError: no folder can be there. Conflict: something is there.
    """
    try:
        target = out.expanduser().resolve()
        taken = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"{str(out)!r} can be no folder: {error}") from error
    if taken:
        raise Conflict(f"{str(target)!r} is there already", hint="name another folder, or remove that one")
    return target
