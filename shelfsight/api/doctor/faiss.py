"""FAISS: there, whole, and fast on this processor."""

import os
from collections.abc import Iterator
from pathlib import Path

from shelfsight.api.doctor.finding import Finding, error, warning

__all__ = ["CHECKS"]

_LEVEL = "FAISS_OPT_LEVEL"
_FAST = ("AVX2", "AVX512", "SVE", "NEON")


def faiss_library() -> Iterator[Finding]:
    """The library of the default store."""
    from shelfsight.stores.faiss_build import build

    try:
        found = build()
    except ModuleNotFoundError:
        text = "FAISS is not installed; collections with --store exact and --store milvus work"
        yield warning("faiss_missing", text, "install the extra cpu, or gpu", command="pip install 'shelfsight[cpu]'")
        return
    except ImportError as fault:
        cure = "install it anew; a build for CUDA needs that CUDA's libraries"
        command = "pip install --force-reinstall --no-deps faiss-cpu"
        yield error("faiss_broken", f"FAISS cannot be loaded: {fault}", cure, command=command)
        return
    fast = [option for option in found.options if option.startswith(_FAST)]
    if _processor_is_fast() and (found.level == "NONE" or not (fast or found.level)):
        forced = f" because {_LEVEL} is {os.environ[_LEVEL]}" if _LEVEL in os.environ else ""
        text = f"FAISS {found.version} computes without AVX2, which this processor has{forced}"
        yield warning("faiss_slow", text, f"unset {_LEVEL}" if forced else "install a build of the package index")


def _processor_is_fast() -> bool:
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text("ascii", "replace").replace("\n", " ")
    except OSError:
        return False


CHECKS = (faiss_library,)
