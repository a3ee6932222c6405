"""The page in a browser: every task, thresholds, classes, errors, tokens, a phone's screen, the keyboard.

Needs Chromium and its driver (Debian: chromium, chromium-driver); without them these tests are skipped.
Environment: TRTYOLO_SCREENSHOTS, a folder that gets a picture of the page of each test.
"""

import base64
import json
import os
import pathlib
import shutil
import tempfile

import cv2
import numpy as np
import pytest
from conftest import TASKS, model_file, references
from serving_program import DETECT, JPEG, Program
from test_maps import MODELS, stripes

webdriver = pytest.importorskip("selenium.webdriver")
By, Keys = (pytest.importorskip(f"selenium.webdriver.common.{name}") for name in ("by", "keys"))
By, Keys = By.By, Keys.Keys
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
pytestmark = pytest.mark.skipif(not (chromium and driver), reason="needs chromium and chromedriver")

FILES = {task: model_file(task) for task in TASKS} | {name: MODELS / f"{name}.onnx" for name in ("semantic", "depth")}


@pytest.fixture(scope="module")
def program():
    with Program(*FILES.values(), "--no-grpc", "--max-body", "1") as program:
        yield program


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory() as folder:
        options.add_argument(f"--user-data-dir={folder}")
        service = webdriver.ChromeService(driver)
        browser = webdriver.Chrome(options=options, service=service)
        yield browser
        browser.quit()


class Page:
    """The page, opened anew."""

    def __init__(self, browser, program, width=1200, height=900):
        self.browser, self.program = browser, program
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": width < 600})
        browser.get_log("performance"), browser.get_log("browser")
        browser.get(f"http://127.0.0.1:{program.port}/")

    def __getitem__(self, name):
        return self.browser.find_element(By.ID, name)

    def wait(self, condition, seconds=30):
        return WebDriverWait(self.browser, seconds, 0.05).until(lambda _: condition())

    def choose(self, model):
        self.wait(lambda: self["model"].get_property("options"))
        Select(self["model"]).select_by_value(model)

    def upload(self, file):
        self["file"].send_keys(str(file))

    def set(self, slider, value):
        """As a hand does: with the event that the browser sends."""
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
        self.browser.execute_script(script, self[slider], value)

    def status(self):
        return self["status"].text

    def pixels(self):
        """What the canvas shows, BGR."""
        url = self.browser.execute_script("return document.getElementById('canvas').toDataURL('image/png')")
        return cv2.imdecode(np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)

    def found(self):
        return [item.text.split("\n") for item in self["found"].find_elements(By.TAG_NAME, "li")]

    def hosts(self):
        """All that the page has asked for since it was opened."""
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        urls = [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
        return {url.split("/")[2] for url in urls if url.startswith("http")}

    def keep(self, name):
        folder = os.environ.get("TRTYOLO_SCREENSHOTS")
        if folder:
            shown = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
            pathlib.Path(folder, f"{name}.png").write_bytes(base64.b64decode(shown["data"]))

    def complaints(self):
        return [one["message"] for one in self.browser.get_log("browser") if "favicon" not in one["message"]]


def results(program, task, file):
    return program.post(f"/predict/{task}", pathlib.Path(file).read_bytes()).json["images"][0]


def picture_of(task, tmp_path):
    """With at least one object."""
    if task == "semantic":
        file = tmp_path / "stripes.png"
        cv2.imwrite(str(file), stripes(240, 480))
        return file
    if task == "depth":
        return references("detect")[0][0]
    return next(file for file, reference in references(task) if reference.get("objects", reference.get("top")))


@pytest.mark.parametrize("task", FILES)
def test_each_task(browser, program, tmp_path, task):
    page, file = Page(browser, program), picture_of(task, tmp_path)
    page.choose(task)
    page.upload(file)
    page.wait(lambda: "pixels" in page.status())
    expected = results(program, task, file)
    if task == "depth":
        assert "Yellow is near" in page.status()
    else:
        things = expected.get("objects") or expected.get("top") or expected["semantic"]["classes"]
        assert page.status().startswith(f"{len(things)} of {len(things)} ") and len(page.found()) == len(things)
    if task in ("classify", "detect", "obb", "segment", "pose"):
        assert page.found() == [[one["name"], f"{one['score']:.3f}"] for one in things]
    shown = page.pixels()
    height, width = shown.shape[:2]
    assert width / height == pytest.approx(expected["width"] / expected["height"], rel=0.01)
    plain = cv2.resize(cv2.imread(str(file)), (width, height), interpolation=cv2.INTER_LINEAR)
    different = (np.abs(shown.astype(int) - plain).max(axis=2) > 60).mean()
    assert different < 0.01 if task == "classify" else different > 0.002  # something is drawn
    if task == "segment":  # the mask's pixels are tinted, others are not
        one = expected["objects"][0]
        left, top, right, bottom = (round(value * width / expected["width"]) for value in one["box"])
        inside = np.abs(shown.astype(int) - plain)[(top + bottom) // 2, (left + right) // 2].max()
        assert inside > 20
    page.keep(task)
    assert page.hosts() == {f"127.0.0.1:{program.port}"} and not page.complaints()


def test_thresholds_and_classes(browser, program):
    page, file = Page(browser, program), references("detect")[0][0]
    expected = results(program, "detect", file)["objects"]
    page.choose("detect")
    page.upload(file)
    page.wait(lambda: len(page.found()) == len(expected) > 1)
    everything = page.pixels()
    between = (expected[0]["score"] + expected[1]["score"]) / 2
    assert page["conf"].get_property("min") == "0.25"
    page.browser.execute_script("arguments[0].step = 'any'", page["conf"])
    page.set("conf", between)
    assert [name for name, _ in page.found()] == [expected[0]["name"]]
    assert page.status().startswith(f"1 of {len(expected)}") and page["conf-value"].text == f"{between:.2f}"
    assert (page.pixels() != everything).any()
    page.set("conf", 0.25)
    page.set("most", 1)
    assert len(page.found()) == 1
    page.set("most", 300)
    assert (page.pixels() == everything).all()
    boxes = page["classes"].find_elements(By.TAG_NAME, "input")
    names = {one["name"] for one in expected}
    assert len(boxes) == len(names)
    boxes[0].click()
    left = page.found()
    assert 0 < len(left) < len(expected)
    page["classes"].find_elements(By.TAG_NAME, "input")[0].click()
    assert len(page.found()) == len(expected)


def test_errors(browser, program, tmp_path):
    page = Page(browser, program)
    page.choose("detect")
    (tmp_path / "none.jpg").write_bytes(b"no picture")
    page.upload(tmp_path / "none.jpg")
    page.wait(lambda: "not an image" in page["error"].text)
    page.keep("error")
    (tmp_path / "large.jpg").write_bytes(JPEG + bytes(2 << 20))
    page.upload(tmp_path / "large.jpg")
    page.wait(lambda: "A body may have 1048576 bytes" in page["error"].text)
    page.upload(references("detect")[0][0])
    page.wait(lambda: "pixels" in page.status())
    assert not page["error"].is_displayed()


def test_narrow_screen(browser, program):
    page = Page(browser, program, width=390, height=844)
    page.choose("segment")
    page.upload(picture_of("segment", None))
    page.wait(lambda: "pixels" in page.status())
    wide = "return [document.documentElement.scrollWidth, innerWidth]"
    scroll, inner = page.browser.execute_script(wide)
    assert inner == 390 and scroll <= inner  # nothing is cut off at the side
    for name in ("model", "canvas", "conf", "found", "plots"):
        box = page[name].rect
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, name
    assert page["camera"].is_displayed() and page["model"].rect["height"] >= 44  # a finger's
    page.keep("narrow")


def test_keyboard(browser, program):
    page = Page(browser, program)
    page.choose("detect")
    seen = [browser.switch_to.active_element.get_attribute("id")]
    for _ in range(3):
        webdriver.ActionChains(browser).send_keys(Keys.TAB).perform()
        seen.append(browser.switch_to.active_element.get_attribute("id"))
    assert seen == ["model", "file", "conf", "most"]
    page["conf"].send_keys(Keys.ARROW_RIGHT)
    assert page["conf-value"].text == "0.26"


def test_plots_move(browser, program):
    page = Page(browser, program)
    page.choose("detect")
    page.wait(lambda: page["plots"].text.count("–") == 0)
    for _ in range(3):
        page.upload(references("detect")[0][0])
        page.wait(lambda: "pixels" in page.status())

    def latencies():
        line = page["plots"].find_elements(By.TAG_NAME, "polyline")[1].get_attribute("points")
        return [float(point.partition(",")[2]) for point in line.split()]

    page.wait(lambda: min(latencies()) < 9)  # pictures have been seen; at 9.5 there are none
    page.keep("plots")


def test_names_are_text(browser, tmp_path):
    """Whatever a class is called, and a file, and a model, it is shown and not run."""
    evil = "<img src=x onerror=document.title='run'>"
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join([evil, "</script><b>", "&amp;", "x" * 300, "{{7*7}}", "a"]))
    picture = tmp_path / "<b>picture.jpg"
    picture.write_bytes(JPEG)
    with Program(DETECT, "--no-grpc", "--labels", labels) as program:
        page = Page(browser, program, width=390)
        page.upload(picture)
        page.wait(lambda: "pixels" in page.status())
        assert evil in [name for name, _ in page.found()]
        assert page.browser.title == "trtyolo"
        inner, scroll = page.browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
        assert scroll <= inner
        policy = program.get("/").headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        blocked = "const one = document.createElement('script'); one.textContent = 'document.title = 1'; "
        page.browser.execute_script(blocked + "document.body.append(one)")
        assert page.browser.title == "trtyolo" and any("Content Security Policy" in one for one in page.complaints())


def test_token(browser, tmp_path):
    file = tmp_path / "token"
    file.write_text("a-secret\n")
    with Program(DETECT, "--no-grpc", "--token-file", file) as program:
        page = Page(browser, program)
        page.wait(lambda: page["access"].is_displayed())
        assert "needs a token" in page["error"].text
        page["token"].send_keys("wrong", Keys.ENTER)
        page.wait(lambda: "needs a token" in page["error"].text)
        page["token"].clear()
        page["token"].send_keys("a-secret", Keys.ENTER)
        page.wait(lambda: page["model"].get_property("options") and not page["access"].is_displayed())
        page.upload(references("detect")[0][0])
        page.wait(lambda: "pixels" in page.status())


def test_docs(browser, program):
    page = Page(browser, program, width=390)
    page.browser.get(f"http://127.0.0.1:{program.port}/docs")
    assert "POST /predict/{name}" in page.browser.find_element(By.TAG_NAME, "main").text
    inner, scroll = page.browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
    assert scroll <= inner and page.hosts() == {f"127.0.0.1:{program.port}"}
    page.keep("docs")
