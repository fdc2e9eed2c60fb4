from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.atom import Atom
    from ..models.page_end_corrections import PageEndCorrections
    from ..models.page_end_facets import PageEndFacets
    from ..models.page_end_histograms import PageEndHistograms
    from ..models.page_end_trace import PageEndTrace
    from ..models.stage import Stage


T = TypeVar("T", bound="PageEnd")


@_attrs_define
class PageEnd:
    """A page without its hits: what is counted, and how it came about.

    Attributes:
        total (int): Items that pass.
        facets (PageEndFacets): Field -> value -> items.
        trace (PageEndTrace): Stage -> milliseconds.
        snapshot (None | str): Sent back, the next page is of the same state.
        groups (int | Unset): How many groups the items make.
        histograms (PageEndHistograms | Unset):
        nothing_matches (bool | Unset): None of the hits is likely to be what was asked for.
        corrections (PageEndCorrections | Unset): Word as typed -> the word that was looked up.
        atoms (list[Atom] | Unset): What the query was understood to ask for.
        stages (list[Stage] | Unset):
        warnings (list[str] | Unset): What was degraded, in sentences.
    """

    total: int
    facets: PageEndFacets
    trace: PageEndTrace
    snapshot: None | str
    groups: int | Unset = UNSET
    histograms: PageEndHistograms | Unset = UNSET
    nothing_matches: bool | Unset = UNSET
    corrections: PageEndCorrections | Unset = UNSET
    atoms: list[Atom] | Unset = UNSET
    stages: list[Stage] | Unset = UNSET
    warnings: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        total = self.total

        facets = self.facets.to_dict()

        trace = self.trace.to_dict()

        snapshot: None | str
        snapshot = self.snapshot

        groups = self.groups

        histograms: dict[str, Any] | Unset = UNSET
        if not isinstance(self.histograms, Unset):
            histograms = self.histograms.to_dict()

        nothing_matches = self.nothing_matches

        corrections: dict[str, Any] | Unset = UNSET
        if not isinstance(self.corrections, Unset):
            corrections = self.corrections.to_dict()

        atoms: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.atoms, Unset):
            atoms = []
            for atoms_item_data in self.atoms:
                atoms_item = atoms_item_data.to_dict()
                atoms.append(atoms_item)

        stages: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.stages, Unset):
            stages = []
            for stages_item_data in self.stages:
                stages_item = stages_item_data.to_dict()
                stages.append(stages_item)

        warnings: list[str] | Unset = UNSET
        if not isinstance(self.warnings, Unset):
            warnings = self.warnings

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "total": total,
                "facets": facets,
                "trace": trace,
                "snapshot": snapshot,
            }
        )
        if groups is not UNSET:
            field_dict["groups"] = groups
        if histograms is not UNSET:
            field_dict["histograms"] = histograms
        if nothing_matches is not UNSET:
            field_dict["nothing_matches"] = nothing_matches
        if corrections is not UNSET:
            field_dict["corrections"] = corrections
        if atoms is not UNSET:
            field_dict["atoms"] = atoms
        if stages is not UNSET:
            field_dict["stages"] = stages
        if warnings is not UNSET:
            field_dict["warnings"] = warnings

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.atom import Atom  # noqa: PLC0415
        from ..models.page_end_corrections import PageEndCorrections  # noqa: PLC0415
        from ..models.page_end_facets import PageEndFacets  # noqa: PLC0415
        from ..models.page_end_histograms import PageEndHistograms  # noqa: PLC0415
        from ..models.page_end_trace import PageEndTrace  # noqa: PLC0415
        from ..models.stage import Stage  # noqa: PLC0415

        d = dict(src_dict)
        total = d.pop("total")

        facets = PageEndFacets.from_dict(d.pop("facets"))

        trace = PageEndTrace.from_dict(d.pop("trace"))

        def _parse_snapshot(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        snapshot = _parse_snapshot(d.pop("snapshot"))

        groups = d.pop("groups", UNSET)

        _histograms = d.pop("histograms", UNSET)
        histograms: PageEndHistograms | Unset
        if isinstance(_histograms, Unset):
            histograms = UNSET
        else:
            histograms = PageEndHistograms.from_dict(_histograms)

        nothing_matches = d.pop("nothing_matches", UNSET)

        _corrections = d.pop("corrections", UNSET)
        corrections: PageEndCorrections | Unset
        if isinstance(_corrections, Unset):
            corrections = UNSET
        else:
            corrections = PageEndCorrections.from_dict(_corrections)

        _atoms = d.pop("atoms", UNSET)
        atoms: list[Atom] | Unset = UNSET
        if _atoms is not UNSET:
            atoms = []
            for atoms_item_data in _atoms:
                atoms_item = Atom.from_dict(atoms_item_data)

                atoms.append(atoms_item)

        _stages = d.pop("stages", UNSET)
        stages: list[Stage] | Unset = UNSET
        if _stages is not UNSET:
            stages = []
            for stages_item_data in _stages:
                stages_item = Stage.from_dict(stages_item_data)

                stages.append(stages_item)

        warnings = cast(list[str], d.pop("warnings", UNSET))

        page_end = cls(
            total=total,
            facets=facets,
            trace=trace,
            snapshot=snapshot,
            groups=groups,
            histograms=histograms,
            nothing_matches=nothing_matches,
            corrections=corrections,
            atoms=atoms,
            stages=stages,
            warnings=warnings,
        )

        return page_end
