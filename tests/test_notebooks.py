"""The notebooks run from start to end, and what is stored in them is fit to be published."""

import base64
import io
import re
import sys
from pathlib import Path
from subprocess import run

import nbformat
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:root|home|tmp|work|usr|var|Users|private)/|[A-Z]:\\\\|file://")
PICTURES = ("image/png", "image/jpeg")

RUN = """
import sys
from pathlib import Path
import nbformat
from notebooks.execution import execute
nbformat.write(execute(Path(sys.argv[1])), sys.argv[2])
"""


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def pictures(notebook: nbformat.NotebookNode) -> list[Image.Image]:
    data = [output.data[kind] for output in outputs(notebook) for kind in PICTURES if kind in output.get("data", {})]
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in data]


def test_all_three_are_here() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "adapt_an_encoder",
        "choose_and_evaluate_an_encoder",
        "search_your_own_catalogue",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_shows_pictures(path: Path, tmp_path: Path) -> None:
    done = tmp_path / "done.ipynb"
    # In a process of its own: a kernel's client leaves sockets and event loops behind, which are warnings here.
    command = [sys.executable, "-c", RUN, str(path), str(done)]
    result = run(command, cwd=ROOT, capture_output=True, text=True, timeout=540)
    assert result.returncode == 0, result.stderr[-3000:]
    executed = nbformat.read(done, as_version=4)
    assert [cell.source for cell in executed.cells] == [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert all(output.output_type != "error" and output.get("name") != "stderr" for output in outputs(executed))
    assert len(pictures(executed)) == len(pictures(nbformat.read(path, as_version=4))) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored_is_whole_and_fit_to_be_published(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert len(text) < 700_000
    assert not MACHINE_PATH.search(re.sub(r'"image/(png|jpeg)": "[^"]*"', "", text))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "execute it: python -m notebooks"
    assert all(output.output_type != "error" and output.get("name") != "stderr" for output in outputs(notebook))
    shown = pictures(notebook)
    assert len(shown) >= 3
    assert all(picture.convert("L").getextrema()[0] < 128 for picture in shown), "one of them is blank"
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
