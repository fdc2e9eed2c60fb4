"""Lighthouse's accessibility score of the page, where Lighthouse is installed: ``npm install lighthouse`` anywhere, and
``LIGHTHOUSE=node_modules/.bin/lighthouse pytest tests/page/test_page_lighthouse.py``.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LIGHTHOUSE = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
WANTED = 0.95
_CHROME = "--headless=new --no-sandbox --disable-gpu --disable-quic"


@pytest.mark.skipif(LIGHTHOUSE is None, reason="Lighthouse is not installed; set LIGHTHOUSE to its command")
@pytest.mark.parametrize("address", ["/", "/?q=red+dress", "/indexing"])
def test_accessibility(chromium: str, page_url: str, tmp_path: Path, address: str) -> None:
    report = tmp_path / "report.json"
    options = ["--only-categories=accessibility", "--output=json", f"--output-path={report}", "--quiet"]
    command = [str(LIGHTHOUSE), page_url + address, *options, f"--chrome-flags={_CHROME}"]
    environment = {**os.environ, "CHROME_PATH": chromium}
    subprocess.run(command, check=True, timeout=180, env=environment, capture_output=True)
    found = json.loads(report.read_text(encoding="utf-8"))
    wrong = [audit["id"] for audit in found["audits"].values() if audit["score"] is not None and audit["score"] < 1]
    assert found["categories"]["accessibility"]["score"] >= WANTED, wrong
