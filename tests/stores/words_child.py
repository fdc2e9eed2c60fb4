"""Run in a process of its own by the tests of words: ``python words_child.py COLLECTION SEED``. Commits without end and
has the index of words follow each commit; says each one."""

import sys
from pathlib import Path

from words_shop import turn

from shelfsight.stores import open_store


def main() -> None:
    store = open_store(Path(sys.argv[1]))
    for number in range(10_000):
        store.commit(*turn(int(sys.argv[2]), number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        if number % 4 == 3:
            store.maintain()


if __name__ == "__main__":
    main()
