"""The pages in a browser, from the disk and without a network: search, narrow and wide screens, light and dark.

scripts/docs --browser runs it. Needs Selenium, Chromium and its driver. Environment: TRTYOLO_SITE, the folder of the
pages (default: out/docs/html); TRTYOLO_SCREENSHOTS, a folder that gets pictures of them.
"""

import base64
import json
import os
import pathlib
import shutil
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

SITE = pathlib.Path(os.environ.get("TRTYOLO_SITE", pathlib.Path(__file__).parents[2] / "out" / "docs" / "html"))
WIDE, NARROW = (1280, 800), (390, 844)
PAGES = (
    *("index", "README", "README.zh-CN", "docs/tutorial", "docs/tutorial.zh-CN", "docs/migration", "docs/performance"),
    *("docs/guide/concurrency", "docs/guide/cameras", "docs/models", "cli/trtyolo", "cli/python", "cpp/model"),
    *("python_api/models", "CHANGELOG"),
)


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.add_argument("--hide-scrollbars")
        options.add_argument(f"--user-data-dir={folder.name}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        cls.browser = webdriver.Chrome(options=options, service=service)
        cls.addClassCleanup(cls.browser.quit)
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        cls.browser.execute_cdp_cmd("Network.enable", {})
        cls.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)

    def open(self, page, size=WIDE, dark=False):
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        self.browser.get_log("performance"), self.browser.get_log("browser")
        self.browser.get(f"{SITE.resolve().as_uri()}/{page}")

    def run_script(self, script):
        return self.browser.execute_script(f"return {script}")

    def keep(self, name):
        if folder := os.environ.get("TRTYOLO_SCREENSHOTS"):
            shown = self.browser.execute_cdp_cmd("Page.captureScreenshot", {})
            pathlib.Path(folder, f"{name}.png").write_bytes(base64.b64decode(shown["data"]))

    def assertGood(self, page):
        """Nothing is cut off at the side, nothing comes from elsewhere, and the browser has no complaints."""
        widths = self.run_script("[document.documentElement.scrollWidth, innerWidth]")
        self.assertLessEqual(*widths, page)
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        urls = [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
        self.assertTrue(urls)
        self.assertEqual([url for url in urls if not url.startswith(("file:", "data:"))], [], page)
        self.assertEqual(self.browser.get_log("browser"), [], page)

    def colours(self):
        """Brightness of the text and of what it stands on, 0 to 255."""
        style = "getComputedStyle(document.body)"
        for property in ("color", "backgroundColor"):
            red, green, blue = map(int, self.run_script(f"{style}.{property}.match(/\\d+/g).slice(0, 3)"))
            yield 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def test_pages_on_all_screens(self):
        for page in PAGES:
            for size, dark in ((WIDE, False), (WIDE, True), (NARROW, False), (NARROW, True)):
                with self.subTest(page=page, size=size, dark=dark):
                    self.open(f"{page}.html", size, dark)
                    self.keep(f"{page.replace('/', '-')}-{size[0]}{'-dark' if dark else ''}")
                    self.assertGood(page)
                    text, ground = self.colours()
                    self.assertGreater(abs(text - ground), 130)
                    self.assertEqual(ground < text, dark)

    def search(self, words, size=WIDE):
        """The titles and targets that the search finds."""
        self.open(f"search.html?q={words}", size)
        done = "document.querySelector('#search-results .search-summary, #search-results p')"
        WebDriverWait(self.browser, 30).until(
            lambda _: self.run_script(f"{done} && !/Searching|Preparing/.test(document.body.innerText)")
        )
        links = self.browser.find_elements(By.CSS_SELECTOR, "#search-results ul.search li > a")
        return [(link.text, link.get_attribute("href").rpartition("/html/")[2]) for link in links]

    def test_search_without_a_network(self):
        for words, target in (
            ("setConfidence", "cpp/model.html"),
            ("set_confidence", "python_api/option.html"),
            ("--give-up", "cli/trtyolo.html"),
            ("letterbox", "docs/models.html"),
        ):
            with self.subTest(words=words):
                found = self.search(words)
                self.assertTrue(any(where.startswith(target) for _, where in found), found)
                self.assertGood(words)
        self.keep("search-1280")
        self.search("letterbox", NARROW)
        self.keep("search-390")
        self.assertGood("search")

    def test_search_finds_nothing_that_is_not_there(self):
        self.assertEqual(self.search("xyzzyplugh"), [])


if __name__ == "__main__":
    unittest.main()
