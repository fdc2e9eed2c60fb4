"""OpenVINO itself: whether it is there, and how it is imported."""

import importlib
import sys
import threading
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from shelfsight.core.errors import MissingExtra

__all__ = ["check_installed", "has_bfloat16", "import_openvino", "is_installed", "library_version", "shared_core"]

_TELEMETRY = "openvino_telemetry"
_lock = threading.RLock()


def is_installed() -> bool:
    """Without importing it. A mere folder of that name, which Python would import too, is not it."""
    found = find_spec("openvino")
    return found is not None and found.origin is not None


def check_installed() -> None:
    """
    Raises:
        MissingExtra: it is not installed.
    """
    if not is_installed():
        raise MissingExtra("openvino", "openvino")


def library_version(name: str) -> str:
    """Of a distribution, without importing it; ``unknown`` where it came without a record of itself."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def import_openvino() -> Any:
    """The module, imported without its telemetry, which would tell a server of every import and conversion.

    Raises:
        MissingExtra: it is not installed.
        RuntimeError: it is, and cannot be imported.
    """
    check_installed()
    with _lock:
        openvino = sys.modules.get("openvino") or _import_silently()
        _meet_numpy(openvino)
        return openvino


def _import_silently() -> Any:
    before = sys.modules.get(_TELEMETRY)
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # this is how an import is made to fail
    try:
        return importlib.import_module("openvino")
    except (ImportError, OSError) as error:
        raise RuntimeError(f"OpenVINO is installed and cannot be imported: {error}") from error
    finally:
        del sys.modules[_TELEMETRY]
        if before is not None:
            sys.modules[_TELEMETRY] = before


@cache
def _meet_numpy(openvino: Any) -> None:
    """Run a network of nothing, while no other thread can run one.

    At the first array it is given, OpenVINO's binding looks NumPy's types up, within a C++ guard. Other threads wait
    for that guard while they hold Python's lock, and the look-up needs that lock: two threads with the first two
    arrays of a process waited for one another for ever.
    """
    operations = importlib.import_module("openvino.opset13")
    given = operations.parameter([1], np.float32)
    model = openvino.Model([operations.result(given)], [given])
    request = openvino.Core().compile_model(model, "CPU").create_infer_request()
    request.start_async([np.zeros(1, dtype=np.float32)], share_inputs=True)
    request.wait()
    request.get_output_tensor().data.sum()


@cache
def shared_core() -> Any:
    """The one ``openvino.Core`` of this process."""
    return import_openvino().Core()


def has_bfloat16() -> bool:
    """Whether the processor has bfloat16 instructions (AVX512_BF16, AMX)."""
    return "BF16" in shared_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
