"""Running a notebook as a reader does: a fresh kernel, an empty folder to work in, every cell in order."""

from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

__all__ = ["NOTEBOOKS", "execute", "save"]

NOTEBOOKS = sorted(Path(__file__).parent.glob("*.ipynb"))
_SECONDS = 600  # a cell; a guard against hanging, not a promise


def execute(path: Path) -> NotebookNode:
    """The notebook with the outputs of a run just now; the file is left as it is.

    Raises:
        CellExecutionError: a cell raised.
    """
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook, timeout=_SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}}
        )
        client.execute()
    return notebook


def save(notebook: NotebookNode, path: Path) -> None:
    """Write the notebook without what differs from run to run: times, versions of the kernel, ids of widgets."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("needs_background", None)
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
