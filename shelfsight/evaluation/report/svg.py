"""Matplotlib figures as SVG that belongs to the page: its colours, its font, light and dark, no addresses."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from shelfsight.core.errors import MissingExtra
from shelfsight.evaluation.report.markup import Html, element, join, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "CARD",
    "GOOD",
    "HEAT",
    "INK",
    "LINE",
    "SERIES",
    "SOFT",
    "drawing",
    "label",
    "labelled_margin",
    "picture_of",
    "require_matplotlib",
]

INK, SOFT, LINE, CARD, HEAT, GOOD = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
SERIES = ("#0a0101", "#0a0202", "#0a0303", "#0a0404")
_VARIABLES = {
    **{INK: "ink", SOFT: "soft", LINE: "line", CARD: "card", HEAT: "heat", GOOD: "good"},
    **{colour: f"series-{number}" for number, colour in enumerate(SERIES)},
}
"""Stand-ins that become the page's variables, so that one drawing fits both themes."""

_WIDTH = 4.8
_POINT = 9.5
_LABEL = 22
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "shelfsight",
    "text.parse_math": False,
    "font.size": _POINT,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
}


def require_matplotlib() -> None:
    """Make sure that plots can be drawn.

    Raises:
        MissingExtra: Matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise MissingExtra("matplotlib", "report") from error


@contextmanager
def drawing(height: float = 2.9) -> Iterator[tuple["Figure", "Axes"]]:
    """A figure and its axes in the page's manner. No global state of Matplotlib is left changed.

    Args:
        height: in inches; the width is 4.8.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(_WIDTH, height), layout=None)
        figure.subplots_adjust(left=0.145, right=0.97, top=0.96, bottom=0.16 * 2.9 / height)
        yield figure, figure.add_subplot()


def label(number: int) -> str:
    """Stands in a drawing for the text ``texts[number]`` of :func:`picture_of`: Matplotlib never sees what somebody
    else wrote, which may hold letters that its font has not, or dollars that it would take for mathematics."""
    return f"@{number}@"


def labelled_margin(figure: "Figure", texts: Sequence[str]) -> None:
    """Room at the left for labels of ``texts``."""
    longest = max((_width(short(text, _LABEL)) for text in texts), default=0)
    figure.subplots_adjust(left=min(0.6, 0.05 + longest * 0.58 * _POINT / (72 * _WIDTH)))


def _width(text: str) -> int:
    """In letters; those of Chinese, Japanese and Korean are two wide."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def picture_of(figure: "Figure", name: str, description: str, texts: Sequence[str] = ()) -> Html:
    """The figure as an SVG element.

    Args:
        name: unique in the page; keeps the ids of one drawing from meeting those of another.
        description: what a person who cannot see it should know.
        texts: what :func:`label` stands for.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = buffer.getvalue()
    width, height = figure.get_size_inches() * 72
    body = drawn[drawn.index("<defs>", drawn.index("<svg")) : drawn.rindex("</svg>")]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    body = re.sub(r' font-family: [^;"]*;| transform="rotate\(-0 [^"]*"', "", body)
    body = re.sub("|".join(_VARIABLES), lambda match: f"var(--{_VARIABLES[match[0]]})", body)
    body = re.sub(r"@(\d+)@", lambda match: join(short(texts[int(match[1])], _LABEL)), body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    return element("svg", Html(body), viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=description)
