"""Pictures within what every processor can take."""

from PIL.Image import Image, Resampling

__all__ = ["LIMITS", "fit"]

_SHORTEST = 28  # pixels; below, some processors confuse height and colours, or leave no patch
_LONGEST = 1536  # models that look at full resolution would need minutes for a camera's picture
_STRETCH = 50  # times as long as wide; Qwen's processor refuses 200
LIMITS = (_SHORTEST, _LONGEST, _STRETCH)
"""All that decides how :func:`fit` changes a picture."""


def fit(picture: Image, *, longest: int = _LONGEST) -> Image:
    """The picture in RGB, no side over ``longest`` pixels or under 28, at most 50 times as long as it is wide.

    Most come through unchanged. Only extreme strips are stretched.
    """
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    side = max(rgb.size)
    scale = min(1.0, longest / side)
    least = max(_SHORTEST, round(side * scale / _STRETCH))
    size = tuple(max(least, round(side * scale)) for side in rgb.size)
    return rgb if size == rgb.size else rgb.resize((size[0], size[1]), Resampling.BICUBIC)
