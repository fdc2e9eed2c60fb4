"""Packages: there, in the versions that this one was made for, and fit for one another."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distributions, requires, version

from packaging.requirements import Requirement

from shelfsight.api.doctor.finding import Finding, error, note, warning

__all__ = ["CHECKS", "installed"]

_OWN = "shelfsight"
_INDEX = "https://download.pytorch.org/whl/"


def installed(name: str) -> str | None:
    """The version of a package, or ``None``."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def required_versions() -> Iterator[Finding]:
    """Those that are needed always, and those of extras where they are installed."""
    for wanted in map(Requirement, requires(_OWN) or ()):
        extra = _extra_of(wanted)
        found = installed(wanted.name)
        if extra == "dev" or (found is None and extra is not None):
            continue
        bounds = f"{wanted.name}{wanted.specifier}"
        if found is None:
            yield error("package_missing", f"{wanted.name} is not installed", "install it", command=_pip(bounds))
        elif not wanted.specifier.contains(found, prereleases=True):
            text = f"{wanted.name} is {found}, and this Shelfsight was made for {wanted.specifier}"
            yield warning("package_version", text, "install one that fits", command=_pip(bounds))


def torch_and_torchvision() -> Iterator[Finding]:
    """A torchvision is made for one torch, and for one kind of it: for the CPU, or for a CUDA."""
    torch, vision = installed("torch"), installed("torchvision")
    if torch is None or vision is None:
        return
    for wanted in map(Requirement, requires("torchvision") or ()):
        if wanted.name == "torch" and not wanted.specifier.contains(torch.partition("+")[0], prereleases=True):
            text = f"torchvision {vision} is for torch{wanted.specifier}, and torch is {torch}"
            yield error("torch_pair", text, "install both together", command=_pair(torch))
            return
    kinds = {name: found.partition("+")[2] or "as on the package index" for name, found in _named(torch, vision)}
    if len({*kinds.values()}) > 1:
        told = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
        text = f"torch and torchvision are of two kinds ({told}); what Shelfsight needs of them works all the same"
        yield note("torch_kinds", text, "install both from one place", command=_pair(torch))


def two_of_a_kind() -> Iterator[Finding]:
    """Packages that bring the same module: which one is imported is chance."""
    names = {re.sub(r"[-_.]+", "-", each.name or "").lower() for each in distributions()}
    found = sorted(name for name in names if name.startswith("faiss-") and name.split("-")[1] in ("cpu", "gpu"))
    if len(found) > 1:
        text = f"{' and '.join(found)} are both installed, and bring the same files"
        cure = "take all away, then install the extra that you want, cpu or gpu"
        yield error("faiss_twice", text, cure, command=f"pip uninstall -y {' '.join(found)}")


def _extra_of(wanted: Requirement) -> str | None:
    match = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", str(wanted.marker or ""))
    return None if match is None else match[1]


def _named(torch: str, vision: str) -> list[tuple[str, str]]:
    return [("torch", torch), ("torchvision", vision)]


def _pip(wanted: str) -> str:
    return f"pip install '{wanted}'"


def _pair(torch: str) -> str:
    """The command that installs a torchvision for the torch that is there."""
    bare, _, kind = torch.partition("+")
    index = f" --index-url {_INDEX}{kind}" if kind else ""
    return f"pip install --upgrade{index} 'torch=={bare}' torchvision"


CHECKS = (required_versions, torch_and_torchvision, two_of_a_kind)
