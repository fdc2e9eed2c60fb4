"""What came of it, for programs and for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelfsight.core.protocols import EncoderSpec
from shelfsight.training.adapt.verdict import Comparison, Verdict

__all__ = ["AdaptReport", "model_card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptReport:
    """What came of adapting an encoder.

    Attributes:
        encoder: the folder of the adapted encoder, to be used as an encoder's name; ``None`` where it is not promoted.
        revision: its revision.
        base: name of the base encoder.
        verdict: the figures before and after on the test questions, and what stands against promotion.
        data: counts of items, pictures, texts and parts.
        strength: share of the learnt deltas that is used, chosen on validation.
        epochs: epochs trained.
        validation: mean figure of the validation questions before and after.
        seconds: wall time of this call.
    """

    encoder: Path | None
    revision: str
    base: str
    verdict: Verdict
    data: Mapping[str, Any]
    strength: float
    epochs: int
    validation: tuple[float, float]
    seconds: float

    @property
    def promoted(self) -> bool:
        """Whether the adapted encoder is better and was published."""
        return self.encoder is not None

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``finetune --json``."""
        return {
            "promoted": self.promoted,
            "encoder": None if self.encoder is None else str(self.encoder),
            "revision": self.revision,
            "base": self.base,
            **self.verdict.to_json(),
            "data": dict(self.data),
            "strength": self.strength,
            "epochs": self.epochs,
            "validation": {"before": self.validation[0], "after": self.validation[1]},
            "seconds": self.seconds,
        }


def model_card(report: AdaptReport, settings: Mapping[str, Any], base: EncoderSpec) -> str:
    """Markdown for the folder of a promoted encoder."""
    data, verdict = report.data, report.verdict
    parts = ", ".join(f"{count:,} {part}" for part, count in data["parts"].items())
    texts = ", ".join(f"{count:,} {family}" for family, count in data["training_texts"].items())
    rows = [
        *_rows(verdict.metrics),
        *_rows({f"{verdict.metric}, {name}": each for name, each in verdict.families.items()}),
    ]
    split = f"named by the column {data['split_column']!r}" if data["split_column"] else "by hash of title and pictures"
    return "\n".join(
        [
            f"# {base.name}, adapted to a catalogue",
            "",
            "Made by `shelfsight finetune`. Use this folder's path as the name of an encoder:",
            "`shelfsight index CATALOGUE -c COLLECTION --encoder FOLDER`.",
            "",
            "| | |",
            "|---|---|",
            f"| base | `{base.name}`, revision `{base.revision[:16]}`; it must be on the machine, as it was |",
            f"| revision | `{report.revision[:16]}` |",
            f"| what was learnt | LoRA of rank {settings['rank']} on the text tower's matrices, one {base.dimension} x "
            f"{base.dimension} matrix behind the picture tower; {report.strength:g} of the learnt change is used |",
            f"| catalogue | {data['items']:,} items, {data['pictures']:,} pictures; parts {split}: {parts} |",
            f"| texts learnt | {texts} |",
            f"| epochs | {report.epochs}, seed {settings['seed']} |",
            "",
            "## On texts and items that it was not trained on",
            "",
            "The gallery is every item that was not trained on, so it is smaller than the catalogue: compare the two,",
            "not these figures with others.",
            "",
            "| metric | texts | before | after | 95 % interval of the paired difference |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "It is good at this catalogue's words and pictures, and was measured on nothing else. Licence and",
            "limits of the base hold for it too.",
            "",
        ]
    )


def _rows(comparisons: Mapping[str, Comparison]) -> list[str]:
    return [
        f"| {name} | {each.queries:,} | {each.before:.4f} | {each.after:.4f} | "
        f"{each.interval.low:+.4f} to {each.interval.high:+.4f} |"
        for name, each in comparisons.items()
    ]
