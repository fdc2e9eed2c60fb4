"""What FAISS is installed here, and what it makes of the processor."""

from dataclasses import dataclass

__all__ = ["Build", "build"]


@dataclass(frozen=True, slots=True)
class Build:
    """
    Attributes:
        options: that it was compiled with, such as ``DD``: it chooses by the processor; ``AVX2``.
        level: that it computes with, where it chooses; empty where it does not say.
        gpus: that it sees.
    """

    version: str
    options: tuple[str, ...]
    level: str
    gpus: int


def build() -> Build:
    """That of the package that is imported.

    Raises:
        ImportError: there is none, or its library cannot be loaded.
    """
    import faiss

    config = getattr(faiss, "SIMDConfig", None)
    name = getattr(config, "get_level_name", None)
    gpus = getattr(faiss, "get_num_gpus", None)
    return Build(
        version=str(faiss.__version__),
        options=tuple(str(faiss.get_compile_options()).split()),
        level=str(name()) if name is not None else "",
        gpus=int(gpus()) if gpus is not None else 0,
    )
