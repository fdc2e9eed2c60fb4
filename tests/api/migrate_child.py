"""A process that migrates a collection to and fro, and writes to it, until it is killed."""

import io
import os
import sys
from contextlib import closing
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from tiny_encoder import TintEncoder

from shelfsight import Engine, Item, Picture, Settings
from shelfsight.api.migrating import migration
from shelfsight.stores import create_store, open_store

COLOURS = ("red", "green", "blue", "yellow", "cyan", "purple")


def item(folder: Path, id: str, colour: str | None = None) -> Item:
    """One picture, all of one colour: that of its id."""
    name = f"{colour or id}.png"
    Image.new("RGB", (16, 16), colour or id).save(folder / name)
    price = COLOURS.index(id) if id in COLOURS else -1
    return Item(
        id=id, pictures=(Picture(name=name, path=folder / name),), title=f"{id} thing", metadata={"price": price}
    )


def fill(folder: Path, kind: str) -> Path:
    """A collection of the colours, and of one item whose picture it keeps itself."""
    encoder = TintEncoder("tints")
    data = io.BytesIO()
    Image.new("RGB", (16, 16), "white").save(data, "JPEG")
    kept = Item(id="bytes", pictures=(Picture(name="kept", data=data.getvalue()),))
    store = create_store(folder / "c", kind=kind, encoder=encoder.spec)
    with Engine(store, path=folder / "c", settings=Settings(), encoder=encoder) as engine:
        engine.upsert([*(item(folder, colour) for colour in COLOURS), kept])
    return folder / "c"


def say(word: object) -> None:
    """One line in one write, which a kill cannot tear."""
    os.write(sys.stdout.fileno(), f"{word}\n".encode())


def main(path: Path) -> None:
    encoders = (TintEncoder("tints"), TintEncoder("turned", turn=2))
    with closing(open_store(path)) as store:
        number = int(store.snapshot().items(["red"])["red"].metadata["price"])  # type: ignore[arg-type]
    say("begun")
    while True:
        with closing(open_store(path)) as store:
            number += 1
            store.patch({"red": {"price": number}})
            say(number)
            now = store.manifest.encoder
        with migration(path, encoders[now == encoders[0].spec]) as work:
            work.catch_up()
            work.switch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
