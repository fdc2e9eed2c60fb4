from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.why_outcome import WhyOutcome, check_why_outcome
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.why_change import WhyChange
    from ..models.why_condition import WhyCondition
    from ..models.why_into import WhyInto
    from ..models.why_neighbour import WhyNeighbour
    from ..models.why_rule import WhyRule
    from ..models.why_stage import WhyStage
    from ..models.why_trace import WhyTrace
    from ..models.why_word import WhyWord


T = TypeVar("T", bound="Why")


@_attrs_define
class Why:
    """Why an item stands where it does in a search, or is not found.

    Attributes:
        id (str):
        title (None | str):
        picture (str): Name of its best picture for this query.
        picture_index (int):
        outcome (WhyOutcome):
        sentence (str): The answer for a person.
        rank (int | None): Its place over all pages; null: it has none.
        total (int):
        k (int):
        score (float | None):
        conditions (list[WhyCondition]):
        stages (list[WhyStage]): In the order they ran.
        rules (list[WhyRule]):
        above (list[WhyNeighbour]): The hits right above it, the nearest first.
        changes (list[WhyChange]):
        trace (WhyTrace):
        relevance (float | Unset):
        cutoff (float | Unset): The probability below which hits are left out.
        share (float | Unset): Of the words asked for, the share that it has.
        words (list[WhyWord] | Unset):
        into (WhyInto | Unset): The hit that stands for the item.
        warnings (list[str] | Unset):
    """

    id: str
    title: None | str
    picture: str
    picture_index: int
    outcome: WhyOutcome
    sentence: str
    rank: int | None
    total: int
    k: int
    score: float | None
    conditions: list[WhyCondition]
    stages: list[WhyStage]
    rules: list[WhyRule]
    above: list[WhyNeighbour]
    changes: list[WhyChange]
    trace: WhyTrace
    relevance: float | Unset = UNSET
    cutoff: float | Unset = UNSET
    share: float | Unset = UNSET
    words: list[WhyWord] | Unset = UNSET
    into: WhyInto | Unset = UNSET
    warnings: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        title: None | str
        title = self.title

        picture = self.picture

        picture_index = self.picture_index

        outcome: str = self.outcome

        sentence = self.sentence

        rank: int | None
        rank = self.rank

        total = self.total

        k = self.k

        score: float | None
        score = self.score

        conditions = []
        for conditions_item_data in self.conditions:
            conditions_item = conditions_item_data.to_dict()
            conditions.append(conditions_item)

        stages = []
        for stages_item_data in self.stages:
            stages_item = stages_item_data.to_dict()
            stages.append(stages_item)

        rules = []
        for rules_item_data in self.rules:
            rules_item = rules_item_data.to_dict()
            rules.append(rules_item)

        above = []
        for above_item_data in self.above:
            above_item = above_item_data.to_dict()
            above.append(above_item)

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        trace = self.trace.to_dict()

        relevance = self.relevance

        cutoff = self.cutoff

        share = self.share

        words: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.words, Unset):
            words = []
            for words_item_data in self.words:
                words_item = words_item_data.to_dict()
                words.append(words_item)

        into: dict[str, Any] | Unset = UNSET
        if not isinstance(self.into, Unset):
            into = self.into.to_dict()

        warnings: list[str] | Unset = UNSET
        if not isinstance(self.warnings, Unset):
            warnings = self.warnings

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "title": title,
                "picture": picture,
                "picture_index": picture_index,
                "outcome": outcome,
                "sentence": sentence,
                "rank": rank,
                "total": total,
                "k": k,
                "score": score,
                "conditions": conditions,
                "stages": stages,
                "rules": rules,
                "above": above,
                "changes": changes,
                "trace": trace,
            }
        )
        if relevance is not UNSET:
            field_dict["relevance"] = relevance
        if cutoff is not UNSET:
            field_dict["cutoff"] = cutoff
        if share is not UNSET:
            field_dict["share"] = share
        if words is not UNSET:
            field_dict["words"] = words
        if into is not UNSET:
            field_dict["into"] = into
        if warnings is not UNSET:
            field_dict["warnings"] = warnings

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.why_change import WhyChange  # noqa: PLC0415
        from ..models.why_condition import WhyCondition  # noqa: PLC0415
        from ..models.why_into import WhyInto  # noqa: PLC0415
        from ..models.why_neighbour import WhyNeighbour  # noqa: PLC0415
        from ..models.why_rule import WhyRule  # noqa: PLC0415
        from ..models.why_stage import WhyStage  # noqa: PLC0415
        from ..models.why_trace import WhyTrace  # noqa: PLC0415
        from ..models.why_word import WhyWord  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        picture = d.pop("picture")

        picture_index = d.pop("picture_index")

        outcome = check_why_outcome(d.pop("outcome"))

        sentence = d.pop("sentence")

        def _parse_rank(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rank = _parse_rank(d.pop("rank"))

        total = d.pop("total")

        k = d.pop("k")

        def _parse_score(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        score = _parse_score(d.pop("score"))

        conditions = []
        _conditions = d.pop("conditions")
        for conditions_item_data in _conditions:
            conditions_item = WhyCondition.from_dict(conditions_item_data)

            conditions.append(conditions_item)

        stages = []
        _stages = d.pop("stages")
        for stages_item_data in _stages:
            stages_item = WhyStage.from_dict(stages_item_data)

            stages.append(stages_item)

        rules = []
        _rules = d.pop("rules")
        for rules_item_data in _rules:
            rules_item = WhyRule.from_dict(rules_item_data)

            rules.append(rules_item)

        above = []
        _above = d.pop("above")
        for above_item_data in _above:
            above_item = WhyNeighbour.from_dict(above_item_data)

            above.append(above_item)

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = WhyChange.from_dict(changes_item_data)

            changes.append(changes_item)

        trace = WhyTrace.from_dict(d.pop("trace"))

        relevance = d.pop("relevance", UNSET)

        cutoff = d.pop("cutoff", UNSET)

        share = d.pop("share", UNSET)

        _words = d.pop("words", UNSET)
        words: list[WhyWord] | Unset = UNSET
        if _words is not UNSET:
            words = []
            for words_item_data in _words:
                words_item = WhyWord.from_dict(words_item_data)

                words.append(words_item)

        _into = d.pop("into", UNSET)
        into: WhyInto | Unset
        if isinstance(_into, Unset):
            into = UNSET
        else:
            into = WhyInto.from_dict(_into)

        warnings = cast(list[str], d.pop("warnings", UNSET))

        why = cls(
            id=id,
            title=title,
            picture=picture,
            picture_index=picture_index,
            outcome=outcome,
            sentence=sentence,
            rank=rank,
            total=total,
            k=k,
            score=score,
            conditions=conditions,
            stages=stages,
            rules=rules,
            above=above,
            changes=changes,
            trace=trace,
            relevance=relevance,
            cutoff=cutoff,
            share=share,
            words=words,
            into=into,
            warnings=warnings,
        )

        return why
