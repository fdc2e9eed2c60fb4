"""``shelfsight finetune``: what it prints, what it exits with, and what a ``kill -9`` leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import adapt_shops as shops
import pytest

from shelfsight.api.cli import run

COMMAND = [sys.executable, "-m", "shelfsight", "finetune"]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture
def arguments(shop, blank, tmp_path) -> list[str]:
    options = {"out": tmp_path / "encoder", "encoder": blank, "text-columns": "kind,colour", "device": "cpu"}
    return [str(shop), *(part for name, value in options.items() for part in (f"--{name}", str(value)))]


def test_one_document_on_stdout_and_exit_4_where_it_is_not_better(arguments, capsys, tmp_path):
    code = run(["finetune", *arguments, "--epochs", "1", "--json"])
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert code == 4
    assert document["promoted"] is False
    assert document["encoder"] is None
    assert document["metric"] == "ndcg@10"
    headline = document["metrics"]["ndcg@10"]
    assert headline["interval"][0] <= 0
    assert headline["difference"] == pytest.approx(headline["after"] - headline["before"])
    assert headline["queries"] == sum(each["queries"] for each in document["families"].values())
    assert "not better, so no encoder was written" in err
    assert f"{headline['before']:.4f} -> {headline['after']:.4f}" in err
    assert not (tmp_path / "encoder").exists()


def test_a_table_for_people(arguments, capsys):
    assert run(["finetune", *arguments, "--epochs", "1"]) == 4
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["metric", "texts", "before", "after", "95", "%", "interval", "of", "the", "difference"]
    names = [line.split("  ")[0] for line in lines[1:]]
    assert names[:5] == ["ndcg@10", "recall@1", "recall@10", "mrr@10", "precision@10"]
    assert set(names[5:]) == {"ndcg@10 of attributes", "ndcg@10 of attributes, new"}


def test_a_metric_can_be_chosen(arguments, capsys):
    run(["finetune", *arguments, "--epochs", "1", "--metric", "recall@10", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["metric"] == "recall@10"
    assert document["objections"][0].startswith("recall@10")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--text-columns", "size"], "no text column 'size'"),
        (["--epochs", "0"], "--epochs"),
        (["--metric", "beauty"], "--metric"),
        (["--pairs", "nowhere.jsonl"], "no file of pairs"),
        (["--out", "~nobody-of-this-name/encoder"], "can be no folder"),
    ],
)
def test_wrong_usage_is_exit_2(arguments, capsys, more, said):
    assert run(["finetune", *arguments, *more, "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_a_target_that_is_taken_is_exit_1(arguments, capsys, tmp_path):
    (tmp_path / "encoder").write_text("mine")
    assert run(["finetune", *arguments]) == 2  # a file can be no folder
    (tmp_path / "encoder").unlink()
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "file").write_text("mine")
    assert run(["finetune", *arguments]) == 1
    assert "is there already" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_in_the_middle_and_run_again(shop, blank, tmp_path):
    """The same figures and the same revision as of a run that nobody killed."""
    shared = [str(shop), "--encoder", blank, "--text-columns", "kind,colour", "--runtime", "torch", "--epochs", "6"]
    whole = _finished([*shared, "--out", str(tmp_path / "whole")])
    arguments = [*shared, "--out", str(tmp_path / "killed")]
    work = tmp_path / "killed.work"
    for epochs in (1, 3):
        _kill_after(arguments, work / "log.jsonl", epochs)
    assert not (tmp_path / "killed").exists()
    resumed = _finished(arguments)
    for document in (whole, resumed):
        document.pop("seconds")
        document.pop("encoder")
    assert resumed == whole


def _finished(arguments: list[str]) -> dict:
    done = subprocess.run([*COMMAND, *arguments, "--json"], env=ONE_THREAD, capture_output=True, timeout=300)
    assert done.returncode in (0, 4), done.stderr.decode()
    return json.loads(done.stdout)


def _kill_after(arguments: list[str], log: Path, epochs: int) -> None:
    child = subprocess.Popen(
        [*COMMAND, *arguments], env=ONE_THREAD, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    end = time.monotonic() + 300
    while time.monotonic() < end and child.poll() is None:
        if log.exists() and len(log.read_text().splitlines()) >= epochs:
            child.send_signal(signal.SIGKILL)
        time.sleep(0.001)
    assert child.wait() == -signal.SIGKILL


def test_the_shop_has_what_the_tests_ask_for(shop):
    assert {"kind", "colour"} <= set(shops.rows_of(shop)[0])
