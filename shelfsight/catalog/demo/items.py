"""The demo catalogue as a stream of items with pictures."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from PIL import Image

from shelfsight.catalog.demo.assortment import spec
from shelfsight.catalog.demo.canvas import Floats
from shelfsight.catalog.demo.render import render

VERSION = 2


@dataclass(frozen=True)
class DemoItem:
    """One product: what the shop says of it and its `picture` (RGB, 512 x 512).

    `background` is "plain" or "cluttered"; `form` the choices of shape ("sleeve": "long"); `body` (512, 512) in [0, 1]
    is where the picture shows the named colour and pattern.
    """

    id: str
    title: str
    price: float
    brand: str
    category: str
    kind: str
    colour: str
    pattern: str
    material: str
    background: str
    form: dict[str, str] = field(repr=False)
    picture: Image.Image = field(repr=False)
    body: Floats = field(repr=False)


def item(seed: int, index: int) -> DemoItem:
    """Item `index` of the catalogue with that seed."""
    words = spec(seed, index)
    drawn = render(words, seed)
    return DemoItem(
        id=f"demo-{index:05d}", title=words.title, price=words.price, brand=words.brand, category=words.kind.category,
        kind=words.kind.name, colour=words.colour, pattern=words.pattern, material=words.material,
        background="cluttered" if words.cluttered else "plain", form=words.form, picture=drawn.picture, body=drawn.body,
    )  # fmt: skip


def render_catalogue(seed: int = 0, count: int = 720) -> Iterator[DemoItem]:
    """Items 0 to `count` - 1 in order, a few drawn ahead in threads; item i depends on `seed` and i alone."""
    workers = min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[Future[DemoItem]] = deque()
        for index in range(count):
            ahead.append(pool.submit(item, seed, index))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
