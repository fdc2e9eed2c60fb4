"""A browser tab that remembers what went wrong in it."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

__all__ = ["Tab"]

_WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


_SETTLED = """() => document.getElementById("progress")?.hidden && !document.querySelector(".skeleton")"""


class Tab:
    """One tab on the page of one server."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.wrong: list[str] = []
        self.expected: list[str] = []
        page.set_default_timeout(30_000)
        expect.set_options(timeout=10_000)
        page.add_init_script(_WATCH_POLICY)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))
        page.on("request", self._requested)

    def open(self, address: str = "/") -> None:
        """Open the page and wait for its first hits."""
        self.page.goto(self.url + address, wait_until="domcontentloaded")
        self.settled()

    def settled(self) -> None:
        """Wait until every answer asked for is drawn: looked at with every frame, where ``expect`` takes its time."""
        self.page.wait_for_function(_SETTLED)

    def after(self, action: Callable[[], object]) -> None:
        """Do something that asks the server, and wait for its answer to be drawn."""
        with self.page.expect_request(lambda asked: "/v1/" in asked.url and "/thumbnail" not in asked.url) as asked:
            action()
        asked.value.response()
        self.settled()

    def look(self, address: str) -> None:
        """Open the page with the switch on, and wait until the second look is drawn."""
        self.open(f"{address}&look=1")
        self.page.wait_for_function("() => document.getElementById('looked').textContent.includes('Re-ranked')")

    def type(self, text: str) -> None:
        self.after(lambda: self.page.get_by_role("searchbox").fill(text))

    @property
    def cards(self) -> Locator:
        return self.page.locator("#grid > .card:not(.skeleton)")

    def ids(self) -> list[str]:
        """Ids of the hits, in order."""
        return [str(id) for id in self.cards.evaluate_all("cards => cards.map((card) => card.dataset.id)")]

    @property
    def switch(self) -> Locator:
        return self.page.get_by_role("switch", name="Look again")

    @property
    def looked(self) -> Locator:
        """The line that says what the second look did."""
        return self.page.locator("#looked")

    @property
    def atoms(self) -> Locator:
        return self.page.get_by_role("list", name="What the words ask for")

    def claim(self, words: str) -> Locator:
        """A claim's chip on the first card."""
        return self.cards.first.get_by_role("button", name=re.compile(f"^{re.escape(words)}:"))

    @property
    def evidence(self) -> Locator:
        """What lies over the picture of the first card."""
        return self.cards.first.locator(".frame > .evidence")

    def details(self) -> Locator:
        """The details of the first hit, opened."""
        self.cards.first.get_by_role("button", name="Details").click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        return dialog

    def pictures_are_drawn(self) -> None:
        """Every picture in view has pixels."""
        self.page.wait_for_function(
            """() => [...document.querySelectorAll("#grid img")].slice(0, 4)
                 .every((image) => image.complete && image.naturalWidth > 0)"""
        )

    def drop(self, picture: Path) -> None:
        """Drag a file onto the page and let it go."""
        transfer = self.page.evaluate_handle(
            """async ([bytes, name]) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
                return transfer;
            }""",
            [list(picture.read_bytes()), picture.name],
        )
        self.page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
        expect(self.page.locator("#drop")).to_be_visible()
        self.after(lambda: self.page.dispatch_event("body", "drop", {"dataTransfer": transfer}))

    def check(self) -> None:
        unforeseen = [fault for fault in self.wrong if not any(part in fault for part in self.expected)]
        assert unforeseen == [], unforeseen

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"console: {message.text} {message.location.get('url', '')}")

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((self.url + "/", "blob:" + self.url + "/")):
            self.wrong.append(f"left the origin: {request.url}")
