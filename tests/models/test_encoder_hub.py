"""``hf-hub:`` names, from a hub cache laid out as the hub's client lays it out; nothing is downloaded."""

import os
import shutil
import subprocess
import sys

import pytest

SCRIPT = """
import sys
import numpy as np
from shelfsight.models import open_encoder
hub, local = open_encoder("hf-hub:org/tiny", device="cpu"), open_encoder(sys.argv[1], device="cpu")
texts = ["red shoe", "a blue bag"]
assert hub.spec.name == "hf-hub:org/tiny"
assert (hub.spec.revision, hub.spec.fingerprint) == (local.spec.revision, local.spec.fingerprint)
np.testing.assert_array_equal(hub.encode_texts(texts), local.encode_texts(texts))
try:
    open_encoder("hf-hub:org/absent", device="cpu")
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
def test_a_hub_model_is_its_folder(tmp_path, folder_of):
    cache = tmp_path / "hub" / "models--org--tiny"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("f" * 40)
    shutil.copytree(folder_of["clip"], cache / "snapshots" / ("f" * 40))
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SCRIPT, str(folder_of["clip"])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ModelError encoder hf-hub:org/absent cannot be loaded")
    assert done.stderr == ""
