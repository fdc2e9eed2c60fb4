"""schemathesis asks every operation of a real server what its OpenAPI document allows, and what it does not.

Every check but one (see ``schemathesis.toml``, which says why of each exception): no 5xx; statuses, media types,
headers, documents and events as the document says; what breaks the schema is refused; methods that are not there are
405; what was deleted is gone. Examples, all borders of every parameter, random requests, and sequences along the
document's links. The run is the same each time. A longer one, with so many random requests an operation, that differs
each time::

    SHELFSIGHT_FUZZ=500 python -m pytest -s tests/api/test_schemathesis.py
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conforming import reference
from fuzzed_shop import Fuzzed, fuzzed_shop
from zygote import Zygote

from shelfsight.api.http.schemas.document import operations_of

HERE = Path(__file__).parent
EXAMPLES = int(os.environ.get("SHELFSIGHT_FUZZ", "0"))
USUAL = 5
PHASES = ("examples", "coverage", "fuzzing", "stateful")
PATIENCE = 300 + 20 * EXAMPLES


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE + 60)
def test_no_operation_breaks_its_promises(jobs_zygote: Zygote, tmp_path: Path) -> None:
    with fuzzed_shop(tmp_path, jobs_zygote) as server:
        done = run(server, tmp_path / "report.json")
    assert done.returncode == 0, done.stdout[-20_000:]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["complete"]
    assert {name: phase["status"] for name, phase in report["phases"].items()} == dict.fromkeys(PHASES, "success")
    number = sum(1 for _ in operations_of(reference()))
    assert {name: report["operations"][name] for name in ("total", "tested")} == {"total": number, "tested": number}
    generated = report["test_cases"]["generated"]
    assert generated > 20 * number
    sys.stdout.write(f"{number} operations, {generated} requests, {report['running_time']:.0f} s\n")


def run(server: Fuzzed, report: Path) -> subprocess.CompletedProcess[str]:
    options = ["--max-examples", str(EXAMPLES or USUAL), "--continue-on-failure"]
    if not EXAMPLES:
        options.append("--generation-deterministic")
    command = [str(Path(sys.executable).parent / "st"), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    environment = {**os.environ, "FUZZ_KEY": server.key, "PYTHONPATH": str(HERE), "NO_COLOR": "1"}
    return subprocess.run(
        [*command, f"{server.url}/openapi.json", *options, "--report", "json", "--report-json-path", str(report)],
        cwd=report.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
