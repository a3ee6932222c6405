"""The commands `trtyolo predict` and `trtyolo info`, from outside: what all tasks have in common (see program.py)."""

import contextlib
import csv
import http.server
import io
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import threading
import time
import unittest

from program import APP, DATA, QUICK, AppTest, images_of, run

PEOPLE = DATA / "people" / "people.onnx"
STREET = DATA / "people" / "street.mp4"
FRAMES = DATA / "people" / "frames"
SHAPES = DATA / "shapes" / "detect.onnx"
DYNAMIC = DATA / "shapes" / "detect-dynamic.onnx"
PICTURES = DATA / "shapes" / "images"
STREET_FRAMES, STREET_WIDTH, STREET_HEIGHT = 195, 768, 576


class StreetServer(http.server.BaseHTTPRequestHandler):
    """Serves the street video, any part of it that is asked for, as web servers do."""

    def do_GET(self):
        content = STREET.read_bytes()
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # a reader may leave to ask for another part
            self.wfile.write(content[begin:])

    def log_message(self, *_):
        pass


class Json(AppTest):
    def compare(self, model, golden, *arguments):
        expected = json.loads(golden.read_text())
        sources = [golden.parent / image["source"] for image in expected["images"]]
        found = self.predict(model, *sources, *arguments)
        self.assertEqual(found["model"], str(model))
        self.assertEqual(found["task"], expected["task"])
        self.assertEqual(found["names"], expected["names"])
        self.assertEqual([image["source"] for image in found["images"]], [str(s) for s in sources])
        for image, reference in zip(found["images"], expected["images"]):
            with self.subTest(source=image["source"]):
                self.assertEqual(
                    (image["frame"], image["width"], image["height"]),
                    (0, reference["width"], reference["height"]),
                )
                self.assertSameObjects(image["objects"], reference["objects"])

    def test_people_as_the_reference(self):
        self.compare(PEOPLE, DATA / "people" / "golden.json")

    def test_shapes_as_the_reference(self):
        self.compare(SHAPES, DATA / "shapes" / "golden.json", "--clones", "3", "--batch", "4")

    def test_keys_and_order_as_documented(self):
        found = self.predict(PEOPLE, FRAMES / "0600.jpg")
        self.assertEqual(list(found), ["model", "task", "names", "images"])
        image = found["images"][0]
        self.assertEqual(list(image), ["source", "frame", "width", "height", "objects"])
        self.assertEqual(list(image["objects"][0]), ["class", "name", "score", "box"])
        scores = [thing["score"] for thing in image["objects"]]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_a_video_frame_by_frame(self):
        enough = 40  # others go to the end, with a network that is quicker
        command = [*map(str, (APP, "predict", PEOPLE, STREET, "--clones", "4", "--json", "-"))]
        found = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            for image in images_of(process.stdout):
                found.append(image)
                if len(found) == enough:
                    process.send_signal(signal.SIGINT)
        self.assertEqual(process.returncode, 130)
        self.assertGreaterEqual(len(found), enough)
        self.assertEqual([image["frame"] for image in found], list(range(len(found))))
        self.assertEqual({image["source"] for image in found}, {str(STREET)})
        self.assertEqual({(i["width"], i["height"]) for i in found}, {(STREET_WIDTH, STREET_HEIGHT)})
        # The pictures are frames of this film, from its 600th on; a video codec and JPEG differ a little.
        pictures = json.loads((DATA / "people" / "golden.json").read_text())["images"]
        frames = {600 + image["frame"]: image for image in found}
        known = [p for p in pictures if int(pathlib.Path(p["source"]).stem) in frames]
        self.assertGreaterEqual(len(known), 4)
        for picture in known:
            frame = frames[int(pathlib.Path(picture["source"]).stem)]
            self.assertLessEqual(abs(len(frame["objects"]) - len(picture["objects"])), 2)

    def test_from_a_web_server(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), StreetServer) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_address[1]}/street.mp4"
            found = self.predict(*QUICK, url)["images"]
            server.shutdown()
        self.assertEqual([image["frame"] for image in found], list(range(STREET_FRAMES)))


class Order(AppTest):
    def test_is_that_of_the_sources_with_many_clones(self):
        sources = [*sorted(PICTURES.glob("*.jpg"))[::-1], FRAMES / "0600.jpg", FRAMES / "0613.jpg"]
        many = self.predict(SHAPES, *sources, "--clones", "4")
        one = self.predict(SHAPES, *sources, "--clones", "1")
        self.assertEqual([image["source"] for image in many["images"]], [str(s) for s in sources])
        for a, b in zip(many["images"], one["images"], strict=True):
            self.assertSameObjects(a["objects"], b["objects"])

    def test_of_a_folder_is_natural_and_leaves_out_what_is_no_picture(self):
        for name in ("10.jpg", "9.jpg", "007.JPG", "a.jpeg", ".hidden.jpg"):
            shutil.copy(FRAMES / "0600.jpg", self.folder / name)
        (self.folder / "notes.txt").write_text("no picture")
        (self.folder / "inside").mkdir()
        shutil.copy(FRAMES / "0600.jpg", self.folder / "inside" / "1.jpg")
        found = self.predict(PEOPLE, self.folder)
        names = [pathlib.Path(image["source"]).name for image in found["images"]]
        self.assertEqual(names, ["007.JPG", "9.jpg", "10.jpg", "a.jpeg"])

    def test_of_a_quoted_pattern(self):
        found = self.predict(PEOPLE, FRAMES / "06[0-3]*.jpg")
        names = [pathlib.Path(image["source"]).name for image in found["images"]]
        self.assertEqual(names, ["0600.jpg", "0613.jpg", "0626.jpg", "0639.jpg"])


class Unreadable(AppTest):
    def test_source_among_good_ones(self):
        damaged, empty = self.folder / "damaged.jpg", self.folder / "empty.png"
        damaged.write_bytes(b"this is no picture")
        empty.write_bytes(b"")
        (self.folder / "nothing").mkdir()
        cut = self.folder / "cut.mp4"
        cut.write_bytes(STREET.read_bytes()[:5000])
        good = [FRAMES / "0600.jpg", FRAMES / "0613.jpg"]
        bad = [damaged, empty, self.folder / "missing.jpg", self.folder / "nothing", cut, self.folder / "*.bmp"]
        done = run("predict", PEOPLE, good[0], *bad, good[1], "--clones", "2", "--json", "-")
        self.assertEqual(done.returncode, 1)
        images = json.loads(done.stdout)["images"]
        self.assertEqual([i["source"] for i in images], [str(s) for s in (good[0], *bad, good[1])])
        for image in images[1:-1]:
            self.assertEqual(list(image), ["source", "error"])
            self.assertTrue(image["error"])
            self.assertIn(image["source"], done.stderr)
        self.assertGreater(len(images[0]["objects"]), 0)
        self.assertGreater(len(images[-1]["objects"]), 0)

    def test_camera_that_is_not_there(self):
        found = self.predict(PEOPLE, "97", status=1)["images"]
        self.assertEqual([(i["source"], "camera" in i["error"]) for i in found], [("97", True)])

    def test_name_that_is_not_utf8(self):
        picture = os.fsencode(self.folder) + b"/\xff\xfe.jpg"
        shutil.copy(FRAMES / "0600.jpg", picture)
        done = subprocess.run([APP, "predict", PEOPLE, picture, "--json", "-"], capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["images"]), 1)

    def test_model(self):
        text = self.folder / "text.onnx"
        text.write_text("this is no model")
        for model in (text, self.folder / "missing.onnx"):
            for command in (["predict", model, FRAMES], ["info", model]):
                with self.subTest(command=command):
                    done = run(*command)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(model.name, done.stderr)


class Usage(AppTest):
    def assertWrongUsage(self, *arguments):
        with self.subTest(arguments=arguments):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertTrue(done.stderr.startswith("trtyolo: error: "), done.stderr)
            self.assertIn("--help", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_wrong(self):
        self.assertWrongUsage()
        self.assertWrongUsage("fly")
        self.assertWrongUsage("predict")
        self.assertWrongUsage("predict", PEOPLE)
        self.assertWrongUsage("predict", PEOPLE, FRAMES, "--colour")
        for option, value in (
            ("--clones", "0"), ("--clones", "many"), ("--batch", "0"), ("--conf", "1.5"), ("--iou", "-1"),
            ("--max-det", "0"), ("--classes", "x"), ("--classes", "1"), ("--classes", "0,-1"), ("--imgsz", "big"),
            ("--imgsz", "640x"), ("--imgsz", "0"), ("--task", "guess"), ("--backend", "gpu"), ("--device", "fast"),
        ):  # fmt: skip
            self.assertWrongUsage("predict", PEOPLE, FRAMES / "0600.jpg", option, value)
        self.assertWrongUsage("predict", PEOPLE, FRAMES, "--json", "-", "--csv", "-")
        self.assertWrongUsage("predict", PEOPLE, FRAMES, "--save-conf")
        self.assertWrongUsage("predict", PEOPLE, FRAMES, "--device", "cpu", "--backend", "tensorrt")
        self.assertWrongUsage("info")

    def test_help_and_version(self):
        for arguments in (["--help"], ["predict", "--help"], ["info", "--help"]):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("Example", done.stdout)
        done = run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^trtyolo \d+\.\d+\.\d+\nopenvino \d")

    def test_size_of_a_fixed_model(self):
        done = run("predict", PEOPLE, FRAMES / "0600.jpg", "--imgsz", "320")
        self.assertEqual(done.returncode, 1)
        self.assertIn("640", done.stderr)
        self.assertIn("320", done.stderr)


class Options(AppTest):
    def test_thresholds(self):
        picture = FRAMES / "0600.jpg"
        everything = self.predict(PEOPLE, picture, "--conf", "0.01", "--iou", "0.9")["images"][0]["objects"]
        sure = self.predict(PEOPLE, picture, "--conf", "0.86")["images"][0]["objects"]
        two = self.predict(PEOPLE, picture, "--max-det", "2")["images"][0]["objects"]
        self.assertGreater(len(everything), 6)
        self.assertEqual(len(sure), 3)
        self.assertTrue(all(thing["score"] > 0.86 for thing in sure))
        self.assertEqual(two, sure[:2])

    def test_classes(self):
        # Options before the positionals: --classes takes one word only.
        done = run("predict", "--classes", "0,2", "--json", "-", SHAPES, PICTURES / "00001.jpg", PICTURES / "00002.jpg")
        self.assertEqual(done.returncode, 0, done.stderr)
        kept = [t["class"] for image in json.loads(done.stdout)["images"] for t in image["objects"]]
        self.assertEqual(set(kept), {0, 2})

    def test_labels(self):
        labels = self.folder / "labels.txt"
        labels.write_text("kreis\nquadrat\ndreieck\nstern\nkreuz\npfeil\n\n")
        found = self.predict(SHAPES, PICTURES / "00000.jpg", "--labels", labels)
        self.assertEqual(found["names"]["5"], "pfeil")
        self.assertEqual([t["name"] for t in found["images"][0]["objects"]], ["kreis", "stern"])
        labels.write_text("too\nfew\n")
        done = run("predict", SHAPES, PICTURES / "00000.jpg", "--labels", labels)
        self.assertEqual(done.returncode, 1)
        self.assertIn("2 classes", done.stderr)

    def test_size_of_a_dynamic_model(self):
        small = self.predict(DYNAMIC, PICTURES / "00000.jpg", "--imgsz", "320x416", "--batch", "2")
        names = [thing["name"] for thing in small["images"][0]["objects"]]
        self.assertEqual(names[:2], ["circle", "star"])

    def test_half_precision_is_near(self):
        exact = self.predict(PEOPLE, FRAMES / "0600.jpg")["images"][0]["objects"]
        half = self.predict(PEOPLE, FRAMES / "0600.jpg", "--half")["images"][0]["objects"]
        self.assertEqual(len(half), len(exact))
        self.assertAlmostEqual(half[0]["score"], exact[0]["score"], delta=0.02)

    def test_quiet(self):
        done = run("predict", PEOPLE, FRAMES / "0600.jpg", "--quiet")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        done = run("predict", PEOPLE, FRAMES / "0600.jpg")
        self.assertIn("1 image: 6 person", done.stderr)

    def test_progress_on_a_terminal(self):
        for quiet, sources in ((False, [STREET] * 5), (True, [FRAMES])):
            terminal, end = pty.openpty()
            process = subprocess.Popen([APP, "predict", *QUICK, *sources, *(["--quiet"] if quiet else [])], stderr=end)
            os.close(end)
            text = b""
            with contextlib.suppress(OSError):  # the terminal's end
                while part := os.read(terminal, 4096):
                    text += part
            os.close(terminal)
            self.assertEqual(process.wait(timeout=60), 0)
            if quiet:
                self.assertEqual(text, b"")
            else:
                self.assertRegex(text, rb"\[#+ *\] +\d+ %  \d+ images  [\d.]+ images/s  \d:\d\d left")

    def test_show_without_a_display(self):
        display = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        environment = {name: value for name, value in os.environ.items() if name not in display}
        done = subprocess.run(
            [APP, "predict", PEOPLE, FRAMES, "--show"], capture_output=True, text=True, timeout=60, env=environment
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("display", done.stderr)


class Tables(AppTest):
    def test_csv(self):
        picture = self.folder / 'one, "two".jpg'
        shutil.copy(FRAMES / "0600.jpg", picture)
        table = self.folder / "table.csv"
        images = self.predict(PEOPLE, picture, FRAMES / "0613.jpg", "--csv", table)["images"]
        rows = list(csv.DictReader(io.StringIO(table.read_text())))
        self.assertEqual(list(rows[0]), "source,frame,class,name,score,left,top,right,bottom".split(","))
        expected = [
            [image["source"], image["frame"], t["class"], t["name"], t["score"], *t["box"]]
            for image in images
            for t in image["objects"]
        ]
        found = [
            [r["source"], int(r["frame"]), int(r["class"]), r["name"]]
            + [float(r[key]) for key in ("score", "left", "top", "right", "bottom")]
            for r in rows
        ]
        self.assertEqual(found, expected)

    def test_label_files(self):
        labels = self.folder / "labels"
        clip = self.clip("clip.avi", [FRAMES / "0613.jpg"] * 3)
        images = self.predict(PEOPLE, FRAMES / "0600.jpg", clip, "--save-txt", labels, "--save-conf")["images"]
        self.assertNothingElse(labels, ["0600.txt", *(f"clip_{i}.txt" for i in (1, 2, 3))])
        for image, name in ((images[0], "0600.txt"), (images[1], "clip_1.txt")):
            lines = [list(map(float, line.split())) for line in (labels / name).read_text().splitlines()]
            self.assertEqual(len(lines), len(image["objects"]))
            for (index, cx, cy, w, h, score), thing in zip(lines, image["objects"]):
                left, top, right, bottom = thing["box"]
                self.assertEqual(index, thing["class"])
                self.assertAlmostEqual(score, thing["score"], places=5)
                self.assertAlmostEqual(cx * image["width"], (left + right) / 2, places=2)
                self.assertAlmostEqual(cy * image["height"], (top + bottom) / 2, places=2)
                self.assertAlmostEqual(w * image["width"], right - left, places=2)
                self.assertAlmostEqual(h * image["height"], bottom - top, places=2)

    def test_label_files_without_scores(self):
        labels = self.folder / "labels"
        self.predict(PEOPLE, FRAMES / "0600.jpg", "--save-txt", labels)
        self.assertEqual({len(line.split()) for line in (labels / "0600.txt").read_text().splitlines()}, {5})


class Saving(AppTest):
    def test_pictures_of_one_name(self):
        first, second, out = self.folder / "a", self.folder / "b", self.folder / "out"
        for folder, frame in ((first, "0600.jpg"), (second, "0613.jpg")):
            folder.mkdir()
            shutil.copy(FRAMES / frame, folder / "street.jpg")
        self.predict(PEOPLE, first, second, "--save", out, "--clones", "4")
        self.assertNothingElse(out, ["street.jpg", "street_2.jpg"])
        saved = self.predict(PEOPLE, out)["images"]
        self.assertEqual({(i["width"], i["height"]) for i in saved}, {(STREET_WIDTH, STREET_HEIGHT)})
        self.assertNotEqual((out / "street.jpg").read_bytes(), (first / "street.jpg").read_bytes())

    def test_into_the_folder_of_the_sources(self):
        shutil.copy(FRAMES / "0600.jpg", self.folder / "street.jpg")
        shutil.copy(FRAMES / "0613.jpg", self.folder / "street_2.jpg")
        self.predict(PEOPLE, self.folder, "--save", self.folder)
        self.assertEqual((self.folder / "street.jpg").read_bytes(), (FRAMES / "0600.jpg").read_bytes())
        self.assertEqual((self.folder / "street_2.jpg").read_bytes(), (FRAMES / "0613.jpg").read_bytes())
        self.assertNothingElse(self.folder, ["street.jpg", "street_2.jpg", "street_3.jpg", "street_2_2.jpg"])

    def test_video(self):
        out = self.folder / "new" / "out"
        self.predict(*QUICK, STREET, "--save", out, "--clones", "4")
        self.assertNothingElse(out, ["street.mp4"])
        saved = self.predict(*QUICK, out / "street.mp4")["images"]
        self.assertEqual(len(saved), STREET_FRAMES)
        self.assertEqual({(i["width"], i["height"]) for i in saved}, {(STREET_WIDTH, STREET_HEIGHT)})

    def test_mixed_sources(self):
        out = self.folder / "out"
        clip = self.clip("clip.avi", [FRAMES / "0626.jpg"] * 3)
        images = self.predict(PEOPLE, FRAMES / "0600.jpg", clip, FRAMES / "0613.jpg", "--save", out)["images"]
        self.assertEqual(len(images), 5)
        self.assertNothingElse(out, ["0600.jpg", "0613.jpg", "clip.mp4"])


class FailingToWrite(AppTest):
    def assertNamed(self, *arguments, names):
        done = run("predict", PEOPLE, FRAMES, *arguments)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("trtyolo: error: ", done.stderr)
        for name in names:
            self.assertIn(name, done.stderr)

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_full_disk(self):
        for option in ("--json", "--csv"):
            with self.subTest(option=option):
                self.assertNamed(option, "/dev/full", names=["/dev/full", "No space left on device"])

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_full_standard_output(self):
        for arguments in (["predict", PEOPLE, FRAMES, "--json", "-"], ["info", PEOPLE]):
            with self.subTest(arguments=arguments), open("/dev/full", "w") as full:
                done = subprocess.run([APP, *map(str, arguments)], stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertIn("standard output", done.stderr)

    def test_folder_that_cannot_be(self):
        file = self.folder / "file"
        file.write_text("in the way")
        for option in ("--save", "--save-txt"):
            with self.subTest(option=option):
                self.assertNamed(option, file / "out", names=[str(file / "out")])
                self.assertNamed(option, file, names=[str(file)])
        self.assertNamed("--json", self.folder / "none" / "x.json", names=["x.json", "No such file"])
        self.assertNamed("--csv", self.folder, names=[str(self.folder)])

    def test_leaves_nothing_half_done(self):
        # Files may not grow beyond 20000 bytes: each picture is larger, the JSON fits.
        out = self.folder / "out"
        done = subprocess.run(
            ["bash", "-c", 'trap "" XFSZ; ulimit -f 20; exec "$@"', "-", APP, "predict", PEOPLE, FRAMES,
             "--save", out, "--json", self.folder / "x.json"],
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(".jpg' cannot be written", done.stderr)
        self.assertNothingElse(out, [])
        self.assertNothingElse(self.folder, ["out", "x.json"])
        errors = [image["error"] for image in json.loads((self.folder / "x.json").read_text())["images"]]
        self.assertEqual(len(errors), len(list(FRAMES.glob("*.jpg"))))

    def test_output_that_nobody_reads(self):
        command = [APP, "predict", *QUICK, *[STREET] * 500, "--json", "-"]  # for minutes
        process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        self.assertNotIn(b"rror", process.stderr.read())
        process.stderr.close()
        self.assertEqual(process.wait(60), 141)

    def test_two_programs_that_write_the_same(self):
        files = [self.folder / name for name in ("r.csv", "r.json")]
        command = [APP, "predict", PEOPLE, FRAMES, "--quiet", "--csv", files[0], "--json", files[1]]
        # In a namespace of its own each is process 1, as in a container.
        alone = ["unshare", "--pid", "--fork", "--map-root-user", *map(str, command)]
        processes = [subprocess.Popen(alone, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        messages = [process.communicate(timeout=300)[1] for process in processes]
        if any("unshare" in text for text in messages):
            self.skipTest(messages[0])
        self.assertEqual([process.returncode for process in processes], [0, 0], messages)
        self.assertEqual(len(json.loads(files[1].read_text())["images"]), len(list(FRAMES.glob("*.jpg"))))
        self.assertNothingElse(self.folder, ["r.csv", "r.json"])

    def test_video_that_does_not_fit(self):
        out = self.folder / "out"
        done = subprocess.run(
            ["bash", "-c", 'trap "" XFSZ; ulimit -f 500; exec "$@"', "-", APP, "predict", *QUICK, STREET,
             "--save", out],
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("street.mp4' cannot be written", done.stderr)
        self.assertNothingElse(out, [])


class Interrupted(AppTest):
    def test_writes_what_there_is(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                results, out = self.folder / f"{number}.json", self.folder / f"out{number}"
                process = subprocess.Popen(
                    [APP, "predict", *QUICK, *[STREET] * 20, "--clones", "3", "--save", out, "--json", results],
                    stderr=subprocess.PIPE, text=True,
                )  # fmt: skip
                deadline = time.monotonic() + 60
                while not (out.exists() and os.listdir(out)) and time.monotonic() < deadline:
                    time.sleep(0.05)  # until the first video is being written
                time.sleep(0.5)
                process.send_signal(number)
                _, messages = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 128 + number, messages)
                images = json.loads(results.read_text())["images"]
                self.assertGreater(len(images), 0)
                self.assertLess(len(images), 20 * STREET_FRAMES)
                self.assertEqual([i["frame"] for i in images], [i % STREET_FRAMES for i in range(len(images))])
                saved = self.predict(*QUICK, *sorted(out.iterdir(), key=lambda path: (len(path.name), path.name)))
                self.assertEqual(len(saved["images"]), len(images))


class Info(AppTest):
    def test_text(self):
        done = run("info", PEOPLE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        tensors = ("images f32 [1, 3, 640, 640]", "output0 f32 [1, 5, 8400]")
        for words in ("detect", "0 person", *tensors, "openvino", "f32"):
            self.assertIn(words, done.stdout)

    def test_json(self):
        done = run("info", DYNAMIC, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        info = json.loads(done.stdout)
        self.assertEqual(info["task"], "detect")
        self.assertEqual(info["names"]["3"], "star")
        self.assertEqual(info["inputs"], [{"name": "images", "type": "f32", "shape": [-1, 3, -1, -1]}])
        self.assertTrue(info["dynamic_size"] and info["dynamic_batch"])
        self.assertEqual(info["metadata"]["stride"], "32")
        self.assertGreater(info["bytes"], 0)


if __name__ == "__main__":
    unittest.main()
