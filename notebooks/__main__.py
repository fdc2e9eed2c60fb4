"""``python -m notebooks [NAME ...]``: execute all notebooks, or those whose file name holds a NAME, and save them."""

import sys
import time

from notebooks.execution import NOTEBOOKS, execute, save


def main(names: list[str]) -> None:
    chosen = [path for path in NOTEBOOKS if not names or any(name in path.name for name in names)]
    if not chosen:
        sys.exit(f"no notebook is called {' or '.join(names)}; there are {', '.join(path.name for path in NOTEBOOKS)}")
    for path in chosen:
        start = time.monotonic()
        save(execute(path), path)
        sys.stdout.write(f"{path.name}: {time.monotonic() - start:.0f} s, {path.stat().st_size / 1000:.0f} kB\n")


main(sys.argv[1:])
