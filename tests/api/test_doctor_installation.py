"""An installation that lacks something, or a machine that has too little: the doctor says so."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_encoder import TintEncoder

from shelfsight.api.doctor import Finding, Severity
from shelfsight.api.doctor.checking import checked
from shelfsight.api.doctor.faiss import faiss_library
from shelfsight.api.doctor.machine import disk, enough_memory, left_in_group, open_files
from shelfsight.api.doctor.packages import required_versions
from shelfsight.models.known.sums import damaged_files, write_sums
from shelfsight.stores.manifest import FORMAT, METRIC, Header, write_header

CHECKED = """
import json
from shelfsight.api.doctor import faiss, packages
from shelfsight.api.doctor.checking import checked
print(json.dumps([each.document() for each in checked([*packages.CHECKS, *faiss.CHECKS])]))
"""


MILVUS_CHECKED = """
import json, sys
from pathlib import Path
from shelfsight.api.doctor.collection import Subject
from shelfsight.api.doctor.milvus import milvus
from shelfsight.stores.manifest import read_header
path = Path(sys.argv[1])
found = milvus(Subject(path=path, folder=path, header=read_header(path)))
print(json.dumps([each.document() for each in found]))
"""


def apart(code: str, found_first: Path, *arguments: str, **variables: str) -> str:
    """What ``code`` prints in a process where the packages in that folder come before the installed ones."""
    environment = os.environ | variables | {"PYTHONPATH": str(found_first)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_embedded_models_are_those_that_were_published(tmp_path: Path) -> None:
    assert [*damaged_files()] == [], "after a change of them: shelfsight.models.known.sums.write_sums()"
    folder = tmp_path / "embedded"
    (folder / "encoder").mkdir(parents=True)
    for name in ("a.json", "b.json"):
        (folder / "encoder" / name).write_text(name)
    write_sums(folder)
    assert [*damaged_files(folder)] == []
    (folder / "encoder" / "a.json").write_text("b")
    (folder / "encoder" / "b.json").unlink()
    assert [name for name, _ in damaged_files(folder)] == ["encoder/a.json", "encoder/b.json"]


def test_the_machine_and_the_packages_of_these_tests_are_in_order() -> None:
    wrong = [*checked([required_versions, faiss_library])]
    assert wrong == []


def installation(found_first: Path, **variables: str) -> dict[str, dict[str, str]]:
    """What is found there, by code."""
    found = json.loads(apart(CHECKED, found_first, **variables))
    return {each["code"]: each for each in found if each["code"] != "torch_kinds"}


def install(folder: Path, name: str, version: str, *requires: str) -> None:
    """A package of that name and version, as far as its metadata goes."""
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    (about / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), ""]))


def test_packages_that_do_not_fit(tmp_path: Path) -> None:
    assert installation(tmp_path) == {}
    install(tmp_path, "click", "7.0")
    install(tmp_path, "torch", "2.9.0+cpu")
    install(tmp_path, "torchvision", "0.23.0", "torch==2.8.0", "numpy")
    install(tmp_path, "faiss-gpu-cu12", "1.13.0")
    found = installation(tmp_path)
    assert found.keys() == {"package_version", "torch_pair", "faiss_twice"}
    assert found["package_version"]["command"] == "pip install 'click<9,>=8.1'"
    index = "https://download.pytorch.org/whl/cpu"
    assert found["torch_pair"]["command"] == f"pip install --upgrade --index-url {index} 'torch==2.9.0' torchvision"
    assert found["faiss_twice"]["command"] == "pip uninstall -y faiss-cpu faiss-gpu-cu12"


def test_a_faiss_that_is_not_there_or_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "faiss.py").write_text("raise ImportError('libcublas.so.12: cannot open shared object file')")
    assert installation(tmp_path)["faiss_broken"]["message"].endswith("libcublas.so.12: cannot open shared object file")
    (tmp_path / "faiss.py").write_text("raise ModuleNotFoundError('no faiss', name='faiss')")
    assert installation(tmp_path)["faiss_missing"]["command"] == "pip install 'shelfsight[cpu]'"


@pytest.mark.skipif("avx2" not in Path("/proc/cpuinfo").read_text(), reason="this processor has no AVX2")
def test_a_faiss_that_is_told_to_be_slow(tmp_path: Path) -> None:
    assert installation(tmp_path, FAISS_SIMD_LEVEL="NONE")["faiss_slow"]["command"] == "unset FAISS_SIMD_LEVEL"


def test_a_milvus_without_the_package_for_it(tmp_path: Path) -> None:
    path, first = tmp_path / "shop", tmp_path / "first"
    for folder in (path, first):
        folder.mkdir()
    write_header(path, Header(format=FORMAT, store="milvus", encoder=TintEncoder().spec, metric=METRIC))
    (path / "milvus.json").write_text(json.dumps({"uri": "http://127.0.0.1:9", "collection": "shop"}))
    (first / "pymilvus.py").write_text("raise ImportError('no pymilvus', name='pymilvus')")
    found = json.loads(apart(MILVUS_CHECKED, first, str(path)))
    assert [(each["code"], each["cure"]) for each in found] == [
        ("milvus_not_installed", "pip install 'shelfsight[milvus]'")
    ]


def test_a_small_limit_of_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        (finding,) = open_files()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (finding.code, finding.severity) == ("open_files_low", Severity.WARNING)
    enough = f"ulimit -n {min(hard, 65_536)}"
    assert finding.command == (enough if hard >= 1024 else None)


@pytest.mark.parametrize(("free", "said"), [(None, []), (4 << 30, []), (1 << 30, ["memory_low"])])
def test_little_memory(free: int | None, said: list[str]) -> None:
    assert [finding.code for finding in enough_memory(free)] == said


@pytest.mark.parametrize(("limit", "left"), [("8589934592", 7 << 30), ("max", None), ("9223372036854771712", None)])
def test_the_memory_of_a_container_counts_without_pages_of_files(tmp_path: Path, limit: str, left: int | None) -> None:
    names = ("limit", "used", "inactive_file")
    assert left_in_group(tmp_path, *names) is None
    (tmp_path / "limit").write_text(f"{limit}\n")
    (tmp_path / "used").write_text(f"{6 << 30}\n")
    (tmp_path / "memory.stat").write_text(f"anon {1 << 30}\ninactive_file {5 << 30}\nactive_file 0\n")
    assert left_in_group(tmp_path, *names) == left


def test_a_disk_that_is_nearly_full(small_disk: Path) -> None:
    (finding,) = disk(small_disk / "not" / "there", "caches")
    assert (finding.code, f"on the disk of {small_disk}" in finding.message) == ("disk_low", True)


def test_a_check_that_fails_is_a_finding() -> None:
    def falls_over() -> Iterator[Finding]:
        yield from ()
        raise RuntimeError("no")

    (finding,) = checked([falls_over])
    assert (finding.code, finding.severity) == ("check_failed", Severity.ERROR)
    assert "falls over" in finding.message
