# SPDX-License-Identifier: MIT
"""Chromium without a window, driven by the DevTools protocol over a pipe (--remote-debugging-pipe), for the tests of
the HTML page."""

import base64
import fcntl
import json
import os
import select
import subprocess

from support import check, require, temp_dir

READ, WRITE = 3, 4  # the numbers that --remote-debugging-pipe uses


class Browser:
    """A page from a file. `errors` are what the console, the policy and the script complain about; `requests` are
    the addresses that it fetched."""

    def __init__(self, path, dark=False, script=True, width=1280, height=900):
        self.errors, self.requests, self.number, self.rest, self.answers = [], [], 0, b"", {}
        to_browser, self.to_browser = os.pipe()
        self.from_browser, from_browser = os.pipe()
        command = [require("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--no-first-run", "--disable-background-networking", f"--user-data-dir={temp_dir()}",
                   "--remote-debugging-pipe", "about:blank"]

        # 3 and 4 may be these already, in the other order.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_browser, from_browser)]

        def place():
            os.dup2(high[0], READ)
            os.dup2(high[1], WRITE)
        self.process = subprocess.Popen(command, close_fds=False, preexec_fn=place, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (to_browser, from_browser, *high):
            os.close(fd)
        targets = self.call("Target.getTargets", session=None)["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", session=None, targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Performance.enable", timeDomain="threadTicks")
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.loaded = False
        self.call("Page.navigate", url=f"file://{path}")
        while not self.loaded:
            self._read(60)

    def _read(self, timeout):
        """Reads what has come, and waits for it at most that long."""
        if not select.select([self.from_browser], [], [], timeout)[0]:
            raise AssertionError("Chromium doesn't answer")
        data = os.read(self.from_browser, 1 << 20)
        check.true(data, "Chromium runs")
        *messages, self.rest = (self.rest + data).split(b"\0")
        for message in messages:
            self._take(json.loads(message))

    def _take(self, message):
        if "id" in message:
            self.answers[message["id"]] = message
            return
        method, about = message["method"], message["params"]
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Runtime.exceptionThrown":
            self.errors.append(about["exceptionDetails"].get("exception", {}).get("description", about))
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append(about["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" or method == "Page.javascriptDialogOpening":
            self.errors.append(str(about))
        elif method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])

    def call(self, method, session="", **arguments):
        """The result of a method of the protocol."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": arguments}
        if session is not None:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while self.number not in self.answers:
            self._read(60)
        answer = self.answers.pop(self.number)
        check.lacks(answer, "error", f"{method}: {answer.get('error')}")
        return answer["result"]

    def value(self, expression):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        check.lacks(result, "exceptionDetails", f"{expression}: {result.get('exceptionDetails')}")
        return result["result"].get("value")

    def processor_seconds(self):
        """The time of a processor that the page has taken until now, whatever else the machine does."""
        metrics = self.call("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    def texts(self, selector):
        """The texts of all elements that are shown."""
        return self.value(f"[...document.querySelectorAll({selector!r})].filter(e => e.offsetParent)"
                          ".map(e => e.innerText)")

    def click(self, selector):
        """A real click on the middle of the first such element."""
        x, y = self.value(f"(e => (e.scrollIntoView({{block: 'center'}}), e = e.getBoundingClientRect(),"
                          f"[e.x + e.width / 2, e.y + e.height / 2]))(document.querySelector({selector!r}))")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name, text=""):
        """A real key."""
        code = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39,
                "Tab": 9}.get(name, 0)
        text = "\r" if name == "Enter" else text
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, code=name, windowsVirtualKeyCode=code, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, code=name, windowsVirtualKeyCode=code)

    def type(self, selector, text):
        """Replaces the text of a field, and waits until the page has answered."""
        self.value(f"document.querySelector({selector!r}).select()")
        self.value(f"document.querySelector({selector!r}).focus()")
        if text:
            self.call("Input.insertText", text=text)
        else:
            self.value(f"(e => (e.value = '', e.dispatchEvent(new Event('input'))))"
                       f"(document.querySelector({selector!r}))")
        self.value("new Promise(done => setTimeout(done, 200))")

    def picture(self, path, whole=False):
        """Writes a PNG of the window, or of the whole page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def close(self):
        """Ends Chromium, and returns the errors."""
        self.call("Browser.close", session=None)
        self.process.wait(30)
        for fd in (self.to_browser, self.from_browser):
            os.close(fd)
        return self.errors
