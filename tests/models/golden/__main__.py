"""``python -m tests.models.golden``: write the golden vectors of the weights that are in the package now."""

import sys

import numpy as np

from shelfsight.models.encoders.loading import load, pick_device
from shelfsight.models.encoders.openclip import OpenClipEncoder
from shelfsight.models.encoders.runtimes.torch_runtime import TorchRuntime
from tests.models.golden import TEXTS, Golden, draw_pictures, pictures, write


def main() -> None:
    if not pictures():
        draw_pictures()
    loaded = load("embedded", pick_device("cpu"))
    encoder = OpenClipEncoder(loaded, TorchRuntime(loaded, pick_device("cpu"), bfloat16=False))
    golden = Golden(
        revision=encoder.spec.revision,
        fingerprint=encoder.spec.fingerprint,
        pictures=encoder.encode_pixels(np.stack([encoder.prepare(picture) for picture in pictures()])),
        texts=encoder.encode_texts(TEXTS),
    )
    sys.stdout.write(f"{write(golden)}: {len(golden.pictures)} pictures, {len(golden.texts)} texts\n")


main()
