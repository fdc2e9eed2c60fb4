from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.search_request_mode import SearchRequestMode, check_search_request_mode
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.atom_document import AtomDocument
    from ..models.example_document import ExampleDocument


T = TypeVar("T", bound="SearchRequest")


@_attrs_define
class SearchRequest:
    """A search. At least one of ``query``, ``image`` and ``like`` is given.

    Attributes:
        query (None | str | Unset): A phrase or sentence; hits should not show what is written `-floral`. Also called
            `text`.
        image (None | str | Unset): A picture, base64; in a form: an uploaded file.
        image_weight (float | Unset): Share of the picture beside the query. Default: 0.5.
        like (list[ExampleDocument | str] | Unset): Items, by id, whose main pictures hits should look like; they have
            the share `image_weight` beside the query, and are no hits themselves.
        unlike (list[ExampleDocument | str] | Unset): Items, by id, that hits should not look like, beside a query, a
            picture or `like`.
        negative (list[str] | Unset): What hits should not show.
        mode (SearchRequestMode | Unset): `vector` looks at pictures alone, `hybrid` for the query's words in titles and
            metadata too. Default: 'vector'.
        filter_ (None | str | Unset): Boolean expression over metadata, such as `price < 80 and color in ["red"]`.
        k (int | Unset): Hits wanted, 1 or more. Default: 10.
        offset (int | Unset): Hits skipped. Default: 0.
        facets (list[str] | Unset): Fields whose value counts are wanted.
        histograms (list[str] | Unset): Number fields whose spread is wanted.
        sort (list[str] | Unset): Fields to order by in place of relevance: `price`, or `-price` for descending.
        group_by (None | str | Unset): One hit for each value of this field; the others of its group are its `variants`.
        snapshot (None | str | Unset): `snapshot` of the page before, so that this one is of the same state.
        rules (bool | Unset): Whether the merchandiser's rules count. Default: True.
        min_relevance (float | None | Unset): Leave out hits less likely relevant than this, 0 to 1, also of total,
            facets and histograms.
        duplicates (float | None | Unset): Fold hits into better ones whose picture has at least this cosine with
            theirs: 0.95, say.
        diversity (float | Unset): How far hits that look alike make room for others, 0 to 1. Default: 0.0.
        rerank (bool | Unset): Let a vision-language model look at the best candidates again. Default: False.
        explain (bool | int | Unset): Say why hits are there; a number: of so many, from the first on. Default: False.
        depth (int | None | Unset): Candidates that are looked at.
        budget_ms (float | None | Unset): Milliseconds that looking may take; then the best so far.
        atoms (list[AtomDocument] | None | Unset): What the query asks for, in place of what would be read from it:
            `atoms` of an answer, edited. In a form: as JSON text.
    """

    query: None | str | Unset = UNSET
    image: None | str | Unset = UNSET
    image_weight: float | Unset = 0.5
    like: list[ExampleDocument | str] | Unset = UNSET
    unlike: list[ExampleDocument | str] | Unset = UNSET
    negative: list[str] | Unset = UNSET
    mode: SearchRequestMode | Unset = "vector"
    filter_: None | str | Unset = UNSET
    k: int | Unset = 10
    offset: int | Unset = 0
    facets: list[str] | Unset = UNSET
    histograms: list[str] | Unset = UNSET
    sort: list[str] | Unset = UNSET
    group_by: None | str | Unset = UNSET
    snapshot: None | str | Unset = UNSET
    rules: bool | Unset = True
    min_relevance: float | None | Unset = UNSET
    duplicates: float | None | Unset = UNSET
    diversity: float | Unset = 0.0
    rerank: bool | Unset = False
    explain: bool | int | Unset = False
    depth: int | None | Unset = UNSET
    budget_ms: float | None | Unset = UNSET
    atoms: list[AtomDocument] | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.example_document import ExampleDocument  # noqa: PLC0415

        query: None | str | Unset
        if isinstance(self.query, Unset):
            query = UNSET
        else:
            query = self.query

        image: None | str | Unset
        if isinstance(self.image, Unset):
            image = UNSET
        else:
            image = self.image

        image_weight = self.image_weight

        like: list[dict[str, Any] | str] | Unset = UNSET
        if not isinstance(self.like, Unset):
            like = []
            for like_item_data in self.like:
                like_item: dict[str, Any] | str
                if isinstance(like_item_data, ExampleDocument):
                    like_item = like_item_data.to_dict()
                else:
                    like_item = like_item_data
                like.append(like_item)

        unlike: list[dict[str, Any] | str] | Unset = UNSET
        if not isinstance(self.unlike, Unset):
            unlike = []
            for unlike_item_data in self.unlike:
                unlike_item: dict[str, Any] | str
                if isinstance(unlike_item_data, ExampleDocument):
                    unlike_item = unlike_item_data.to_dict()
                else:
                    unlike_item = unlike_item_data
                unlike.append(unlike_item)

        negative: list[str] | Unset = UNSET
        if not isinstance(self.negative, Unset):
            negative = self.negative

        mode: str | Unset = UNSET
        if not isinstance(self.mode, Unset):
            mode = self.mode

        filter_: None | str | Unset
        if isinstance(self.filter_, Unset):
            filter_ = UNSET
        else:
            filter_ = self.filter_

        k = self.k

        offset = self.offset

        facets: list[str] | Unset = UNSET
        if not isinstance(self.facets, Unset):
            facets = self.facets

        histograms: list[str] | Unset = UNSET
        if not isinstance(self.histograms, Unset):
            histograms = self.histograms

        sort: list[str] | Unset = UNSET
        if not isinstance(self.sort, Unset):
            sort = self.sort

        group_by: None | str | Unset
        if isinstance(self.group_by, Unset):
            group_by = UNSET
        else:
            group_by = self.group_by

        snapshot: None | str | Unset
        if isinstance(self.snapshot, Unset):
            snapshot = UNSET
        else:
            snapshot = self.snapshot

        rules = self.rules

        min_relevance: float | None | Unset
        if isinstance(self.min_relevance, Unset):
            min_relevance = UNSET
        else:
            min_relevance = self.min_relevance

        duplicates: float | None | Unset
        if isinstance(self.duplicates, Unset):
            duplicates = UNSET
        else:
            duplicates = self.duplicates

        diversity = self.diversity

        rerank = self.rerank

        explain: bool | int | Unset
        if isinstance(self.explain, Unset):
            explain = UNSET
        else:
            explain = self.explain

        depth: int | None | Unset
        if isinstance(self.depth, Unset):
            depth = UNSET
        else:
            depth = self.depth

        budget_ms: float | None | Unset
        if isinstance(self.budget_ms, Unset):
            budget_ms = UNSET
        else:
            budget_ms = self.budget_ms

        atoms: list[dict[str, Any]] | None | Unset
        if isinstance(self.atoms, Unset):
            atoms = UNSET
        elif isinstance(self.atoms, list):
            atoms = []
            for atoms_type_0_item_data in self.atoms:
                atoms_type_0_item = atoms_type_0_item_data.to_dict()
                atoms.append(atoms_type_0_item)

        else:
            atoms = self.atoms

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if query is not UNSET:
            field_dict["query"] = query
        if image is not UNSET:
            field_dict["image"] = image
        if image_weight is not UNSET:
            field_dict["image_weight"] = image_weight
        if like is not UNSET:
            field_dict["like"] = like
        if unlike is not UNSET:
            field_dict["unlike"] = unlike
        if negative is not UNSET:
            field_dict["negative"] = negative
        if mode is not UNSET:
            field_dict["mode"] = mode
        if filter_ is not UNSET:
            field_dict["filter"] = filter_
        if k is not UNSET:
            field_dict["k"] = k
        if offset is not UNSET:
            field_dict["offset"] = offset
        if facets is not UNSET:
            field_dict["facets"] = facets
        if histograms is not UNSET:
            field_dict["histograms"] = histograms
        if sort is not UNSET:
            field_dict["sort"] = sort
        if group_by is not UNSET:
            field_dict["group_by"] = group_by
        if snapshot is not UNSET:
            field_dict["snapshot"] = snapshot
        if rules is not UNSET:
            field_dict["rules"] = rules
        if min_relevance is not UNSET:
            field_dict["min_relevance"] = min_relevance
        if duplicates is not UNSET:
            field_dict["duplicates"] = duplicates
        if diversity is not UNSET:
            field_dict["diversity"] = diversity
        if rerank is not UNSET:
            field_dict["rerank"] = rerank
        if explain is not UNSET:
            field_dict["explain"] = explain
        if depth is not UNSET:
            field_dict["depth"] = depth
        if budget_ms is not UNSET:
            field_dict["budget_ms"] = budget_ms
        if atoms is not UNSET:
            field_dict["atoms"] = atoms

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.atom_document import AtomDocument  # noqa: PLC0415
        from ..models.example_document import ExampleDocument  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_query(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        query = _parse_query(d.pop("query", UNSET))

        def _parse_image(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        image = _parse_image(d.pop("image", UNSET))

        image_weight = d.pop("image_weight", UNSET)

        _like = d.pop("like", UNSET)
        like: list[ExampleDocument | str] | Unset = UNSET
        if _like is not UNSET:
            like = []
            for like_item_data in _like:

                def _parse_like_item(data: object) -> ExampleDocument | str:
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        like_item_type_1 = ExampleDocument.from_dict(data)

                        return like_item_type_1
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    return cast(ExampleDocument | str, data)

                like_item = _parse_like_item(like_item_data)

                like.append(like_item)

        _unlike = d.pop("unlike", UNSET)
        unlike: list[ExampleDocument | str] | Unset = UNSET
        if _unlike is not UNSET:
            unlike = []
            for unlike_item_data in _unlike:

                def _parse_unlike_item(data: object) -> ExampleDocument | str:
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        unlike_item_type_1 = ExampleDocument.from_dict(data)

                        return unlike_item_type_1
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    return cast(ExampleDocument | str, data)

                unlike_item = _parse_unlike_item(unlike_item_data)

                unlike.append(unlike_item)

        negative = cast(list[str], d.pop("negative", UNSET))

        _mode = d.pop("mode", UNSET)
        mode: SearchRequestMode | Unset
        if isinstance(_mode, Unset):
            mode = UNSET
        else:
            mode = check_search_request_mode(_mode)

        def _parse_filter_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        filter_ = _parse_filter_(d.pop("filter", UNSET))

        k = d.pop("k", UNSET)

        offset = d.pop("offset", UNSET)

        facets = cast(list[str], d.pop("facets", UNSET))

        histograms = cast(list[str], d.pop("histograms", UNSET))

        sort = cast(list[str], d.pop("sort", UNSET))

        def _parse_group_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        group_by = _parse_group_by(d.pop("group_by", UNSET))

        def _parse_snapshot(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        snapshot = _parse_snapshot(d.pop("snapshot", UNSET))

        rules = d.pop("rules", UNSET)

        def _parse_min_relevance(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        min_relevance = _parse_min_relevance(d.pop("min_relevance", UNSET))

        def _parse_duplicates(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        duplicates = _parse_duplicates(d.pop("duplicates", UNSET))

        diversity = d.pop("diversity", UNSET)

        rerank = d.pop("rerank", UNSET)

        def _parse_explain(data: object) -> bool | int | Unset:
            if isinstance(data, Unset):
                return data
            return cast(bool | int | Unset, data)

        explain = _parse_explain(d.pop("explain", UNSET))

        def _parse_depth(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        depth = _parse_depth(d.pop("depth", UNSET))

        def _parse_budget_ms(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        budget_ms = _parse_budget_ms(d.pop("budget_ms", UNSET))

        def _parse_atoms(data: object) -> list[AtomDocument] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                atoms_type_0 = []
                _atoms_type_0 = data
                for atoms_type_0_item_data in _atoms_type_0:
                    atoms_type_0_item = AtomDocument.from_dict(atoms_type_0_item_data)

                    atoms_type_0.append(atoms_type_0_item)

                return atoms_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[AtomDocument] | None | Unset, data)

        atoms = _parse_atoms(d.pop("atoms", UNSET))

        search_request = cls(
            query=query,
            image=image,
            image_weight=image_weight,
            like=like,
            unlike=unlike,
            negative=negative,
            mode=mode,
            filter_=filter_,
            k=k,
            offset=offset,
            facets=facets,
            histograms=histograms,
            sort=sort,
            group_by=group_by,
            snapshot=snapshot,
            rules=rules,
            min_relevance=min_relevance,
            duplicates=duplicates,
            diversity=diversity,
            rerank=rerank,
            explain=explain,
            depth=depth,
            budget_ms=budget_ms,
            atoms=atoms,
        )

        return search_request
