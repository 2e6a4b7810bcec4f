"""A real browser without a window, for tests of pages: Debian's Chromium, driven over WebDriver by a few calls.

It has a profile of its own that is thrown away, and what it asks of the network is written down. A machine without it
skips the tests; CI, where it has to be (`.ci/run` installs it), fails.
"""

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
PATIENCE = 60.0
_STARTED = re.compile(r"started successfully on port (\d+)")


class Browser:
    """One window. What a page logs, and asks of the network, is kept until it is asked for."""

    def __init__(self, root: str) -> None:
        self._root = root

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._root + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine
        with opener.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]

    def devtools(self, command: str, **params: Any) -> Any:
        """A command of the DevTools protocol."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def size(self, width: int, height: int = 900) -> None:
        """Make the page's room so wide."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def media(self, media: str = "", scheme: str = "light") -> None:
        """`media` is "print" or nothing."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", media=media, features=features)

    def open(self, path: Path) -> None:
        """Load a file, and forget what was logged before."""
        self.said(), self.asked()
        self._call("POST", "/url", {"url": path.as_uri()})

    def ask(self, script: str) -> Any:
        """What a script in the page returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": []})

    def said(self) -> list[str]:
        """What the console has."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"})]

    def asked(self) -> list[str]:
        """The addresses that were asked for; not those that the page's own policy kept back."""
        entries = self._call("POST", "/se/log", {"type": "performance"})
        events = [json.loads(entry["message"])["message"] for entry in entries]
        wanted = {
            e["params"]["requestId"]: e["params"]["request"]["url"]
            for e in events
            if e["method"] == "Network.requestWillBeSent"
        }
        kept_back = {
            e["params"]["requestId"]
            for e in events
            if e["method"] == "Network.loadingFailed" and e["params"].get("blockedReason") == "csp"
        }
        return [url for identity, url in wanted.items() if identity not in kept_back]

    def paper(self) -> bytes:
        """The page as a PDF on A4."""
        made = self.devtools("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
        return base64.b64decode(made["data"])

    def leave(self) -> None:
        self._call("DELETE", "")


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser for the length of the block; it is ended by its own driver."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        why = "no browser: apt-get install chromium chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            assert process.stdout is not None
            port = next(found[1] for line in process.stdout if (found := _STARTED.search(line)))
            root = f"http://127.0.0.1:{port}/session"
            options = {"binary": chromium, "args": [*FLAGS, f"--user-data-dir={profile}"]}
            logs = {"browser": "ALL", "performance": "ALL"}
            wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": logs}}
            session = Browser(root)._call("POST", "", {"capabilities": wanted})["sessionId"]
            page = Browser(f"{root}/{session}")
            try:
                yield page
            finally:
                page.leave()
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()
