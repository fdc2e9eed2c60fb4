"""A tiny catalogue that the tests of training draw themselves."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

__all__ = ["COLOURS", "TYPES", "picture", "png", "write_catalogues"]

COLOURS = {"Red": (200, 20, 20), "Blue": (20, 40, 200), "Green": (20, 160, 40), "Black": (15, 15, 15)}
TYPES = {"Handbags": (40, 30), "Trousers": (14, 60), "Watches": (16, 16)}


def picture(colour: str, kind: str, size: tuple[int, int] = (60, 80)) -> Image.Image:
    canvas = Image.new("RGB", size, "white")
    width, height = TYPES[kind]
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    canvas.paste(COLOURS[colour], (left, top, left + width, top + height))
    return canvas


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def write_catalogues(root: Path) -> Path:
    """fashion (72 rows, 12 of each other split) and clothing (6 rows); no grocery."""
    rows = []
    splits = ["train"] * 4 + ["validation", "test"]
    for number, split in enumerate(splits):
        for colour in COLOURS:
            for kind in TYPES:
                rows.append(
                    {
                        "id": f"{split}-{number}-{colour}-{kind}",
                        "image": png(picture(colour, kind)),
                        "title": f"Acme{number} Women {colour} {kind}",
                        "gender": "Women",
                        "article_type": kind,
                        "colour": colour,
                        "usage": "Casual" if number % 2 else "NA",
                        "split": split,
                    }
                )
    (root / "fashion").mkdir()
    pq.write_table(pa.Table.from_pylist(rows[:40]), root / "fashion" / "part-0.parquet")
    pq.write_table(pa.Table.from_pylist(rows[40:]), root / "fashion" / "part-1.parquet")
    clothing = root / "clothing"
    (clothing / "images").mkdir(parents=True)
    with (clothing / "catalog.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, ["id", "image", "label", "kids", "split"])
        table.writeheader()
        for number, label in enumerate(["T-Shirt", "Pants", "Hoodie", "Pants", "Shoes", "Hat"]):
            picture("Red", "Trousers", (180, 240)).save(clothing / "images" / f"{number}.jpg")
            split = "test" if number == 5 else "train"
            table.writerow(
                {"id": number, "image": f"images/{number}.jpg", "label": label, "kids": "False", "split": split}
            )
    return root
