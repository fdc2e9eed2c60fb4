"""The JSON documents of the front doors: one shape for the command line and for HTTP."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shelfsight.core.errors import Changed, Conflict, FilterError, ModelError, PictureError, ShelfsightError, StoreError

if TYPE_CHECKING:  # these bring numpy along, and `--help` must not wait for it
    from shelfsight.core.atoms import Atom
    from shelfsight.core.dialogue import Answer
    from shelfsight.core.listing import Histogram
    from shelfsight.core.protocols import Manifest, StoredItem
    from shelfsight.core.types import Claim, Evidence, Explanation, Hit, Page, StageReport, Suggestion

__all__ = [
    "answer_document",
    "atom_document",
    "dump",
    "error_document",
    "explanation_document",
    "hit_document",
    "item_document",
    "manifest_document",
    "page_document",
    "public_error",
    "public_model",
    "public_name",
    "public_text",
]

_FOLDERS = re.compile(r"""(?<![\w.:/\\])(?:[A-Za-z]:)?[/\\](?:[^\s/\\'"]+[/\\])+""")
_HOST = re.compile(r"(?:https?:)?//[^/?#]*", re.IGNORECASE)
_ADDRESS = re.compile(r"""https?://[^\s'"]+""")


def dump(document: Mapping[str, Any], *, indent: int | None = None) -> str:
    """One JSON document as text that UTF-8 can always encode.

    File names that are no UTF-8 reach Python as lone surrogates; a document that holds one is written with
    ``\\udcXX`` escapes throughout.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, ensure_ascii=True, allow_nan=False, indent=indent)
    return text


def hit_document(hit: "Hit", *, grouped: bool = False) -> dict[str, Any]:
    """A hit. ``relevance``, ``suggestions`` and ``explanation`` appear only where a stage gave them, ``graded`` where
    the relevance rests on a grade in words, ``reasons`` and ``duplicates`` where there are some, ``group`` and
    ``variants`` where hits are ``grouped``."""
    document: dict[str, Any] = {
        "id": hit.id,
        "rank": hit.rank,
        "score": round(float(hit.score), 6),
        "title": hit.title,
        "picture": hit.picture,
        "picture_index": hit.picture_index,
        "metadata": dict(hit.metadata),
        "ranks": dict(hit.ranks),
    }
    if hit.relevance is not None:
        document["relevance"] = _probability(hit.relevance)
    if hit.graded:
        document["graded"] = True
    if hit.reasons:
        document["reasons"] = list(hit.reasons)
    if grouped:
        document["group"] = hit.group
        document["variants"] = [hit_document(each) for each in hit.variants]
    if hit.duplicates:
        document["duplicates"] = list(hit.duplicates)
    if hit.suggestions:
        document["suggestions"] = {name: _suggestion(each) for name, each in hit.suggestions.items()}
    if hit.explanation is not None:
        document["explanation"] = explanation_document(hit.explanation)
    return document


def page_document(page: "Page") -> dict[str, Any]:
    """What a search answers; ``atoms`` and ``stages`` appear where the query was taken apart and looked at again,
    ``groups`` and ``histograms`` where they were asked for, ``nothing_matches``, ``corrections`` and ``warnings`` where
    there is anything to tell."""
    document: dict[str, Any] = {
        "hits": [hit_document(hit, grouped=page.groups is not None) for hit in page.hits],
        "total": page.total,
        "facets": {name: dict(counts) for name, counts in page.facets.items()},
        "trace": {stage: round(float(milliseconds), 3) for stage, milliseconds in page.trace.items()},
        "snapshot": page.snapshot,
    }
    if page.groups is not None:
        document["groups"] = page.groups
    if page.histograms:
        document["histograms"] = {name: _histogram(spread) for name, spread in page.histograms.items()}
    if page.nothing_matches:
        document["nothing_matches"] = True
    if page.corrections:
        document["corrections"] = dict(page.corrections)
    if page.atoms is not None:
        document["atoms"] = [atom_document(atom) for atom in page.atoms]
    if page.stages:
        document["stages"] = [_stage(stage) for stage in page.stages]
    if page.warnings:
        document["warnings"] = list(page.warnings)
    return document


def atom_document(atom: "Atom") -> dict[str, Any]:
    """One part of a query, as it may be edited and sent back."""
    return {
        "kind": atom.kind,
        "term": atom.term,
        "text": atom.text,
        "negated": atom.negated,
        "field": atom.field,
        "value": atom.value,
        "filter": atom.filter,
        "subject": atom.subject,
        "start": atom.start,
        "end": atom.end,
    }


def answer_document(answer: "Answer", *, model: str, milliseconds: float) -> dict[str, Any]:
    """What a model said of a picture."""
    return {
        "answer": answer.text,
        "stop": str(answer.stop),
        "model": model,
        "milliseconds": round(float(milliseconds), 3),
    }


def _probability(value: float) -> float:
    return round(float(value), 6)


def _histogram(spread: "Histogram") -> dict[str, Any]:
    return {
        "edges": list(spread.edges),
        "counts": list(spread.counts),
        "least": spread.least,
        "most": spread.most,
        "others": spread.others,
    }


def _stage(stage: "StageReport") -> dict[str, Any]:
    return {
        "name": stage.name,
        "model": stage.model,
        "candidates": stage.candidates,
        "scored": stage.scored,
        "moved": stage.moved,
        "ended": stage.ended,
        "milliseconds": round(float(stage.milliseconds), 3),
    }


def _suggestion(suggestion: "Suggestion") -> dict[str, Any]:
    probability = suggestion.probability
    return {
        "value": suggestion.value,
        "probability": None if probability is None else _probability(probability),
        "model": suggestion.model,
    }


def explanation_document(explanation: "Explanation") -> dict[str, Any]:
    """Why a hit is there."""
    return {"sentence": explanation.sentence, "claims": [_claim(claim) for claim in explanation.claims]}


def _claim(claim: "Claim") -> dict[str, Any]:
    document: dict[str, Any] = {
        "atom": claim.atom,
        "kind": claim.kind,
        "verdict": claim.verdict,
        "probability": _probability(claim.probability),
        "source": claim.source,
    }
    document.update({name: True for name in ("graded", "likely") if getattr(claim, name)})
    return {**document, "evidence": _evidence(claim.evidence)}


def _evidence(evidence: "Evidence") -> dict[str, Any]:
    """A catalogue field, or what of a picture there is; the heat map as a data URI that a page can show."""
    document: dict[str, Any] = {}
    if evidence.field is not None:
        document.update(field=evidence.field, value=evidence.value)
    if evidence.picture_index is not None:
        document["picture_index"] = evidence.picture_index
    if evidence.box is not None:
        document["box"] = [round(float(side), 4) for side in evidence.box]
    if evidence.heat_map is not None:
        document["heat_map"] = "data:image/png;base64," + base64.b64encode(evidence.heat_map).decode("ascii")
    return document


def item_document(item: "StoredItem", suggestions: "Mapping[str, Suggestion]") -> dict[str, Any]:
    """An item as HTTP shows it: without vectors; pictures and models by name, never by the place of their files.

    ``suggestions`` appears only where there are some.
    """
    document: dict[str, Any] = {
        "id": item.id,
        "title": item.title,
        "metadata": dict(item.metadata),
        "pictures": [
            {"index": index, "name": public_name(picture.name)} for index, picture in enumerate(item.pictures)
        ],
    }
    if suggestions:
        document["suggestions"] = {
            name: {**_suggestion(each), "model": public_model(each.model)} for name, each in suggestions.items()
        }
    return document


def public_name(name: str) -> str:
    """A picture's name without the machine's folders, which a catalogue with absolute paths would give away; of an
    address, which may be of the inside or signed, the last part of its path."""
    if address := _HOST.match(name):
        return re.split(r"[?#]", name[address.end() :])[0].rstrip("/").rpartition("/")[2] or "(address)"
    return re.split(r"[/\\]", name)[-1] if re.match(r"[/\\]|[A-Za-z]:[/\\]", name) else name


def public_model(name: str) -> str:
    """A model's name without the machine's folders and without the address that it is asked at."""
    return public_name(re.sub(r"^(openai:[^@]*)@.*", r"\1", name))


def public_text(text: str) -> str:
    """A sentence without the machine's folders, and without addresses."""
    return _FOLDERS.sub("", _ADDRESS.sub("(address)", text))


def manifest_document(manifest: "Manifest") -> dict[str, Any]:
    """A manifest, whole."""
    return asdict(manifest)


def error_document(error: ShelfsightError) -> dict[str, Any]:
    """What a program needs of an error: ``code``, ``detail``, ``hint``, and the place where there is one."""
    document: dict[str, Any] = {"code": error.code, "detail": error.message}
    if error.hint:
        document["hint"] = error.hint
    if isinstance(error, FilterError):
        document["position"] = error.position
    if isinstance(error, PictureError):
        document["reason"] = str(error.reason)
    return document


def public_error(error: ShelfsightError) -> dict[str, Any]:
    """What the outside may know of ``error``: places on this machine, which stores and models name, are in the log."""
    document = error_document(error)
    if isinstance(error, StoreError):
        document["detail"] = "the collection cannot be read or written; the server's log says more"
    if isinstance(error, ModelError | Conflict) and not isinstance(error, Changed):  # that names items, not places
        document["detail"] = public_text(error.message)
    return document
