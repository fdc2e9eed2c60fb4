"""FAISS: there, whole, and fast on this processor."""

import os
from collections.abc import Iterator
from pathlib import Path

from shelfsight.api.doctor.finding import Finding, error, warning

__all__ = ["CHECKS"]

_FORCE = ("FAISS_SIMD_LEVEL", "FAISS_OPT_LEVEL")
_FAST = ("AVX2", "AVX512", "SVE", "NEON")


def faiss_library() -> Iterator[Finding]:
    """The library of the default store."""
    from shelfsight.stores.faiss_build import build

    try:
        found = build()
    except ImportError as fault:
        if fault.name != "faiss":
            cure = "install it anew; a build for CUDA needs that CUDA's libraries"
            yield error("faiss_broken", f"FAISS cannot be loaded: {fault}", cure)
            return
        text = "FAISS is not installed; collections with --store exact and --store milvus work"
        yield warning("faiss_missing", text, "install the extra cpu, or gpu", command="pip install 'shelfsight[cpu]'")
        return
    fast = found.level != "NONE" if found.level else any(each.startswith(_FAST) for each in found.options)
    if _processor_is_fast() and not fast:
        text = f"FAISS {found.version} computes without AVX2, which this processor has"
        forced = [name for name in _FORCE if name in os.environ]
        cure = f"unset {' and '.join(forced)}" if forced else "install a build of the package index"
        yield warning("faiss_slow", text, cure, command=f"unset {' '.join(forced)}" if forced else None)


def _processor_is_fast() -> bool:
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text("ascii", "replace").replace("\n", " ")
    except OSError:
        return False


CHECKS = (faiss_library,)
