"""A collection whose encoder cannot be had when it is opened, and can be later."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tint_shop import tinted
from tiny_encoder import TintEncoder

from shelfsight import Engine, ModelError, Settings
from shelfsight.api.models import Models
from shelfsight.core.protocols import Encoder, EncoderSpec
from shelfsight.core.relevance import Curve, RelevanceScale
from shelfsight.stores import create_store


class Scaled(TintEncoder):
    relevance = RelevanceScale(
        source="made up",
        revision="1",
        hits={"text": Curve(bias=0.0, standing=0.0, cosine=10.0)},
        best={},
        nothing_below={},
        cutoff=0.5,
        pictures=np.eye(3, dtype=np.float32),
    )


class Later(Models):
    """Has no encoder until it is given one."""

    given: Encoder | None = None

    def encoder(self, name: str, wanted: EncoderSpec | None = None) -> Encoder:  # noqa: ARG002
        if self.given is None:
            raise ModelError("it is not installed yet")
        return self.given


def test_an_encoder_that_comes_later_is_used_whole(tmp_path: Path) -> None:
    """As of vectors that were imported: what nobody knows of it is not said."""
    unknown = replace(TintEncoder().spec, revision="", image_size=0)
    store = create_store(tmp_path / "c", kind="exact", encoder=unknown)
    with Engine(store, path=tmp_path / "c", settings=Settings(), encoder=TintEncoder()) as engine:
        engine.upsert([tinted("a", "red"), tinted("b", "blue")])
        models = Later()
        late = Engine(store, path=tmp_path / "c", settings=Settings(), models=models)
        assert late.similar("a").hits[0].id == "b"
        picture = io.BytesIO()
        Image.new("RGB", (64, 64), "blue").save(picture, "JPEG")
        with pytest.raises(ModelError, match="not installed yet"):
            late.search("red")
        with pytest.raises(ModelError, match="not installed yet"):
            late.search(image=picture.getvalue())
        models.given = Scaled()
        assert late.search(image=picture.getvalue()).hits[0].id == "b"
        hit = late.search("red").hits[0]
        assert hit.id == "a"
        assert hit.relevance == pytest.approx(1 / (1 + np.exp(-10 * hit.score)))
