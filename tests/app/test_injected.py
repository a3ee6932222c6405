"""One failure, one item: whatever goes wrong with one picture or one result, the others are written, and the exit
status tells."""

import csv
import json
import os
import pathlib
import resource
import subprocess
import unittest

from pictures import png, ppm
from program import APP, DATA, AppTest, images_of

PLUGIN = pathlib.Path(__file__).parent / "models" / "plugin.onnx"  # finds two objects in every picture
DEPTH = pathlib.Path(__file__).parent / "models" / "depth.onnx"
FRAMES = sorted((DATA / "people" / "frames").glob("*.jpg"))


class InjectedTest(AppTest):
    def run_limited(self, *arguments, file_size=None):
        """The program where no file may be larger than `file_size` bytes; its exit status and messages."""

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

        return subprocess.run(
            [APP, "predict", *map(str, arguments)],
            capture_output=True, text=True, timeout=120, preexec_fn=limit if file_size else None,
        )  # fmt: skip

    def results(self, *arguments, status=1, **limits):
        """All that can be asked for, of `predict PLUGIN ... --save out --save-txt labels`, and the messages."""
        out, labels = self.folder / "out", self.folder / "labels"
        report, table = self.folder / "r.json", self.folder / "r.csv"
        done = self.run_limited(
            PLUGIN, *arguments, "--save", out, "--save-txt", labels, "--json", report, "--csv", table, **limits
        )
        self.assertEqual(done.returncode, status, done.stderr)
        with open(table, newline="") as file:
            rows = list(csv.DictReader(file))
        return json.loads(report.read_text())["images"], rows, done.stderr

    def assertOneFailed(self, images, rows, messages, bad, sources):
        """All sources have their two objects everywhere, and `bad` has an error besides, once."""
        self.assertEqual([image["source"] for image in images], [str(source) for source in sources])
        for image in images:
            self.assertEqual("error" in image, image["source"] == str(bad), image)
            self.assertEqual(len(image["objects"]), 2)
        self.assertEqual([row["source"] for row in rows], [str(source) for source in sources for _ in range(2)])
        self.assertEqual(messages.count("trtyolo: error: "), 1, messages)
        self.assertIn(f"error: {bad}: ", messages)


class Pictures(InjectedTest):
    def pictures(self, count=4):
        return [ppm(self.folder / f"{i}.ppm") for i in range(count)]

    def test_encoders_that_refuse_a_picture(self):
        good = self.pictures(2)
        for name, size in (("wide.jpg", (66000, 2)), ("tall.jpg", (2, 66000)), ("wide.webp", (16400, 2))):
            for clones in ("1", "3"):
                with self.subTest(name=name, clones=clones):
                    bad = png(self.folder / name, *size)
                    sources = [good[0], bad, good[1]]
                    images, rows, messages = self.results(*sources, "--clones", clones)
                    self.assertOneFailed(images, rows, messages, bad, sources)
                    self.assertNothingElse(self.folder / "out", ["0.ppm", "1.ppm"])
                    self.assertIn("1 image could not be saved", messages)

    def test_a_picture_that_does_not_fit(self):
        for clones in ("1", "3"):
            with self.subTest(clones=clones):
                good = self.pictures(3)
                bad = ppm(self.folder / "big.ppm", 640, 640)  # 1.2 MB
                sources = [good[0], bad, *good[1:]]
                images, rows, messages = self.results(*sources, "--clones", clones, file_size=800_000)
                self.assertOneFailed(images, rows, messages, bad, sources)
                self.assertIn("File too large", messages)
                self.assertNothingElse(self.folder / "out", ["0.ppm", "1.ppm", "2.ppm"])
                self.assertNothingElse(self.folder / "labels", ["0.txt", "1.txt", "2.txt", "big.txt"])

    def test_a_disk_that_is_full(self):
        good = self.pictures(3)
        done = self.run_limited(PLUGIN, *good, "--save", self.folder / "out", "--json", "-", file_size=100_000)
        self.assertEqual(done.returncode, 1, done.stderr)
        images = json.loads(done.stdout)["images"]
        self.assertEqual([("error" in image, len(image["objects"])) for image in images], [(True, 2)] * 3)
        self.assertNothingElse(self.folder / "out", [])

    def test_a_label_file_that_cannot_be_written(self):
        sources = self.pictures(3)
        (self.folder / "labels" / "1.txt").mkdir(parents=True)
        images, rows, messages = self.results(*sources)
        self.assertOneFailed(images, rows, messages, sources[1], sources)
        self.assertNothingElse(self.folder / "labels", ["0.txt", "1.txt", "2.txt"])
        self.assertNothingElse(self.folder / "out", ["0.ppm", "1.ppm", "2.ppm"])

    def test_a_folder_that_nobody_may_write_to(self):
        out = self.folder / "out"
        out.mkdir()
        out.chmod(0o555)
        self.addCleanup(out.chmod, 0o755)
        if os.access(out, os.W_OK):  # of root
            out = pathlib.Path("/proc/self/task")
        if not out.is_dir():
            self.skipTest("every folder can be written to")
        sources, labels = self.pictures(3), self.folder / "labels"
        done = self.run_limited(PLUGIN, *sources, "--save", out, "--save-txt", labels, "--json", "-")
        self.assertEqual(done.returncode, 1, done.stderr)
        images = json.loads(done.stdout)["images"]
        self.assertEqual([("error" in image, len(image["objects"])) for image in images], [(True, 2)] * 3)
        self.assertNothingElse(labels, ["0.txt", "1.txt", "2.txt"])

    def test_a_table_that_does_not_fit_leaves_the_others(self):
        for bad, good in (("csv", "json"), ("json", "csv")):
            with self.subTest(bad=bad):
                sources, labels = self.pictures(5), self.folder / f"labels{bad}"
                done = self.run_limited(
                    PLUGIN, *sources, "--save-txt", labels, f"--{bad}", "/dev/full", f"--{good}", self.folder / good
                )
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(done.stderr.count("'/dev/full' cannot be written"), 1, done.stderr)
                self.assertNothingElse(labels, [f"{i}.txt" for i in range(5)])
                text = (self.folder / good).read_text()
                found = json.loads(text)["images"] if good == "json" else list(csv.DictReader(text.splitlines()))
                self.assertEqual(len(found), 5 if good == "json" else 10)

    def test_depth_beside_a_picture_that_cannot_be_encoded(self):
        good, bad, out = ppm(self.folder / "a.ppm"), png(self.folder / "wide.jpg", 66000, 2), self.folder / "out"
        done = self.run_limited(DEPTH, bad, good, "--save", out, "--json", "-")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(["error" in image for image in json.loads(done.stdout)["images"]], [True, False])
        self.assertNothingElse(out, ["a-depth.png", "a.ppm", "wide-depth.png"])

    def test_names_as_long_as_they_can_be(self):
        good, bad = ppm(self.folder / "a.ppm"), self.folder / ("x" * 251 + ".ppm")
        ppm(bad)
        images, rows, messages = self.results(good, bad, status=0)
        self.assertEqual([len(image["objects"]) for image in images], [2, 2])
        self.assertEqual(len(os.listdir(self.folder / "out")), 2)

    def test_planted_links_and_pipes_are_replaced(self):
        victim = self.folder / "victim"
        victim.write_text("mine")
        sources = self.pictures(2)
        for folder, suffix in (("out", "ppm"), ("labels", "txt")):
            (self.folder / folder).mkdir()
            (self.folder / folder / f"0.{suffix}").symlink_to(victim)
            os.mkfifo(self.folder / folder / f"1.{suffix}")
        self.results(*sources, status=0)
        self.assertEqual(victim.read_text(), "mine")
        for folder, suffix in (("out", "ppm"), ("labels", "txt")):
            for i in range(2):
                file = self.folder / folder / f"{i}.{suffix}"
                self.assertTrue(file.is_file() and not file.is_symlink(), file)

    def test_two_writers_at_once(self):
        sources = self.pictures(8)
        command = [
            APP, "predict", PLUGIN, *sources, "--save", self.folder / "out", "--save-txt", self.folder / "labels",
            "--json", self.folder / "r.json", "--csv", self.folder / "r.csv",
        ]  # fmt: skip
        both = [subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE) for _ in range(2)]
        messages = [process.communicate(timeout=120)[1] for process in both]
        self.assertEqual([process.returncode for process in both], [0, 0], messages)
        self.assertEqual(len(json.loads((self.folder / "r.json").read_text())["images"]), 8)
        self.assertNothingElse(self.folder / "out", [f"{i}.ppm" for i in range(8)])
        self.assertNothingElse(self.folder / "labels", [f"{i}.txt" for i in range(8)])


class Videos(InjectedTest):
    def test_a_video_that_does_not_fit_leaves_the_others(self):
        small, big = self.clip("small.avi", FRAMES[:2]), self.clip("big.avi", FRAMES * 8)
        limit = 600_000
        for arguments in ([], ["--clones", "3"], ["--together"]):
            with self.subTest(arguments=arguments):
                images, rows, messages = self.results(big, small, *arguments, file_size=limit)
                counts = [sum(image["source"] == str(clip) for image in images) for clip in (big, small)]
                self.assertEqual(counts, [len(FRAMES) * 8, 2])
                self.assertEqual(len(rows), 2 * sum(counts))
                errors = [image for image in images if "error" in image]
                self.assertEqual([image["source"] for image in errors], [str(big)])
                self.assertGreater(errors[0]["frame"], 0)
                self.assertRegex(errors[0]["error"], "big.mp4' cannot be written: File too large")
                self.assertIn("big.mp4' cannot be written", messages)
                self.assertNothingElse(self.folder / "out", ["small.mp4"])
                self.assertEqual(len(os.listdir(self.folder / "labels")), sum(counts))
                for file in (self.folder / "labels").iterdir():
                    file.unlink()

    def test_labels_of_one_stream_that_cannot_be_written(self):
        clips = [self.clip("a.avi", FRAMES[:3]), self.clip("b.avi", FRAMES[:3])]
        (self.folder / "labels" / "a_2.txt").mkdir(parents=True)
        for arguments in ([], ["--together"]):
            with self.subTest(arguments=arguments):
                images, rows, messages = self.results(*clips, *arguments)
                self.assertEqual([len(image["objects"]) for image in images], [2] * 6)
                bad = [(image["source"], image["frame"]) for image in images if "error" in image]
                self.assertEqual(bad, [(str(clips[0]), 1)])
                self.assertEqual(len(rows), 12)
                self.assertNothingElse(self.folder / "out", ["a.mp4", "b.mp4"])

    def test_a_reader_that_goes_costs_no_other_result(self):
        clip, out = self.clip("a.avi", FRAMES * 20), self.folder / "out"
        for arguments in ([], ["--together"]):
            with self.subTest(arguments=arguments):
                command = [
                    APP, "predict", PLUGIN, clip, "--json", "-", "--csv", self.folder / "r.csv", "--save", out,
                ]  # fmt: skip
                process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
                next(images_of(process.stdout))
                process.stdout.close()
                self.assertEqual(process.wait(timeout=120), 141)
                self.assertNothingElse(out, ["a.mp4"])
                with open(self.folder / "r.csv", newline="") as file:
                    frames = {row["frame"] for row in csv.DictReader(file)}
                self.assertEqual(len(frames), 20 * len(FRAMES))


if __name__ == "__main__":
    unittest.main()
