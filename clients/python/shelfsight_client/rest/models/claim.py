from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.claim_source import ClaimSource, check_claim_source
from ..models.claim_verdict import ClaimVerdict, check_claim_verdict
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.evidence import Evidence


T = TypeVar("T", bound="Claim")


@_attrs_define
class Claim:
    """One atom of the query judged on one hit.

    Attributes:
        atom (str):
        kind (str): The atom's.
        verdict (ClaimVerdict):
        probability (float): Calibrated, that `yes` would be right.
        source (ClaimSource): Who says so.
        evidence (Evidence): What a claim rests on: a field of the catalogue, or what of a picture was looked at.
        graded (bool | Unset): The model gave a grade in words, not a probability.
        likely (bool | Unset): It is so, but not so surely that a sentence may assert it.
    """

    atom: str
    kind: str
    verdict: ClaimVerdict
    probability: float
    source: ClaimSource
    evidence: Evidence
    graded: bool | Unset = UNSET
    likely: bool | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        atom = self.atom

        kind = self.kind

        verdict: str = self.verdict

        probability = self.probability

        source: str = self.source

        evidence = self.evidence.to_dict()

        graded = self.graded

        likely = self.likely

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "atom": atom,
                "kind": kind,
                "verdict": verdict,
                "probability": probability,
                "source": source,
                "evidence": evidence,
            }
        )
        if graded is not UNSET:
            field_dict["graded"] = graded
        if likely is not UNSET:
            field_dict["likely"] = likely

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.evidence import Evidence  # noqa: PLC0415

        d = dict(src_dict)
        atom = d.pop("atom")

        kind = d.pop("kind")

        verdict = check_claim_verdict(d.pop("verdict"))

        probability = d.pop("probability")

        source = check_claim_source(d.pop("source"))

        evidence = Evidence.from_dict(d.pop("evidence"))

        graded = d.pop("graded", UNSET)

        likely = d.pop("likely", UNSET)

        claim = cls(
            atom=atom,
            kind=kind,
            verdict=verdict,
            probability=probability,
            source=source,
            evidence=evidence,
            graded=graded,
            likely=likely,
        )

        return claim
