from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.atom import Atom
    from ..models.hit import Hit
    from ..models.page_corrections import PageCorrections
    from ..models.page_facets import PageFacets
    from ..models.page_histograms import PageHistograms
    from ..models.page_trace import PageTrace
    from ..models.stage import Stage


T = TypeVar("T", bound="Page")


@_attrs_define
class Page:
    """A page of hits.

    Attributes:
        hits (list[Hit]): Best first.
        total (int): Items that pass.
        facets (PageFacets): Field -> value -> items.
        trace (PageTrace): Stage -> milliseconds.
        snapshot (None | str): Sent back, the next page is of the same state.
        groups (int | Unset): How many groups the items make.
        histograms (PageHistograms | Unset):
        nothing_matches (bool | Unset): None of the hits is likely to be what was asked for.
        corrections (PageCorrections | Unset): Word as typed -> the word that was looked up.
        atoms (list[Atom] | Unset): What the query was understood to ask for.
        stages (list[Stage] | Unset):
        warnings (list[str] | Unset): What was degraded, in sentences.
    """

    hits: list[Hit]
    total: int
    facets: PageFacets
    trace: PageTrace
    snapshot: None | str
    groups: int | Unset = UNSET
    histograms: PageHistograms | Unset = UNSET
    nothing_matches: bool | Unset = UNSET
    corrections: PageCorrections | Unset = UNSET
    atoms: list[Atom] | Unset = UNSET
    stages: list[Stage] | Unset = UNSET
    warnings: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        hits = []
        for hits_item_data in self.hits:
            hits_item = hits_item_data.to_dict()
            hits.append(hits_item)

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
                "hits": hits,
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
        from ..models.hit import Hit  # noqa: PLC0415
        from ..models.page_corrections import PageCorrections  # noqa: PLC0415
        from ..models.page_facets import PageFacets  # noqa: PLC0415
        from ..models.page_histograms import PageHistograms  # noqa: PLC0415
        from ..models.page_trace import PageTrace  # noqa: PLC0415
        from ..models.stage import Stage  # noqa: PLC0415

        d = dict(src_dict)
        hits = []
        _hits = d.pop("hits")
        for hits_item_data in _hits:
            hits_item = Hit.from_dict(hits_item_data)

            hits.append(hits_item)

        total = d.pop("total")

        facets = PageFacets.from_dict(d.pop("facets"))

        trace = PageTrace.from_dict(d.pop("trace"))

        def _parse_snapshot(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        snapshot = _parse_snapshot(d.pop("snapshot"))

        groups = d.pop("groups", UNSET)

        _histograms = d.pop("histograms", UNSET)
        histograms: PageHistograms | Unset
        if isinstance(_histograms, Unset):
            histograms = UNSET
        else:
            histograms = PageHistograms.from_dict(_histograms)

        nothing_matches = d.pop("nothing_matches", UNSET)

        _corrections = d.pop("corrections", UNSET)
        corrections: PageCorrections | Unset
        if isinstance(_corrections, Unset):
            corrections = UNSET
        else:
            corrections = PageCorrections.from_dict(_corrections)

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

        page = cls(
            hits=hits,
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

        return page
