"""Rows of thumbnails: what a query got, and what it should have got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shelfsight.evaluation.comparison import Comparison
from shelfsight.evaluation.queries import JudgedQuery
from shelfsight.evaluation.ranking import EvaluationReport
from shelfsight.evaluation.report.markup import Html, element, join, jpeg_source, user_text
from shelfsight.evaluation.report.side import Side

__all__ = ["comparison_strips", "tile", "worst_strips"]

_HITS = 10
_FURTHER = 6


@dataclass(frozen=True, slots=True)
class _Answered:
    """What one side answered to one query. ``places``: id -> rank, from 1, as deep as was asked."""

    ranking: Sequence[str]
    places: Mapping[str, int]
    values: Mapping[str, float]


def worst_strips(report: EvaluationReport, side: Side, count: int) -> list[Html]:
    """A strip for each of the ``count`` worst queries, worst first."""
    indexes = report.worst(count)
    return [
        _strip(report, report.judged[index], [(side, "", answered)])
        for index, answered in zip(indexes, _answered(report, side, indexes), strict=True)
    ]


def comparison_strips(comparison: Comparison, sides: Sequence[Side], count: int) -> tuple[list[Html], list[Html]]:
    """A strip for each of A's worst losses and best wins, both sides in it, ``count`` strips in all."""
    losses, wins = comparison.extremes(count)
    indexes = [*losses, *wins]
    of_a = _answered(comparison.a, sides[0], indexes)
    of_b = _answered(comparison.b, sides[1], indexes)
    strips = [
        _strip(comparison.a, comparison.a.judged[index], [(sides[0], "A", a), (sides[1], "B", b)])
        for index, a, b in zip(indexes, of_a, of_b, strict=True)
    ]
    return strips[: len(losses)], strips[len(losses) :]


def _answered(report: EvaluationReport, side: Side, indexes: Sequence[int]) -> list[_Answered]:
    """The rankings that were judged, and beyond them where the missed items are."""
    if not indexes:
        return []
    deeper = side.answer([report.judged[index].ask(side.depth) for index in indexes])
    found = []
    for index, hits in zip(indexes, deeper, strict=True):
        places = {id: rank for rank, (id, _) in enumerate(hits, start=1)}
        places |= {id: rank for rank, id in enumerate(report.rankings[index], start=1)}
        values = {name: float(each[index]) for name, each in report.values.items()}
        found.append(_Answered(report.rankings[index], places, values))
    return found


def _strip(report: EvaluationReport, query: JudgedQuery, answers: Sequence[tuple[Side, str, _Answered]]) -> Html:
    asked = element("h3", user_text(query.text) if query.text is not None else "(a picture)")
    rows = [_row(report, query, *each) for each in answers]
    return element(
        "article", _asked_picture(query, answers[0][0]), asked, _conditions(query), *rows, class_="card strip"
    )


def _asked_picture(query: JudgedQuery, side: Side) -> Html:
    data = side.query_picture(query.image) if query.image is not None else None
    if data is None:
        return Html()
    return element("img", src=jpeg_source(data), alt="the picture asked with", class_="asked")


def _conditions(query: JudgedQuery) -> Html:
    parts = [
        (name, value)
        for name, value in (
            ("family", query.family),
            ("filter", query.filter),
            ("not", ", ".join(query.negative) or None),
            ("picture", query.image.name if query.image is not None else None),
        )
        if value is not None
    ]
    if not parts:
        return Html()
    told = [join(" · " if place else "", f"{name}: ", user_text(value)) for place, (name, value) in enumerate(parts)]
    return element("p", *told, class_="meta")


def _row(report: EvaluationReport, query: JudgedQuery, side: Side, badge: str, answered: _Answered) -> Html:
    """One side's hits, then the relevant items that are not among those shown."""
    wanted, found = query.wanted, query.wanted.intersection(answered.ranking)
    hits = answered.ranking[:_HITS]
    further = sorted(
        wanted.difference(hits), key=lambda id: (-query.relevant[id], answered.places.get(id, side.depth + 1), id)
    )
    titles = side.titles([*hits, *further[:_FURTHER]])
    tiles = [
        tile(side, id, titles, rank=str(rank), kind="right" if id in wanted else "wrong")
        for rank, id in enumerate(hits, start=1)
    ]
    lacking = [
        tile(side, id, titles, rank=_place(id, answered, side, titles), kind="right" if id in found else "missed")
        for id in further[:_FURTHER]
    ]
    told = f"{report.telling} {answered.values[report.telling]:.3f} · {len(found)} of {len(wanted)} relevant"
    lead = element("span", badge, class_=f"badge {badge.lower()}") if badge else Html()
    rows = [element("p", lead, " " if badge else "", f"{told} in the first {report.ks[-1]:,}", class_="side")]
    rows.append(element("ol", *tiles, class_="hits") if tiles else element("p", "No hits.", class_="meta"))
    if lacking:
        named = "Further down, or missed" if found.difference(hits) else "Missed"
        more = f", and {len(further) - len(lacking):,} more" if len(further) > len(lacking) else ""
        rows += [element("p", f"{named}{more}:", class_="side"), element("ol", *lacking, class_="hits")]
    return element("div", *rows)


def _place(id: str, answered: _Answered, side: Side, titles: Mapping[str, str | None]) -> str:
    if id not in titles:
        return "absent"
    place = answered.places.get(id)
    return f"> {side.depth:,}" if place is None else f"{place:,}"


_SIGNS = {
    "right": ("✓", "right"),
    "wrong": ("", "not judged relevant"),
    "missed": ("!", "missed"),
    "mistaken": ("!", "taken for something else"),
}


def tile(side: Side, id: str, titles: Mapping[str, str | None], *, rank: str, kind: str) -> Html:
    """One item as a list element.

    Args:
        titles: of the items that are in the collection.
        rank: what stands in its corner; nothing does where it is empty.
        kind: ``right``, ``wrong``, ``missed`` or ``mistaken``; each has a sign and a word beside its colour.
    """
    sign, word = _SIGNS[kind]
    title = titles.get(id) or id
    data = side.picture(id) if id in titles else None
    if data is None:
        inside = element("span", "no picture any more" if id in titles else "not in the collection", class_="none")
    else:
        inside = element("img", src=jpeg_source(data), alt="")
    corner = element("span", rank, class_="rank") if rank else Html()
    mark = element("span", sign, class_="mark", role="img", aria_label=word) if sign else Html()
    frame = element("div", inside, corner, mark, class_="frame")
    return element("li", frame, element("div", user_text(title, 80), class_="title"), class_=kind, title=title[:200])
