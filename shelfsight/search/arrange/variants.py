"""The other items of the groups on a page."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from shelfsight.core.filters import Expr
from shelfsight.core.protocols import Snapshot
from shelfsight.core.types import Value
from shelfsight.search.arrange.grouping import Groups, Key, Row, scalar
from shelfsight.search.arrange.line import Line
from shelfsight.search.candidates import Candidate

__all__ = ["MOST_VARIANTS", "Variants", "variants_of"]

MOST_VARIANTS = 100
"""Of a group, beside its lead."""

_TOGETHER = 2048
"""Items of all groups on a page up to which they are looked for at once."""

Variants = Mapping[str, Sequence[Candidate]]
"""Id of a lead -> the others of its group, best first."""


def variants_of(
    rows: Sequence[Row], line: Line, groups: Groups, snapshot: Snapshot, where: Expr | None, exclude: Sequence[str]
) -> Variants:
    """Of each lead the best :data:`MOST_VARIANTS` others of its group that pass, less those folded into others: those
    among the line's head in its order, then those that the line's search finds."""
    leads = {key: row.lead.match.id for row in rows if (key := scalar(row.group)) is not None}
    if not leads:
        return {}
    left_out = {*line.gone, *leads.values()}
    found: dict[str, list[Candidate]] = defaultdict(list)
    for each, value in _members(leads, line, groups, snapshot, where, exclude):
        key = scalar(value)
        if key in leads and each.match.id not in left_out and len(found[leads[key]]) < MOST_VARIANTS:
            found[leads[key]].append(each)
    standing = {each.match.id: place for place, each in enumerate(line.head)}
    for others in found.values():
        others.sort(key=lambda each: standing.get(each.match.id, len(standing)))
    return found


def _members(
    leads: Mapping[Key, str],
    line: Line,
    groups: Groups,
    snapshot: Snapshot,
    where: Expr | None,
    exclude: Sequence[str],
) -> Iterator[tuple[Candidate, Value]]:
    """What passes of the groups, each group's best first, with its value."""
    if line.whole is not None:
        members = [*(pin for _, pin in line.pins), *line.whole]
        values = groups.values([each.match.id for each in members])
        yield from ((each, values.get(each.match.id)) for each in members)
        return
    together = groups.members(where, [value for _, value in leads])
    if (count := snapshot.count(together)) <= _TOGETHER:
        found = line.more(together, exclude, max(count, 1))
        values = groups.values([each.match.id for each in found])
        yield from ((each, values.get(each.match.id)) for each in found)
        return
    for _, value in leads:
        most = MOST_VARIANTS + len(line.gone) + 1
        yield from ((each, value) for each in line.more(groups.members(where, [value]), exclude, most))
