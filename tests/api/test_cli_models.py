"""``shelfsight models``: the table, the JSON contract, quick and without a network."""

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
import time

import pytest
from front_door import Cli

from shelfsight.models import describe, descriptors

FIELDS = {
    "name", "architecture", "hub", "kinds", "dimension", "image_size", "context_length", "parameters",
    "image_parameters", "text_parameters", "download_mb", "licence", "licence_source", "commercial_use", "languages",
    "purpose", "figures", "here", "command",
}  # fmt: skip


def test_the_list_as_json(cli: Cli) -> None:
    result = cli("models", "--json")
    assert (result.code, result.err) == (0, "")
    listed = result.document["models"]
    assert [one["name"] for one in listed] == [one.name for one in descriptors()]
    assert all(set(one) == FIELDS for one in listed)
    assert all(set(figure) == {"task", "metric", "value", "source"} for one in listed for figure in one["figures"])
    assert {one["name"]: one["here"] for one in listed}["embedded"] is True
    assert all(isinstance(one["here"], bool) for one in listed)


@pytest.mark.parametrize("kind", ["fashion", "general", "multilingual", "small", "products"])
def test_one_kind(cli: Cli, kind: str) -> None:
    listed = cli("models", "--kind", kind, "--json").document["models"]
    assert [one["name"] for one in listed] == [one.name for one in descriptors() if kind in one.kinds]
    assert listed


def test_the_table_has_a_row_for_each(cli: Cli) -> None:
    result = cli("models")
    header, *rows = result.out.splitlines()
    assert header.split() == ["name", "dim", "px", "MB", "licence", "texts", "published", "here"]
    assert [row.split()[0] for row in rows] == [one.name for one in descriptors()]
    assert "shelfsight models NAME" in result.err
    siglip = next(row for row in rows if row.startswith("hf-hub:Marqo/marqo-fashionSigLIP"))
    assert siglip.split()[1:5] == ["768", "224", "813", "Apache-2.0"]
    assert " fashion recall@10 0.340" in siglip
    assert "do not compare" in result.err
    own = next(row for row in rows if row.startswith("embedded "))
    assert " own " in own  # its data is not what others mean by the same word
    assert sum(" own " in row for row in rows) == 1
    assert all((" * " in row) is not one.commercial_use for row, one in zip(rows, descriptors(), strict=True))


@pytest.mark.parametrize("name", [one.name for one in descriptors()])
def test_everything_about_one(cli: Cli, name: str) -> None:
    one, out = describe(name), cli("models", name).out
    assert f"shelfsight index CATALOGUE -c COLLECTION --encoder {name}" in out
    assert one.licence in out
    assert one.purpose in out
    assert all(figure.source in out and f"{figure.value:.3f}" in out for figure in one.figures)
    document = cli("models", name.upper(), "--json").document
    assert set(document) == FIELDS
    assert (document["name"], document["parameters"]) == (name, one.parameters)


def test_unknown_names_and_wrong_options_are_exit_2(cli: Cli) -> None:
    unknown = cli("models", "ViT-B-23/laion2b_s34b_b79k", "--json")
    assert (unknown.code, unknown.out) == (2, "")
    assert "ViT-B-32/laion2b_s34b_b79k" in unknown.err
    assert cli("models", "--kind", "furniture").code == 2
    assert cli("models", "embedded", "--kind", "small").code == 2


SCRIPT = """
import socket, sys
def refuse(*arguments): raise AssertionError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
from shelfsight.api.cli import run
code = run(["models", "--json"])
assert not {"torch", "open_clip", "transformers", "faiss"} & set(sys.modules)
sys.exit(code)
"""


def test_nothing_heavy_and_no_network() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    start = time.process_time()
    children = os.times().children_user + os.times().children_system
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=60)
    spent = os.times().children_user + os.times().children_system - children + time.process_time() - start
    assert done.returncode == 0, done.stderr
    assert spent < 2, "it answers within a second on an idle machine; CPU time does not see the others' load"


@pytest.mark.parametrize(("columns", "shows_all"), [(80, False), (140, True)])
def test_a_narrow_terminal_gets_the_columns_that_fit(columns: int, shows_all: bool) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-c", "from shelfsight.api.cli import main; main()", "models", "--kind", "fashion"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=environment, check=True, text=True)
    os.close(theirs)
    table = os.read(ours, 65536).decode()
    os.close(ours)
    assert ("published" in table) is shows_all
    assert ("shows more" in done.stderr) is not shows_all
    assert "hf-hub:Marqo/marqo-fashionSigLIP" in table
    assert all(len(line.rstrip()) <= columns for line in re.sub(r"\x1b\[\d*m", "", table).splitlines())
