"""The document that says why an item stands where it does: one shape for the command line and for HTTP."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shelfsight.core.why import Change, Condition, Into, Neighbour, RuleEffect, Standing, Why

__all__ = ["why_document"]


def why_document(why: "Why") -> dict[str, Any]:
    """All that is known. What there is nothing to tell of is left out: ``relevance``, ``cutoff``, ``words`` and
    ``share``, ``into``, ``warnings``, and likewise within its parts."""
    document: dict[str, Any] = {
        "id": why.id,
        "title": why.title,
        "picture": why.picture,
        "picture_index": why.picture_index,
        "outcome": why.outcome,
        "sentence": why.sentence,
        "rank": why.rank,
        "total": why.total,
        "k": why.k,
        "score": _figure(why.score),
        **_given(relevance=_figure(why.relevance), cutoff=_figure(why.cutoff), share=_figure(why.share)),
        "conditions": [_condition(each) for each in why.conditions],
        "stages": [_standing(each) for each in why.stages],
        "rules": [_rule(each) for each in why.rules],
        "above": [_neighbour(each) for each in why.above],
        "changes": [_change(each) for each in why.changes],
    }
    if why.words is not None:
        document["words"] = [{"word": word, "found": found} for word, found in why.words.items()]
    if why.into is not None:
        document["into"] = _into(why.into)
    if why.warnings:
        document["warnings"] = list(why.warnings)
    document["trace"] = {stage: round(float(milliseconds), 3) for stage, milliseconds in why.trace.items()}
    return document


def _condition(each: "Condition") -> dict[str, Any]:
    """``field`` and ``value`` where it is about one field."""
    document = {"text": each.text, "source": each.source, "passes": each.passes, "fields": dict(each.fields)}
    if len(each.fields) == 1:
        document["field"], document["value"] = next(iter(each.fields.items()))
    return document


def _standing(each: "Standing") -> dict[str, Any]:
    more = _given(of=each.of, value=_figure(each.value), note=each.note or None)
    return {"name": each.stage, "rank": each.rank, **more}


def _rule(each: "RuleEffect") -> dict[str, Any]:
    more = _given(factor=_figure(each.factor), place=each.place)
    return {"kind": each.kind, "rule": each.rule, "line": each.line, "text": each.text, **more}


def _neighbour(each: "Neighbour") -> dict[str, Any]:
    return {
        "id": each.id,
        "title": each.title,
        "picture": each.picture,
        "picture_index": each.picture_index,
        "rank": each.rank,
        "score": _figure(each.score),
        **_given(relevance=_figure(each.relevance), words=_figure(each.words)),
        "reasons": list(each.reasons),
        **_given(fields=dict(each.fields) or None),
        "more": {name: _figure(value) for name, value in each.more.items()},
    }


def _into(into: "Into") -> dict[str, Any]:
    document = {"id": into.id, "title": into.title, "picture_index": into.picture_index, "rank": into.rank}
    document["how"] = into.how
    return {**document, **_given(cosine=_figure(into.cosine), group=into.group)}


def _change(each: "Change") -> dict[str, Any]:
    more = _given(factor=_figure(each.factor), score=_figure(each.score), place=each.place)
    return {"kind": each.kind, "text": each.text, **more}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _figure(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
