"""Calibration beside the weights: written, read back, refused where it is damaged."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shelfsight.core.calibration import UNCALIBRATED, Calibration, Fusion, Scale
from shelfsight.core.errors import ModelError
from shelfsight.core.vision import Calibrated
from shelfsight.models import open_vlm
from shelfsight.models.vlms.calibration import FILE, read_calibration, write_calibration

KNOWN = Calibration(
    scales={"kind": Scale(slope=1.5, intercept=-0.25, yes_from=0.8, no_below=0.2), "other": Scale(slope=0.5)},
    fusion=Fusion(model=0.7, retrieval=2.0),
    source="4,000 validation pictures",
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_calibration(tmp_path, KNOWN)
    assert read_calibration(tmp_path) == KNOWN
    write_calibration(tmp_path, Calibration())
    assert read_calibration(tmp_path) == UNCALIBRATED


def test_a_folder_without_one_is_uncalibrated(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) is UNCALIBRATED


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"scales": {"kind": {"slope": 2}}}')
    assert read_calibration(tmp_path) == Calibration(scales={"kind": Scale(slope=2.0)})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name"),
        ("[]", "it is no object"),
        ('{"scale": {}}', 'it has "scale", which means nothing here'),
        ('{"source": 3}', "source is no text"),
        ('{"scales": {"colour": {}}}', 'scales has "colour"'),
        ('{"scales": {"kind": {"slop": 1}}}', r'scales\.kind has "slop"'),
        ('{"scales": {"kind": {"slope": "1"}}}', r"scales\.kind\.slope is no finite number"),
        ('{"scales": {"kind": {"slope": true}}}', r"scales\.kind\.slope is no finite number"),
        ('{"scales": {"kind": {"slope": NaN}}}', r"scales\.kind\.slope is no finite number"),
        ('{"scales": {"kind": {"yes_from": 0.2, "no_below": 0.3}}}', r"scales\.kind has bounds that are not"),
        ('{"fusion": {"weight": 1}}', 'fusion has "weight"'),
        ('{"fusion": {"model": null}}', r"fusion\.model is no finite number"),
    ],
)
def test_a_damaged_one_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ModelError, match=reason) as told:
        read_calibration(tmp_path)
    assert str(tmp_path / FILE) in str(told.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="is no calibration"):
        read_calibration(tmp_path)


def test_one_that_would_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"scales\.kind\.slope is no finite number"):
        write_calibration(tmp_path, Calibration(scales={"kind": Scale(slope=float("inf"))}))
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("architecture", ["llava", "qwen3_vl", "blip_2_itm"])
def test_a_model_knows_its_own(saved: Callable[[str], Path], tmp_path: Path, architecture: str) -> None:
    folder = Path(shutil.copytree(saved(architecture), tmp_path / "copy"))
    prefix = "blip2-itm:" if architecture == "blip_2_itm" else ""
    without = open_vlm(f"{prefix}{folder}", device="cpu")
    write_calibration(folder, KNOWN)
    model = open_vlm(f"{prefix}{folder}", device="cpu")
    assert isinstance(model, Calibrated)
    assert model.calibration == KNOWN
    assert isinstance(without, Calibrated)
    assert without.calibration == UNCALIBRATED
    (folder / FILE).write_text(json.dumps({"scales": []}))
    with pytest.raises(ModelError, match=r"cannot be loaded: .*calibration\.json is no calibration"):
        open_vlm(f"{prefix}{folder}", device="cpu")
