"""A browser to look at pages with: headless Chromium, spoken to by its own DevTools protocol."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--remote-debugging-port=0", "--hide-scrollbars", "about:blank",
)  # fmt: skip
_PATIENCE_S = 40.0


def chromium():
    """Path of a Chromium, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser(folder):
    """A page of a fresh Chromium whose profile lies in a folder."""
    command = [chromium(), f"--user-data-dir={folder}", *FLAGS]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    loop = asyncio.new_event_loop()
    try:
        page = Page(loop, loop.run_until_complete(_connected(folder)))
        page.attach()
        yield page
        page.close()
    finally:
        loop.close()
        process.terminate()
        process.wait(timeout=20)


async def _connected(folder):
    from tornado.websocket import websocket_connect

    told, until = folder / "DevToolsActivePort", time.monotonic() + _PATIENCE_S
    while not (told.is_file() and len(told.read_text().splitlines()) == 2):
        if time.monotonic() > until:
            raise TimeoutError("Chromium did not open its port")
        await asyncio.sleep(0.05)
    port, path = told.read_text().splitlines()
    return await websocket_connect(f"ws://127.0.0.1:{port}{path}", max_message_size=2**28)


class Page:
    """One tab; `events` holds what it told without being asked."""

    def __init__(self, loop, socket):
        self.loop, self.socket, self.events, self._count, self._session = loop, socket, [], 0, None

    def attach(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def close(self):
        self.socket.close()
        self.loop.run_until_complete(self._until_closed())

    async def _until_closed(self):
        while await self.socket.read_message() is not None:
            pass

    def call(self, method, **params):
        """Ask for something and wait for the answer."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        return self.loop.run_until_complete(self._answered(message))

    async def _answered(self, message):
        await self.socket.write_message(json.dumps(message))
        while True:
            text = await asyncio.wait_for(self.socket.read_message(), _PATIENCE_S)
            told = json.loads(text)
            if told.get("id") == message["id"]:
                if "error" in told:
                    raise RuntimeError(told["error"]["message"])
                return told["result"]
            self.events.append(told)

    def js(self, expression):
        """Value of an expression in the page, awaited."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)  # fmt: skip
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", found)["description"])
        return found["result"].get("value")

    def wait(self, expression):
        """Wait until an expression is true."""
        until = time.monotonic() + _PATIENCE_S
        while not self.js(expression):
            if time.monotonic() > until:
                raise TimeoutError(expression)
            time.sleep(0.05)

    def open(self, path, width=1280, height=1000):
        """Load a file at a width, and wait for its maps."""
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)  # fmt: skip
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.readyState === 'complete' && [...document.querySelectorAll('.mapbox')].every(b => b.dataset.drawn)")  # fmt: skip
        self.js("new Promise(done => requestAnimationFrame(() => setTimeout(done, 300)))")

    def click(self, x, y):
        """Press and release the mouse at a place of the window."""
        at = {"x": x, "y": y, "button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, **at)
        self.js("new Promise(done => setTimeout(done, 400))")

    def key(self, name):
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=13, text="\r" if kind == "keyDown" else "")  # fmt: skip

    def told(self, *methods):
        """Events of some kinds."""
        return [event for event in self.events if event["method"] in methods]
