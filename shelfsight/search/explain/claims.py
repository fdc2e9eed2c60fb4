"""Atoms judged on one hit: by the catalogue where a field decides, else by what a model saw."""

from collections.abc import Mapping
from dataclasses import replace

from shelfsight.core.atoms import Atom
from shelfsight.core.calibration import Calibration
from shelfsight.core.errors import FilterError
from shelfsight.core.filters import parse
from shelfsight.core.types import Claim, Evidence, Hit, Value, Verdict
from shelfsight.search.explain.agreement import agrees
from shelfsight.search.explain.truth import first_field, truth, value_at

__all__ = ["by_catalogue", "by_nobody", "by_picture", "is_seen"]

_OPPOSITE: dict[Verdict, Verdict] = {"yes": "no", "no": "yes", "cannot tell": "cannot tell"}


def by_catalogue(atom: Atom, hit: Hit, *, pixels_only: bool = False) -> Claim | None:
    """What the item's own fields say, or ``None`` where a picture has to be looked at.

    Args:
        pixels_only: as if there were no fields, except for limits, which no picture can show.
    """
    if atom.kind == "limit":
        return _limit(atom, hit)
    if pixels_only or atom.field is None:
        return None
    value = _fields(hit).get(atom.field)
    agreed = agrees(atom, value)
    return None if agreed is None else _said(atom, agreed != atom.negated, Evidence(field=atom.field, value=value))


def by_picture(atom: Atom, score: float, calibration: Calibration, picture_index: int, *, graded: bool) -> Claim:
    """What a model said of a picture; the evidence has no region yet.

    Args:
        score: raw P(yes) to the question whether the picture shows the atom's term.
    """
    scale = calibration.scale(atom.subject)
    probability = scale.probability(score)
    verdict = scale.verdict(probability)
    judged, hoped = (_OPPOSITE[verdict], 1.0 - probability) if atom.negated else (verdict, probability)
    return Claim(
        atom=atom.text,
        kind=atom.kind,
        verdict=judged,
        probability=hoped,
        evidence=Evidence(picture_index=picture_index),
        source="picture",
        graded=graded,
        likely=judged == "yes" and hoped < scale.sure_from,
    )


def by_nobody(atom: Atom) -> Claim:
    """Nobody could look."""
    return Claim(
        atom=atom.text, kind=atom.kind, verdict="cannot tell", probability=0.5, evidence=Evidence(), source="none"
    )


def is_seen(atom: Atom, claim: Claim) -> bool:
    """Whether a model saw the atom's term in the picture: of what is not wanted, where the claim fails."""
    return claim.source == "picture" and claim.verdict == ("no" if atom.negated else "yes")


def _limit(atom: Atom, hit: Hit) -> Claim:
    """The filter has a negation in it already: what passes has what the atom asks."""
    try:
        tree = parse(atom.filter or "")
    except FilterError:  # a limit that no field of this catalogue knows, or one that a person wrote wrong
        return by_nobody(atom)
    fields = _fields(hit)
    field = first_field(tree)
    evidence = Evidence(field=field.name, value=value_at(field, fields))
    passes = truth(tree, fields)
    if passes is not None:
        return _said(atom, passes, evidence)
    return replace(by_nobody(atom), evidence=evidence, source="catalogue")


def _said(atom: Atom, holds: bool, evidence: Evidence) -> Claim:
    return Claim(
        atom=atom.text,
        kind=atom.kind,
        verdict="yes" if holds else "no",
        probability=1.0 if holds else 0.0,
        evidence=evidence,
        source="catalogue",
    )


def _fields(hit: Hit) -> Mapping[str, Value]:
    return {**hit.metadata, "id": hit.id, "title": hit.title}
