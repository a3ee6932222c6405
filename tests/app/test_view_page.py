"""The page of `trtyolo predict --view` in a browser: one source and nine, one that dies and returns, wide and narrow.

Needs Selenium (PyPI), Chromium and its driver (Debian: chromium, chromium-driver); without them it is skipped.
Environment: as program.py, and TRTYOLO_SCREENSHOTS, a folder that gets pictures of the page.
"""

import base64
import json
import os
import pathlib
import shutil
import tempfile
import time
import unittest

from live_server import LiveServer
from program import DATA, QUICK, AppTest
from view_client import View

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
except ImportError:
    webdriver = None

chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
PEOPLE = DATA / "people" / "people.onnx"
ENDLESS = [10**6]
COUNTS = "--track", "--line", "door=400,560,400,40", "--zone", "shop=100,80;420,80;420,560;100,560"
WIDE, NARROW = (1280, 800), (390, 844)


@unittest.skipUnless(webdriver and chromium and driver, "needs Selenium, chromium and chromedriver")
class Page(AppTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={folder.name}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        cls.browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        cls.addClassCleanup(cls.browser.quit)

    def open(self, url, size=WIDE, dark=False):
        self.size(size)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        self.browser.get_log("performance"), self.browser.get_log("browser")
        self.browser.get(url)

    def size(self, size):
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def run_script(self, script):
        return self.browser.execute_script(f"return {script}")

    def wait(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, self.browser.find_element(By.TAG_NAME, "body").text)
            time.sleep(0.05)

    def badges(self):
        return self.run_script("[...document.querySelectorAll('article .badge')].map(one => one.textContent)")

    def painted(self):
        """How many cards in sight have a picture."""
        return self.run_script("cards.filter(card => card.visible && card.painted).length")

    def rows(self, card=0):
        terms, texts = (
            self.run_script(f"[...cards[{card}].element.querySelectorAll('{tag}')].map(one => one.textContent)")
            for tag in ("dt", "dd")
        )
        return dict(zip(terms, texts))

    def places(self):
        return self.run_script("cards.map(card => Object.values(card.element.getBoundingClientRect().toJSON()))")

    def keep(self, name):
        if folder := os.environ.get("TRTYOLO_SCREENSHOTS"):
            shown = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
            pathlib.Path(folder, f"{name}.png").write_bytes(base64.b64decode(shown["data"]))

    def assertGood(self, view):
        """Nothing is cut off at the side, nothing comes from elsewhere, and the browser has no complaints."""
        self.assertLessEqual(self.run_script("document.documentElement.scrollWidth"), self.run_script("innerWidth"))
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        urls = [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
        self.assertEqual({url.split("/")[2] for url in urls if url.startswith("http")}, {f"127.0.0.1:{view.port}"})
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_one_source(self):
        with LiveServer(ENDLESS, rate=10) as camera, View(PEOPLE, camera.url, *COUNTS) as view:
            for size, dark in ((WIDE, False), (NARROW, False), (WIDE, True)):
                self.open(view.url, size, dark)
                self.wait(lambda: self.badges() == ["live"] and self.painted() == 1)
                self.assertEqual(list(self.rows()), ["Frames", "Objects", "Tracks", "door", "shop"])
                self.wait(lambda: "person" in self.rows()["Objects"])
                places, picture = self.places(), self.run_script("cards[0].canvas.toDataURL()")
                self.wait(lambda: self.run_script("cards[0].canvas.toDataURL()") != picture)
                self.assertEqual(self.places(), places)
                self.keep(f"one-{size[0]}{'-dark' if dark else ''}")
                self.assertGood(view)

    def test_nine_sources_one_of_which_dies_and_returns(self):
        others = [LiveServer(ENDLESS, rate=4) for _ in range(8)]
        with LiveServer([60, 0, 0, 0, 10**6], rate=4) as camera:  # gone for some seconds
            urls = [server.url for server in (camera, *others)]
            with View(PEOPLE, *urls) as view:
                self.open(view.url)
                self.wait(lambda: self.badges() == ["live"] * 9 and self.painted() == self.visible())
                places = self.places()
                self.keep("nine-1280")
                self.assertGood(view)
                self.size(NARROW)
                self.wait(lambda: self.visible() < 5 and self.painted() == self.visible())
                self.keep("nine-390")
                self.assertGood(view)
                self.size(WIDE)
                self.wait(lambda: self.badges()[0] == "reconnecting")
                self.wait(lambda: self.badges()[1:] == ["live"] * 8 and self.painted() == self.visible())
                self.assertEqual(self.places(), places)
                self.keep("dead-1280")
                self.size(NARROW)
                time.sleep(0.5)
                self.keep("dead-390")
                self.size(WIDE)
                self.wait(lambda: self.badges() == ["live"] * 9)
                time.sleep(1)
                self.keep("back-1280")
                self.assertGood(view)
            self.wait(lambda: set(self.badges()) == {"no connection"})
            self.assertIn("has ended", self.browser.find_element(By.ID, "notice").text)
            self.keep("ended-1280")
        for server in others:
            server.__exit__()

    def visible(self):
        return self.run_script("cards.filter(card => card.visible).length")

    def test_a_token(self):
        with LiveServer(ENDLESS, rate=10) as camera, View(*QUICK, camera.url, "--view-token", "my-own-token") as view:
            self.open(view.url)
            self.wait(lambda: self.badges() == ["live"] and self.painted() == 1)
            self.assertEqual(self.browser.current_url, f"http://127.0.0.1:{view.port}/")
            self.browser.delete_all_cookies()
            self.browser.refresh()
            self.assertIn("needs its token", self.browser.find_element(By.TAG_NAME, "body").text)

    def test_names_are_text(self):
        labels, evil = self.folder / "labels.txt", "<img src=x onerror=document.title='run'>"
        labels.write_text(f"{evil}\n")
        with LiveServer(ENDLESS, rate=10) as camera, View(PEOPLE, camera.url, "--labels", labels) as view:
            self.open(view.url, NARROW)
            self.wait(lambda: self.badges() == ["live"] and evil in self.rows()["Objects"])
            self.assertEqual(self.browser.title, "trtyolo · people.onnx")
            self.assertGood(view)


if __name__ == "__main__":
    unittest.main()
