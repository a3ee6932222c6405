"""Sources as people have them: every one is right, or named with a reason, and the rest of the run goes on.

inputs/: a TIFF file of two pages (red, blue), GIF, PNG and WebP of two frames (half a second each), a GIF of one, a
JPEG file turned by its EXIF orientation (48 x 64), videos of 15 frames at 0, 0.1, ... 0.9, 1, 2, 3, 4 and 5 seconds,
and one of 100 frames that is cut off after 28.
"""

import contextlib
import csv
import http.server
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from live_server import LiveServer
from program import APP, DATA, QUICK, AppTest, run

MODELS = pathlib.Path(__file__).parent / "models"
INPUTS = pathlib.Path(__file__).parent / "inputs"
MODEL = MODELS / "nms_lists.onnx"  # finds an object of class 0 and one of class 1 in every image
PICTURE = DATA / "shapes" / "images" / "00000.jpg"
VFR_TIMES = [i / 10 for i in range(11)] + [2, 3, 4, 5]


class InputsTest(AppTest):
    def grey(self, name, width=32, height=32):
        file = self.folder / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + bytes([90, 120, 100]) * (width * height))
        return file

    def length_of(self, video):
        """Seconds that a saved video lasts."""
        images = self.predict(*QUICK, video)["images"]
        return images[-1]["time"] + images[1]["time"] - images[0]["time"]


class Saving(InputsTest):
    def test_grey_formats_are_saved_in_colour(self):
        files = [self.grey(f"in/{name}") for name in ("a.ppm", "b.pgm", "c.pbm", "d.PGM")]
        images = self.predict(MODEL, self.folder / "in", "--save", self.folder / "out")["images"]
        self.assertEqual([image["source"] for image in images], [str(file) for file in files])
        self.assertNothingElse(self.folder / "out", ["a.ppm", "b.png", "c.png", "d.png"])

    def test_an_image_that_cannot_be_saved_does_not_end_the_run(self):
        wide = self.grey("in/b.jpg", 65600, 2)  # more pixels in a row than JPEG has
        self.grey("in/a.jpg"), self.grey("in/c.jpg"), self.grey("in/d.jpg")
        out, results, table = (self.folder / name for name in ("out", "x.json", "x.csv"))
        (out / "c.jpg").mkdir(parents=True)
        done = run(
            "predict", MODEL, self.folder / "in", "--save", out, "--json", results, "--csv", table, "--save-txt", out,
        )  # fmt: skip
        self.assertEqual(done.returncode, 1, done.stderr)
        images = json.loads(results.read_text())["images"]
        self.assertEqual([len(image["objects"]) for image in images], [2] * 4)
        self.assertEqual(["error" in image for image in images], [False, True, True, False])
        self.assertIn(f"{wide}: '{out / 'b.jpg'}' cannot be written", done.stderr)
        self.assertIn("2 images could not be saved", done.stderr)
        self.assertEqual(len(table.read_text().splitlines()), 9)
        self.assertNothingElse(out, ["a.jpg", "c.jpg", "d.jpg", "a.txt", "b.txt", "c.txt", "d.txt"])

    def test_images_and_labels_of_a_source_have_one_name(self):
        sources = [self.grey("1/a.ppm"), self.grey("1/a.bmp"), self.grey("2/a.ppm"), self.grey("2/a_1.ppm")]
        clip = self.clip("a.avi", [PICTURE] * 2)
        images, labels = self.folder / "images", self.folder / "labels"
        self.predict(MODEL, *sources, clip, self.grey("3/a.ppm"), "--save", images, "--save-txt", labels)
        names = ["a", "a_2", "a_3", "a_1", "a_5"]
        self.assertNothingElse(images, ["a.ppm", "a_2.bmp", "a_3.ppm", "a_1.ppm", "a_4.mp4", "a_5.ppm"])
        self.assertNothingElse(labels, [f"{name}.txt" for name in names] + ["a_4_1.txt", "a_4_2.txt"])

    def test_names_that_the_file_system_allows(self):
        names = ["-dash", "new\nline", "50%d", "a[1]", "#", "12:30", "n" * 251, "ü" * 125, "a'b\"c", " "]
        files = [self.grey(f"in/{name}.ppm") for name in names]
        raw = os.fsencode(self.folder) + b"/in/\xff\xfe.ppm"
        shutil.copy(files[0], raw)
        for sources in ([self.folder / "in"], [*files, os.fsdecode(raw)]):
            out = self.folder / f"out{len(sources)}"
            arguments = [APP, "predict", MODEL, *sources, "--save", out, "--save-txt", out, "--json", "-"]
            done = subprocess.run(arguments, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(json.loads(done.stdout)["images"]), len(names) + 1)
            stems = [os.path.splitext(name)[0] for name in os.listdir(out)]
            self.assertEqual(len(stems), 2 * len(names) + 2)
            self.assertEqual(len(set(stems)), len(names) + 1)

    def test_videos_whose_names_look_like_urls(self):
        clip = self.clip("12:30:00.avi", [PICTURE])
        done = subprocess.run(
            [APP, "predict", MODEL, clip.name, "--save", "out"], cwd=self.folder, capture_output=True, timeout=60
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNothingElse(self.folder / "out", ["12:30:00.mp4"])


class Kinds(InputsTest):
    def test_pages_and_frames(self):
        out = self.folder / "out"
        sources = [INPUTS / f"two.{kind}" for kind in ("tif", "gif", "png")]
        images = self.predict(MODEL, *sources, "--save", out)["images"]
        self.assertEqual([image["frame"] for image in images], [0, 1] * 3)
        self.assertEqual([image.get("time") for image in images], [None, None, 0, 0.5, 0, 0.5])
        self.assertNothingElse(out, ["two_1.tif", "two_2.tif", "two-2.mp4", "two-3.mp4"])

    def test_a_gif_of_one_frame_is_a_picture(self):
        for arguments in ([], ["--together"]):
            out = self.folder / f"out{len(arguments)}"
            (image,) = self.predict(MODEL, INPUTS / "one.gif", "--save", out, "--save-txt", out, *arguments)["images"]
            self.assertNotIn("time", image)
            self.assertEqual(len(os.listdir(out)), 2)
            self.assertIn("one.png", os.listdir(out))

    def test_frames_that_cannot_be_read_are_spoken_of(self):
        done = run("predict", MODEL, INPUTS / "two.webp")
        self.assertRegex(done.stderr, "only the first of its frames is read|an animated image, which")

    def test_a_jpeg_that_is_cut_off_is_an_error(self):
        whole, cut = PICTURE.read_bytes(), self.folder / "cut.jpg"
        for length in (len(whole) // 2, len(whole) - 2):
            cut.write_bytes(whole[:length])
            (image,) = self.predict(MODEL, cut, status=1)["images"]
            self.assertIn("cut off", image["error"])
        cut.write_bytes(whole + b"\xff\xda more behind it")
        self.predict(MODEL, cut)

    def test_extensions_in_folders(self):
        names = ["a.JPG", "b.jfif", "c.mpo", "d.apng", "e.avif", "f.Pbm", "g.TIFF"]
        for name in names:
            self.grey(name)
        images = self.predict(MODEL, self.folder)["images"]
        self.assertEqual([pathlib.Path(image["source"]).name for image in images], names)

    def test_sixteen_bits_are_divided_by_256(self):
        results = []
        for name, maximum, value in (("a.ppm", 65535, 40000), ("b.ppm", 255, 40000 // 256)):
            pixel = value.to_bytes(2 if maximum > 255 else 1, "big")
            (self.folder / name).write_bytes(b"P6\n32 32\n%d\n" % maximum + pixel * 3 * 32 * 32)
            results.append(self.predict(MODELS / "colours.onnx", self.folder / name)["images"][0]["top"])
        self.assertEqual(results[0], results[1])

    def test_folders_in_folders(self):
        for name in ("a.ppm", "x/b.ppm", "x/y/c.ppm", "x/.hidden/d.ppm", "x/e.txt"):
            self.grey(name)
        (self.folder / "x" / "link").symlink_to(self.folder)
        for pattern, names in (
            ("**/*.ppm", ["a.ppm", "b.ppm", "c.ppm"]),
            ("x/**/*.ppm", ["b.ppm", "c.ppm"]),
            ("**/y/*", ["c.ppm"]),
            ("x/**", ["b.ppm", "c.ppm"]),
        ):
            images = self.predict(MODEL, self.folder / pattern)["images"]
            self.assertEqual(sorted(pathlib.Path(image["source"]).name for image in images), names, pattern)


class FastDecode(InputsTest):
    def test_results_are_those_of_the_whole_picture_but_for_a_little(self):
        whole, fast = (self.predict(*QUICK, PICTURE, *more)["images"][0] for more in ([], ["--fast-decode"]))
        self.assertEqual([fast["width"], fast["height"]], [whole["width"], whole["height"]])
        self.assertGreater(len(whole["objects"]), 0)
        self.assertEqual(sorted(found["class"] for found in fast["objects"]),
                         sorted(found["class"] for found in whole["objects"]))  # fmt: skip
        self.assertNotEqual(fast["objects"], whole["objects"])  # it was decoded at half of its size
        for wanted in whole["objects"]:
            nearest = min(max(map(lambda a, b: abs(a - b), found["box"], wanted["box"])) for found in fast["objects"])
            self.assertLess(nearest, 6)

    def test_not_with_pictures_that_are_kept(self):
        done = run("predict", *QUICK, PICTURE, "--fast-decode", "--save", self.folder / "out")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--fast-decode", done.stderr)


class Times(InputsTest):
    def test_of_frames_that_come_at_no_constant_rate(self):
        for name in ("vfr.mkv", "vfr.mp4"):
            out, table = self.folder / name, self.folder / f"{name}.csv"
            results = self.folder / "x.json"
            sources = [INPUTS / name, self.grey("a.ppm")]
            done = run("predict", MODEL, *sources, "--save", out, "--csv", table, "--json", results)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("warning", done.stderr)
            images = json.loads(results.read_text())["images"]
            times = [image["time"] for image in images[:-1]]
            self.assertNear(times, VFR_TIMES, 0.02)
            self.assertNotIn("time", images[-1])
            rows = list(csv.DictReader(io.StringIO(table.read_text())))
            self.assertEqual([row["time"] for row in rows[::2]], [f"{image_time:g}" for image_time in times] + [""])
            self.assertAlmostEqual(self.length_of(out / "vfr.mp4"), 5.1, delta=0.15)

    def test_a_video_that_is_cut_off(self):
        done = run("predict", MODEL, INPUTS / "cut.mp4")
        self.assertIn("the file says that it has 100 frames, and only 28 can be read", done.stderr)


class Classes(InputsTest):
    def setUp(self):
        super().setUp()
        self.labels = self.folder / "labels.txt"
        self.labels.write_text("circle\nsquare\ntriangle\n")

    def run_with(self, words):
        return run("predict", MODEL, self.grey("a.ppm"), "--csv", "-", "--classes", words, "--labels", self.labels)

    def kept(self, words):
        done = self.run_with(words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [row["class"] for row in csv.DictReader(io.StringIO(done.stdout))]

    def test_by_name(self):
        self.assertEqual(self.kept("circle"), ["0"])
        self.assertEqual(self.kept("Square, 0"), ["0", "1"])
        self.labels.write_text("fire, hydrant\ntraffic light\ndog\n")
        self.assertEqual(self.kept("traffic light"), ["1"])
        self.assertEqual(self.kept("fire, hydrant"), ["0"])
        self.assertEqual(self.kept("dog,fire, hydrant,traffic light"), ["0", "1"])

    def test_unknown_names(self):
        for words, hint in (("cirle", "did you mean 'circle'?"), ("xyz", "there are 'circle'")):
            done = self.run_with(words)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"'{words}'; {hint}", done.stderr)


class PictureServer(http.server.ThreadingHTTPServer):
    """Serves the files of a folder, any as "picture", too; counts how often they are fetched."""

    daemon_threads = True

    def __init__(self, folder, head=True, kind=None):
        super().__init__(("127.0.0.1", 0), PictureHandler)
        self.folder, self.head, self.kind, self.fetched = folder, head, kind, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name, user=""):
        return f"http://{user}127.0.0.1:{self.server_address[1]}/{name}"

    def __exit__(self, *exception):
        self.shutdown()
        super().__exit__(*exception)


class PictureHandler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        if self.server.head:
            self.answer()
        else:
            self.send_error(405)

    def do_GET(self):
        self.server.fetched += 1
        with contextlib.suppress(ConnectionError):
            self.wfile.write(self.answer() or b"")

    def answer(self):
        file = self.server.folder / self.path.split("?")[0].strip("/")
        if not file.is_file():
            self.send_error(404)
            return None
        content = file.read_bytes()
        self.send_response(200)
        kinds = {".jpg": "image/jpeg", ".gif": "image/gif", ".png": "image/png"}
        self.send_header("Content-Type", self.server.kind or kinds.get(file.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return content

    def log_message(self, *_):
        pass


class Urls(InputsTest):
    def setUp(self):
        super().setUp()
        self.web = self.folder / "web"
        self.web.mkdir()
        shutil.copy(INPUTS / "exif6.jpg", self.web)
        shutil.copy(INPUTS / "exif6.jpg", self.web / "picture")
        shutil.copy(INPUTS / "one.gif", self.web)

    def test_pictures_are_fetched_once_and_turned_upright(self):
        for head, kind in ((True, None), (False, None), (True, "application/octet-stream")):
            with self.subTest(head=head, kind=kind), PictureServer(self.web, head, kind) as server:
                out = self.folder / f"out{head}{kind}"[:20]
                urls = [server.url("exif6.jpg"), server.url("exif6.jpg?size=1")]
                images = self.predict(MODEL, *urls, "--save", out)["images"]
                self.assertEqual([image["source"] for image in images], urls)
                self.assertEqual({(image["width"], image["height"]) for image in images}, {(48, 64)})
                self.assertNothingElse(out, ["exif6.jpg", "exif6_2.jpg"])
                self.assertEqual(server.fetched, 2)

    def test_pictures_without_an_extension(self):
        for head in (True, False):
            with self.subTest(head=head), PictureServer(self.web, head) as server:
                (image,) = self.predict(MODEL, server.url("picture"))["images"]
                self.assertEqual((image["width"], image["height"]), (48, 64))

    def test_a_gif_of_one_frame(self):
        with PictureServer(self.web) as server:
            self.predict(MODEL, server.url("one.gif"), "--save", self.folder / "out")
        self.assertEqual([file.suffix for file in (self.folder / "out").iterdir()], [".png"])

    def test_what_is_not_there_is_named(self):
        with PictureServer(self.web) as server:
            sources = [server.url("none.jpg"), server.url("none"), server.url("exif6.jpg")]
            images = self.predict(MODEL, *sources, status=1)["images"]
        self.assertEqual(["error" in image for image in images], [True, True, False])

    def test_no_password_is_shown(self):
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with PictureServer(self.web) as server:
            secret = "us3r:s3cret@"
            sources = [
                server.url("exif6.jpg", secret),
                server.url("none.jpg?password=s3cret", secret),
                f"rtsp://us3r:s3/cret@127.0.0.1:{port}/x",
                f"http://us3r:s3cret@127.0.0.1:{port}/x",
            ]
            for source in sources:
                out = self.folder / "out"
                files = ["--save", out, "--save-txt", out, "--csv", "-", "--json", out / "x"]
                done = run("predict", MODEL, source, *files)
                said = done.stdout + done.stderr + (out / "x").read_text() + "".join(os.listdir(out))
                self.assertIn("***", said)
                for word in ("us3r", "s3cret", "s3/cret"):
                    self.assertNotIn(word, said)
            done = run("predict", sources[-1], PICTURE)
            self.assertNotIn("s3cret", done.stderr)
        closed.close()


class Streams(InputsTest):
    def test_one_alone_is_tried_again(self):
        results = self.folder / "x.json"
        with LiveServer([6, 5]) as server:
            done = run("predict", *QUICK, server.url, "--give-up", "2", "--json", results)
        self.assertEqual(done.returncode, 1, done.stderr)
        images = json.loads(results.read_text())["images"]
        self.assertIn("given up", images.pop()["error"])
        frames = [image["frame"] for image in images]
        self.assertEqual(frames, sorted(frames))
        self.assertLessEqual(frames[-1], 10)
        times = [image["time"] for image in images]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[-1], 0.4)  # the pause is part of it
        self.assertIn("is back", done.stderr)

    def test_ctrl_c_ends_the_waiting(self):
        with LiveServer([3]) as server:
            process = subprocess.Popen([APP, "predict", *QUICK, server.url], stderr=subprocess.PIPE, text=True)
            line = process.stderr.readline()
            self.assertIn("tried again in 0.5 s", line)
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)

    def test_a_file_ends(self):
        with PictureServer(INPUTS) as server:
            self.assertEqual(len(self.predict(*QUICK, server.url("vfr.mkv"))["images"]), len(VFR_TIMES))


if __name__ == "__main__":
    unittest.main()
