"""A real Chromium at a page, with everything recorded that must not happen there."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": (390, 844), "desk": (1280, 800)}
THEMES = ("light", "dark")
AXE = ROOT / ".browser" / "axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""axe-core 4.14.1 of the npm registry; `make browser-tools` puts it there."""
SERIOUS = ("serious", "critical")


def axe_script() -> str | None:
    """axe-core's script, where it is there and what it should be."""
    if not AXE.is_file():
        return None
    data = AXE.read_bytes()
    return data.decode() if hashlib.sha256(data).hexdigest() == AXE_SHA256 else None


@dataclass
class Visit:
    """One page in a browser context of its own."""

    page: Any
    base: str
    outside: list[str] = field(default_factory=list)
    """Requests to other hosts."""
    errors: list[str] = field(default_factory=list)
    """Uncaught errors, dialogs, and what the console calls an error."""
    bytes: int = 0
    """Transferred so far: bodies and headers."""

    def open(self, path: str) -> "Visit":
        """Go to a path of the server."""
        self.page.goto(self.base + path)
        return self

    def watch(self, context: Any) -> None:
        """Record what happens in a context."""
        host = urlsplit(self.base).netloc

        def asked(request: Any) -> None:
            parts = urlsplit(request.url)
            if parts.scheme not in ("data", "blob", "about") and parts.netloc != host:
                self.outside.append(request.url)

        def ended(request: Any) -> None:
            sizes = request.sizes()
            self.bytes += sizes["responseBodySize"] + sizes["responseHeadersSize"]

        context.on("request", asked)
        context.on("requestfinished", ended)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on("console", self._console)

    def problems(self) -> list[str]:
        """What axe-core finds serious or critical, with where."""
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['html'][:160]}"
            for each in found["violations"]
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]

    def _dialog(self, dialog: Any) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)
