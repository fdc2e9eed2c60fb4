"""The page's modules: what a page needs is loaded at once, nothing is left over, nothing runs inline."""

import re
from pathlib import Path

import pytest

import shelfsight.api

_PAGE = Path(shelfsight.api.__file__).parent / "page"
_HTML = {"index.html": "main.js", "indexing.html": "indexing.js", "docs.html": "docs.js"}
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:const|function\*?|class) (\w+)", re.MULTILINE)


def needed(module: str, found: frozenset[str] = frozenset()) -> frozenset[str]:
    """A module and all that it imports, directly or not."""
    found |= {module}
    for _names, other in _IMPORT.findall((_PAGE / module).read_text(encoding="utf-8")):
        if other not in found:
            found |= needed(other, found)
    return found


@pytest.mark.parametrize(("page", "module"), _HTML.items())
def test_a_page_preloads_what_it_needs(page: str, module: str) -> None:
    """A browser that meets imports one after the other asks as often as they are deep."""
    preloaded = re.findall(r'<link rel="modulepreload" href="/page/([\w.]+)">', (_PAGE / page).read_text())
    assert preloaded == sorted(needed(module) - {module})


def test_nothing_is_left_over() -> None:
    modules = {path.name for path in _PAGE.glob("*.js")} - {"theme.js"}
    assert modules == frozenset().union(*map(needed, _HTML.values()))
    text = {name: (_PAGE / name).read_text(encoding="utf-8") for name in modules}
    imported = {
        (other, name.strip())
        for each in text.values()
        for names, other in _IMPORT.findall(each)
        for name in names.split(",")
    }
    exported = {(name, export) for name, each in text.items() for export in _EXPORT.findall(each)}
    assert imported == exported


def test_imported_names_are_used() -> None:
    for path in _PAGE.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for names, _other in _IMPORT.findall(text):
            for name in names.split(","):
                assert len(re.findall(rf"\b{name.strip()}\b", text)) > 1, (path.name, name)


def test_modules_are_short() -> None:
    for path in _PAGE.glob("*.js"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, path.name


@pytest.mark.parametrize("page", _HTML)
def test_nothing_inline(page: str) -> None:
    text = (_PAGE / page).read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:|https?://", text)
