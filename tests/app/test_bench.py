"""The command `trtyolo bench` and the program `trtyolo-bench`: JSON, table, and what they say of wrong usage.

Environment: TRTYOLO_APP and TRTYOLO_BENCH, the programs; TRTYOLO_DATA, the folder that holds people/people.onnx and
shapes/.
Figures are only checked for what cannot depend on the load of the machine.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

APP = os.environ["TRTYOLO_APP"]
HEADLESS = os.environ["TRTYOLO_BENCH"]
DATA = pathlib.Path(os.environ["TRTYOLO_DATA"])
MODEL = str(DATA / "people" / "people.onnx")
SMALL = (str(DATA / "shapes" / "detect-dynamic.onnx"), "--imgsz", "160")  # a network that takes a few milliseconds
TINY = str(pathlib.Path(__file__).parent / "models" / "plugin.onnx")  # and one that takes none


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=300)


def bench(*arguments):
    return run(APP, "bench", *arguments)


class Measuring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "bench.json"
            cls.run_ = bench(*SMALL, "--seconds", "0.5", "--clones", "1,2", "--json", str(file))
            cls.report = json.loads(file.read_text()) if file.exists() else None

    def row(self, kind, n):
        (row,) = [row for row in self.report["rows"] if (row["kind"], row["n"]) == (kind, n)]
        return row

    def test_ends_well(self):
        self.assertEqual(self.run_.returncode, 0, self.run_.stderr)

    def test_says_what_was_measured(self):
        self.assertEqual(self.report["model"], SMALL[0])
        self.assertEqual(self.report["precision"], "f32")
        self.assertEqual(self.report["image"], [1920, 1080])
        machine = self.report["machine"]
        self.assertTrue(machine["cpu"])
        self.assertGreaterEqual(machine["cores"], 1)
        self.assertIn("trtyolo", machine["versions"])
        self.assertIn("openvino", machine["versions"])

    def test_has_every_row_once(self):
        rows = [(row["kind"], row["n"]) for row in self.report["rows"]]
        self.assertEqual(
            rows,
            [("network", 1), ("model", 1), ("network", 2), ("clones", 2), ("separate", 2), ("processes", 2)]
            + [("pool", 1), ("pool", 2)],
        )

    def test_figures_are_positive_and_in_order(self):
        for row in self.report["rows"]:
            with self.subTest(kind=row["kind"], n=row["n"]):
                self.assertNotIn("error", row)
                for key in ("images_per_s", "p50_ms", "p99_ms", "rss_mb", "pss_mb"):
                    self.assertGreater(row[key], 0, key)
                self.assertLessEqual(row["p50_ms"], row["p99_ms"])
                self.assertLessEqual(row["pss_mb"], row["rss_mb"] + 0.1)
                self.assertGreater(row["rss_mb"], row["program_mb"])  # also of the bare network: read while it runs
                self.assertEqual(row["gpu_mb"], 0)
                self.assertNotIn("gpu_engine_mb", row)
                self.assertEqual(row["batch"], 1)
                self.assertEqual(row["memory"], "host")

    def test_rows_are_held_against_the_network(self):
        for kind, n in (("model", 1), ("clones", 2), ("separate", 2), ("processes", 2), ("pool", 2)):
            row = self.row(kind, n)
            self.assertGreater(row["ratio"], 0)
            self.assertGreater(row["network_images_per_s"], 0)
            self.assertEqual(row["objects"], self.row("model", 1)["objects"])
            self.assertGreater(row["preprocess_ms"], 0)
            self.assertGreater(row["postprocess_ms"], 0)
            self.assertLess(row["preprocess_ms"] + row["postprocess_ms"], row["p50_ms"])
            self.assertLess(row["postprocess_ratio"], 1)
            self.assertGreater(row["p50_ratio"], 0)
            self.assertGreater(row["ready_s"], 0)
        # The network stands beside the row that it was measured with.
        self.assertEqual(self.row("network", 1)["images_per_s"], self.row("model", 1)["network_images_per_s"])
        self.assertEqual(self.row("network", 2)["images_per_s"], self.row("clones", 2)["network_images_per_s"])

    def test_table_has_a_line_for_each_row(self):
        lines = [line.split() for line in self.run_.stdout.splitlines()]
        for row in self.report["rows"]:
            found = [line for line in lines if line[:2] == [row["kind"], str(row["n"])]]
            # Those of a cut network have one more, beside the exported one.
            self.assertEqual(len(found), 2 if "exported_ratio" in row else 1, self.run_.stdout)
            self.assertEqual(len(found[0]), 10, found[0])
            self.assertIn(f"{row['images_per_s']:.1f}", found[0])

    def test_table_fits_a_terminal(self):
        self.assertLessEqual(max(len(line) for line in self.run_.stdout.splitlines()), 100)

    def test_pools_say_more(self):
        for n in (1, 2):
            row = self.row("pool", n)
            self.assertGreaterEqual(row["contexts"], 1)
            self.assertEqual(row["streams"], row["contexts"])
            self.assertEqual(row["mean_batch"], 1)  # the model has no batches
            self.assertLessEqual(row["queue_ms"], row["queue_p99_ms"])
            self.assertLess(row["longest_queue"], n)
        self.assertNotIn("mean_batch", self.row("clones", 2))

    def test_processes_have_a_copy_each(self):
        one, two = self.row("model", 1), self.row("processes", 2)
        self.assertGreater(two["rss_mb"], 1.8 * one["rss_mb"])
        self.assertGreater(two["pss_mb"], one["pss_mb"])


class Memory(unittest.TestCase):
    def test_clones_take_less_than_separate_models(self):
        # Of small images: copies of the weights, and of all that OpenVINO makes of a file, must show beside buffers,
        # which clones have too.
        run = bench(*SMALL, "--seconds", "0.1", "--clones", "4", "--kinds", "clones,separate", "--json", "-")
        self.assertEqual(run.returncode, 0, run.stderr)
        memory = {row["kind"]: row["rss_mb"] for row in json.loads(run.stdout)["rows"]}
        self.assertLess(memory["clones"], memory["separate"])


class Processes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.model = pathlib.Path(folder.name) / "own.onnx"  # by which the processes are found
        self.model.symlink_to(MODEL)

    def start(self):
        """A bench of two processes, and they."""
        process = subprocess.Popen(
            [APP, "bench", self.model, "--kinds", "processes", "--clones", "2", "--seconds", "60"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        end = time.monotonic() + 60
        while len(members := self.members()) < 2 and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(len(members), 2)
        return process, members

    def members(self):
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
                if {b"TRTYOLO_BENCH_CHILD=1", str(self.model).encode()} <= set(words.split(b"\0")):
                    found.append(int(folder.name))
        return found

    def test_one_that_dies_is_told(self):
        process, (one, _) = self.start()
        os.kill(one, signal.SIGKILL)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, errors)
        self.assertRegex(output, r"a process that measured it was killed by\s+signal 9")
        self.assertEqual(self.members(), [])

    def test_none_is_left_behind(self):
        process, _ = self.start()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        end = time.monotonic() + 20
        while self.members() and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(self.members(), [])


class Tasks(unittest.TestCase):
    def test_each_is_measured(self):
        for task in ("classify", "obb", "pose", "segment"):
            with self.subTest(task=task):
                model = str(DATA / "shapes" / f"{task}.onnx")
                run = bench(model, "--seconds", "0.1", "--kinds", "model", "--json", "-")
                self.assertEqual(run.returncode, 0, run.stderr)
                report = json.loads(run.stdout)
                self.assertEqual(report["task"], task)
                (row,) = report["rows"]
                self.assertGreater(row["images_per_s"], 0)
                self.assertGreater(row["postprocess_ms"], 0)
                self.assertEqual("objects" in row, task != "classify")


class Pools(unittest.TestCase):
    def test_callers_share_runs(self):
        run = bench(*SMALL, "--seconds", "0.3", "--kinds", "pool", "--clones", "8", "--batch", "4", "--json", "-")
        self.assertEqual(run.returncode, 0, run.stderr)
        (row,) = json.loads(run.stdout)["rows"]
        self.assertEqual(row["batch"], 4)
        self.assertGreater(row["mean_batch"], 1)
        self.assertLessEqual(row["mean_batch"], 4)

    def test_a_caller_alone_may_have_a_model_of_his_own(self):
        common = ("--seconds", "0.3", "--kinds", "pool", "--clones", "1", "--batch", "4", "--json", "-")
        run = bench(*SMALL, *common, "--low-latency", SMALL[0], "--contexts", "1", "--queue-delay", "0.5")
        self.assertEqual(run.returncode, 0, run.stderr)
        (row,) = json.loads(run.stdout)["rows"]
        self.assertEqual((row["contexts"], row["batch"], row["mean_batch"]), (1, 4, 1))


class Encoded(unittest.TestCase):
    def test_jpeg_files_are_held_against_decoder_and_network_on_the_same_cores(self):
        common = ("--seconds", "0.3", "--kinds", "jpeg", "--clones", "1,4")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "bench.json"
            said = bench(*SMALL, *common, "--source", str(DATA / "people" / "frames"), "--json", str(file))
            self.assertEqual(said.returncode, 0, said.stderr)
            report = json.loads(file.read_text())
        self.assertEqual(report["image"], [768, 576])
        self.assertEqual([(row["kind"], row["n"]) for row in report["rows"]], [("jpeg", 1), ("jpeg", 4)])
        for row in report["rows"]:
            limit = 1 / (1 / row["decoder_images_per_s"] + 1 / row["network_images_per_s"])
            self.assertAlmostEqual(row["limit_images_per_s"], limit, delta=0.001 * limit)
            self.assertGreater(row["ratio"], 0)
            self.assertGreater(row["decoded_cpu"], row["n"])
            self.assertEqual((row["decoded_gpu"], row["decode"]), (0, "cpu"))
            self.assertIn(f"{row['limit_images_per_s']:.1f}", said.stdout)
        self.assertLessEqual(max(len(line) for line in said.stdout.splitlines()), 100)

    def test_the_command_predict_over_files_is_held_against_the_same(self):
        frames = str(DATA / "people" / "frames")
        kinds = ("--kinds", "predict", "--clones", "2", "--decode", "cpu,fast")
        said = bench(*SMALL, "--seconds", "0.1", *kinds, "--source", frames, "--json", "-")
        self.assertEqual(said.returncode, 0, said.stderr)
        report = json.loads(said.stdout)
        self.assertEqual(report["image"], [768, 576])
        rows = [(row["kind"], row["n"], row["decode"]) for row in report["rows"]]
        self.assertEqual(rows, [("predict", 2, "cpu"), ("predict", 2, "fast")])
        for row in report["rows"]:
            limit = 1 / (1 / row["decoder_images_per_s"] + 1 / row["network_images_per_s"])
            self.assertAlmostEqual(row["limit_images_per_s"], limit, delta=0.001 * limit)
            for key in ("images_per_s", "ratio", "p50_ms", "cpu_ms", "alone_cpu_ms"):
                self.assertGreater(row[key], 0, key)
        self.assertIn("predict 2, decoded on the CPU with fast decode: ", said.stderr)

    def test_a_file_that_predict_cannot_read_fails_the_row(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "damaged.jpg").write_bytes(b"\xff\xd8\xff and nothing more")
            whole = (DATA / "people" / "frames" / "0600.jpg").read_bytes()
            (pathlib.Path(folder) / "a whole one.jpg").write_bytes(whole)
            said = bench(TINY, "--seconds", "0.1", "--kinds", "predict", "--clones", "1", "--source", folder)
        self.assertEqual(said.returncode, 1, said.stderr)
        self.assertIn("the command predict failed", said.stdout)

    def test_without_a_source_the_drawn_image_is_encoded(self):
        said = bench(TINY, "--seconds", "0.1", "--kinds", "jpeg", "--clones", "1", "--size", "240x320", "--json", "-")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(json.loads(said.stdout)["image"], [320, 240])

    def test_streams_as_fast_as_they_go_and_at_their_time(self):
        video = str(DATA / "people" / "street.mp4")
        paced = ("--streams", "2", "--p99", "5000", "--fps", "20")  # of few frames, hundreds would fit
        said = bench(*SMALL, "--seconds", "0.4", "--source", video, *paced, "--json", "-")
        self.assertEqual(said.returncode, 0, said.stderr)
        report = json.loads(said.stdout)
        self.assertEqual(report["image"], [768, 576])
        two, most = report["rows"]
        self.assertEqual((two["kind"], two["n"], two["fps"]), ("streams", 2, 20))
        self.assertGreater(most["n"], 1)
        self.assertEqual(most["limit_p99_ms"], 5000)
        if "full_first" in most:
            self.assertIn(most["full_first"], ("decoder", "network", "processor"))
            self.assertGreater(most["full_at"], most["n"])
        for row in report["rows"]:
            for key in ("frames_per_s", "decoder_frames_per_s", "limit_frames_per_s", "ratio", "p50_ms", "cpu_share"):
                self.assertGreater(row[key], 0, key)
            self.assertLessEqual(row["p50_ms"], row["p99_ms"])
            self.assertGreater(row["decoded_cpu"], row["n"])
            self.assertIn("rss_mb_per_stream", row)

    def test_what_makes_no_sense_ends_with_2(self):
        video = str(DATA / "people" / "street.mp4")
        for arguments, says in (
            (("--streams", "1"), "--source says which video"),
            (("--kinds", "streams", "--source", video), "--streams says how many"),
            (("--kinds", "jpeg", "--decode", "gpu"), "runs on the CPU"),
            (("--kinds", "predict"), "--source says which JPEG file"),
            (("--streams", "1", "--source", video, "--decode", "fast"), "no videos"),
        ):
            said = bench(TINY, *arguments)
            self.assertEqual(said.returncode, 2, said.stderr)
            self.assertIn(says, said.stderr)
        said = run(HEADLESS, TINY, "--kinds", "jpeg")
        self.assertEqual(said.returncode, 2, said.stderr)
        self.assertIn("without the component media", said.stderr)

    def test_a_folder_without_any_ends_with_1(self):
        said = bench(TINY, "--kinds", "jpeg", "--source", str(DATA / "shapes" / "labels"))
        self.assertEqual(said.returncode, 1, said.stderr)
        self.assertIn("neither a JPEG file nor a folder with any", said.stderr)


class Headless(unittest.TestCase):
    def test_needs_next_to_nothing(self):
        said = run("ldd", HEADLESS)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertNotRegex(said.stdout, "not found")
        needed = set(re.findall(r"^\s*(lib[A-Za-z+_]+)", said.stdout, re.MULTILINE))
        # What the library itself needs, and the system's own.
        own = {"libtrtyolo", "libopenvino", "libtbb", "libhwy"}
        system = {"libc", "libm", "libgcc_s", "libstdc++", "libdl", "libpthread", "librt"}
        sanitizers = {"libasan", "libubsan", "libtsan"}
        self.assertEqual(needed - own - system - sanitizers, set(), said.stdout)

    def test_measures_a_ppm_image(self):
        with tempfile.TemporaryDirectory() as folder:
            picture = pathlib.Path(folder) / "grey.ppm"
            picture.write_bytes(b"P6\n320 240\n255\n" + bytes([128]) * 320 * 240 * 3)
            common = (TINY, "--seconds", "0.1", "--kinds", "model", "--json", "-")
            said = run(HEADLESS, *common, "--source", str(picture))
            self.assertEqual(said.returncode, 0, said.stderr)
            report = json.loads(said.stdout)
            self.assertEqual(report["image"], [320, 240])
            self.assertEqual(report["rows"][0]["objects"], 2)  # in any picture
            self.assertIn("model 1: ", said.stderr)
            refused = run(HEADLESS, *common, "--source", MODEL)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("is not a binary PPM file", refused.stderr)

    def test_shows_all_in_further_tables(self):
        said = run(
            HEADLESS, *SMALL, "--seconds", "0.1", "--kinds", "clones", "--clones", "2", "--all", "--size", "480x640"
        )
        self.assertEqual(said.returncode, 0, said.stderr)
        # A processor of a long name moves the breaks of the heading's lines.
        words = " ".join(said.stdout.split())
        for shown in ("image 640x480", "preprocess", "idle clone MB"):
            self.assertIn(shown, words)
        self.assertLessEqual(max(len(line) for line in said.stdout.splitlines()), 100)
        self.assertEqual(len([line for line in said.stdout.splitlines() if re.match(r"clones +2 ", line)]), 4)

    def test_limits_calls_at_once(self):
        common = ("--seconds", "0.2", "--kinds", "clones", "--clones", "4", "--json", "-")
        said = run(HEADLESS, TINY, *common, "--at-once", "1")
        self.assertEqual(said.returncode, 0, said.stderr)
        (row,) = json.loads(said.stdout)["rows"]
        self.assertEqual(row["streams"], 1)
        # One after the other: no more calls than fit into the time of one thread.
        self.assertLess(row["images_per_s"] * row["p50_ms"] / 1e3, 1.5)

    def test_wrong_usage_ends_with_2(self):
        for arguments in (
            (),
            (MODEL, "--kinds", "swarm"),
            (MODEL, "--devices", "0", "--device", "0"),
            (MODEL, "--devices", "0,0"),
            (MODEL, "--devices", "each"),
            (MODEL, "--size", "0"),
        ):
            said = run(HEADLESS, *arguments)
            self.assertEqual(said.returncode, 2, said.stderr)
            self.assertIn("trtyolo-bench --help", said.stderr)

    def test_a_model_that_is_none_ends_with_1(self):
        said = run(HEADLESS, "no-such-model.onnx")
        self.assertEqual(said.returncode, 1)
        self.assertIn("trtyolo-bench: error: ", said.stderr)
        self.assertIn("no-such-model.onnx", said.stderr)


class Options(unittest.TestCase):
    def test_thresholds(self):
        picture = str(DATA / "shapes" / "images" / "00002.jpg")

        def found(*arguments):
            run = bench(*SMALL, "--seconds", "0.1", "--kinds", "model", "--source", picture, "--json", "-", *arguments)
            self.assertEqual(run.returncode, 0, run.stderr)
            return json.loads(run.stdout)["rows"][0]["objects"]

        self.assertEqual(found("--classes", "2", "--agnostic"), 2)
        self.assertEqual(found("--max-det", "3"), 3)
        self.assertEqual(found("--conf", "0.75"), 3)

    def test_batch_and_source(self):
        picture = DATA / "people" / "street.mp4"
        run = bench(TINY, "--seconds", "0.1", "--kinds", "model", "--source", str(picture), "--json", "-")
        self.assertEqual(run.returncode, 0, run.stderr)
        report = json.loads(run.stdout)
        self.assertNotEqual(report["image"], [1920, 1080])
        self.assertEqual([row["kind"] for row in report["rows"]], ["model"])

    def test_quiet_says_nothing_on_standard_error(self):
        run = bench(TINY, "--seconds", "0.1", "--kinds", "model", "--quiet")
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_interrupted_ends_with_130(self):
        process = subprocess.Popen(
            [APP, "bench", TINY, "--seconds", "60", "--json", "-"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # It says so when it begins to measure.
        self.assertIn("measuring", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(json.loads(output)["rows"], [])


class WrongUsage(unittest.TestCase):
    def assert_refused(self, status, *arguments, says):
        run = bench(*arguments)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        self.assertIn(says, run.stderr)

    def test_wrong_usage_ends_with_2(self):
        self.assert_refused(2, says="MODEL")
        self.assert_refused(2, MODEL, "--clones", "0", says="--clones")
        self.assert_refused(2, MODEL, "--clones", "two", says="--clones")
        self.assert_refused(2, MODEL, "--seconds", "-1", says="--seconds")
        self.assert_refused(2, MODEL, "--kinds", "swarm", says="--kinds")
        self.assert_refused(2, MODEL, "--images", "tape", says="--images")
        self.assert_refused(2, MODEL, "--images", "gpu", says="runs on the CPU")
        self.assert_refused(2, MODEL, "--classes", "1", says="--classes")
        self.assert_refused(2, MODEL, "--no-such-option", says="--no-such-option")

    def test_a_model_that_is_none_ends_with_1(self):
        self.assert_refused(1, "no-such-model.onnx", says="no-such-model.onnx")

    def test_a_source_that_is_none_ends_with_1(self):
        self.assert_refused(1, MODEL, "--source", "no-such-picture.jpg", says="no-such-picture.jpg")
        with tempfile.TemporaryDirectory() as folder:
            damaged = pathlib.Path(folder) / "damaged.mp4"
            damaged.write_bytes((DATA / "people" / "street.mp4").read_bytes()[:100000])
            for _ in range(5):  # some back ends of OpenCV wait without end for the rest of it, though not each time
                self.assert_refused(1, MODEL, "--source", str(damaged), says="damaged.mp4")


if __name__ == "__main__":
    unittest.main()
