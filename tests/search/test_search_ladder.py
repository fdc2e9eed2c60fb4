"""The first stage's list, gone down as far as somebody asks."""

import time
from itertools import islice

from shelfsight.core.listing import Match
from shelfsight.search.candidates import Candidate
from shelfsight.search.ladder import Ladder


def candidates(numbers: range) -> list[Candidate]:
    return [Candidate(match=Match(f"i{n}", -float(n), 0), order=-float(n)) for n in numbers]


def ids(found: list[Candidate]) -> list[str]:
    return [each.match.id for each in found]


def test_what_a_later_answer_has_in_front_is_added_behind() -> None:
    asked = []

    def fetch(count: int) -> list[Candidate]:
        asked.append(count)
        return candidates(range(10 if count == 2 else 8, 30))[:count]  # asked for more it finds better ones

    ladder = Ladder(fetch, 2)
    assert ids(ladder.upto(2)) == ["i10", "i11"]
    assert ids(list(islice(ladder.below(1), 4))) == ["i11", "i8", "i9", "i12"]
    assert asked == [2, 8]
    assert ids(ladder.upto(99))[:4] == ["i10", "i11", "i8", "i9"]
    assert (len(ladder.upto(99)), ladder.exhausted, asked) == (22, True, [2, 8, 32])
    found = ladder.found("i9")
    assert found is not None
    assert (found.match.id, dict(found.ranks)) == ("i9", {"retrieval": 4})
    assert ladder.found("i31") is None


def test_going_far_down_takes_no_longer_a_step() -> None:
    everything = candidates(range(40_000))
    ladder = Ladder(lambda count: everything[:count], 256)
    assert len(ladder.upto(40_000)) == 40_000
    begun = time.thread_time()
    assert sum(1 for _ in ladder.below(256)) == 40_000 - 256
    assert time.thread_time() - begun < 1
