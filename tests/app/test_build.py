"""The command `trtyolo build`, from outside (see program.py); and how the others take a GPU that is not there."""

import json
import unittest

from program import DATA, AppTest, run

MODEL = DATA / "shapes" / "detect.onnx"
DYNAMIC = DATA / "shapes" / "detect-dynamic.onnx"


def has_gpu():
    versions = dict(line.split(" ", 1) for line in run("--version").stdout.splitlines())
    return "tensorrt" in versions and "not usable" not in versions["tensorrt"]


GPU = has_gpu()


class Usage(AppTest):
    def assertWrongUsage(self, *arguments, names):
        with self.subTest(arguments=arguments):
            done = run("build", *arguments, cwd=self.folder)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertTrue(done.stderr.startswith("trtyolo: error: "), done.stderr)
            self.assertIn("trtyolo build --help", done.stderr)
            self.assertEqual(done.stdout, "")
            for name in names:
                self.assertIn(name, done.stderr)
            self.assertNothingElse(self.folder, [])

    def test_help(self):
        done = run("build", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for words in (
            "Example", "--output", "is replaced", "--fp16,--half", "MIN:OPT:MAX", "--imgsz", "--workspace",
            "--opt-level", "--timing-cache", "--device", "--quiet",
        ):  # fmt: skip
            self.assertIn(words, done.stdout)
        self.assertRegex(run("--help").stdout, r"\n +build +Build a TensorRT engine")

    def test_wrong_options(self):
        self.assertWrongUsage(names=["MODEL"])
        for batch in ("0", "x", "-1", "1025", "4:2:8", "1:9:8", "0:1:2", "1:2", "1:2:3:4", "1:2:", "1::2", "8.5"):
            self.assertWrongUsage(MODEL, f"--batch={batch}", names=["--batch", "1:4:8"])
        for size in ("0", "640x", "x640", "640x640x3", "640:320", "320x640:640x320", "320:", "320:480:640", "-64"):
            self.assertWrongUsage(MODEL, f"--imgsz={size}", names=["--imgsz", "320:640"])
        for option, value in (
            ("--workspace", "0"), ("--workspace", "-5"), ("--workspace", "2G"), ("--opt-level", "6"),
            ("--opt-level", "-1"), ("--opt-level", "best"), ("--device", "cpu"), ("--device", "-1"),
        ):  # fmt: skip
            self.assertWrongUsage(MODEL, f"{option}={value}", names=[option])
        self.assertWrongUsage(MODEL, "--precision", "f16", names=["--precision"])
        self.assertWrongUsage(MODEL, DYNAMIC, names=[DYNAMIC.name])

    def test_an_engine_in_the_place_of_its_model(self):
        model = self.folder / "model.onnx"
        model.write_bytes(MODEL.read_bytes())
        done = run("build", model, "-o", self.folder / "." / "model.onnx")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("another name", done.stderr)
        self.assertEqual(model.read_bytes(), MODEL.read_bytes())


class Failing(AppTest):
    def assertFails(self, *arguments, names, left=()):
        with self.subTest(arguments=arguments):
            done = run("build", *arguments, cwd=self.folder)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertTrue(done.stderr.startswith("trtyolo: error: "), done.stderr)
            self.assertEqual(done.stdout, "")
            for name in names:
                self.assertIn(name, done.stderr)
            self.assertNothingElse(self.folder, left)

    def test_models_that_are_none(self):
        self.assertFails("none.onnx", names=["none.onnx", "no such model file"])
        self.assertFails(DATA, "-o", "x.engine", names=["folder"])
        (self.folder / "empty.onnx").touch()
        self.assertFails("empty.onnx", names=["empty.onnx", "is empty"], left=["empty.onnx"])
        (self.folder / "ir.xml").write_text("<?xml version='1.0'?><net/>")
        self.assertFails("ir.xml", names=["ir.xml", "ONNX", "OpenVINO IR"], left=["empty.onnx", "ir.xml"])

    def test_places_where_nothing_can_be_written(self):
        self.assertFails(MODEL, "-o", "none/x.engine", names=["none/x.engine", "No such file"])
        self.assertFails(MODEL, "-o", self.folder, names=[str(self.folder), "folder"])

    @unittest.skipIf(GPU, "this machine has a GPU")
    def test_without_a_gpu(self):
        old = self.folder / "old.engine"
        old.write_text("an earlier one")
        everything = ["--half", "-q", "--batch", "1:2:4", "--imgsz", "320x640:640", "--device", "1"]
        for options in ([], ["--fp16"], everything):
            self.assertFails(MODEL, "-o", old, *options, names=[], left=["old.engine"])
            done = run("build", MODEL, "-o", old, *options)
            self.assertRegex(done.stderr, "no NVIDIA|CUDA cannot be used|OpenVINO only")
        self.assertEqual(old.read_text(), "an earlier one")


@unittest.skipIf(GPU, "this machine has a GPU")
class GpuThatIsMissing(AppTest):
    """The commands that run models, on a machine without a GPU."""

    def test_is_named_when_it_is_asked_for(self):
        for option in (["--device", "0"], ["--backend", "tensorrt"]):
            done = run("info", MODEL, *option)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, "^trtyolo: error: .*TensorRT.*(no NVIDIA|CUDA cannot be used|OpenVINO only)")
        done = run("info", MODEL, "--device", "0", "--backend", "openvino")
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_is_not_needed(self):
        for option in ([], ["--device", "cpu"], ["--backend", "openvino"]):
            done = run("info", MODEL, *option)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r"\nbackend +openvino \d")


@unittest.skipUnless(GPU, "building needs a GPU and TensorRT")
class Building(AppTest):
    def test_a_dynamic_model(self):
        engine = self.folder / "dynamic.engine"
        engine.write_text("an earlier one")
        timings = self.folder / "timings"
        done = run(
            "build", DYNAMIC, "-o", engine, "--batch", "1:2:4", "--imgsz", "320:640", "--opt-level", "0",
            "--timing-cache", timings,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertRegex(done.stderr, r"MB, built in [\d.]+ s; to run it: trtyolo predict .* SOURCE --batch 4\n$")
        self.assertNothingElse(self.folder, ["dynamic.engine", "timings"])
        info = json.loads(run("info", engine, "--batch", "4", "--json").stdout)
        self.assertEqual((info["backend"], info["precision"], info["batch"]), ("tensorrt", "f32", 4))
        self.assertEqual(info["network"], [640, 640])
        self.assertTrue(info["dynamic_size"] and info["dynamic_batch"])

    def test_sizes_that_a_model_does_not_have(self):
        for option, words in (("--imgsz=320", "fixed at 640"), ("--batch=2", "fixed at 1")):
            done = run("build", MODEL, "-o", self.folder / "x.engine", option)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(words, done.stderr)
        self.assertNothingElse(self.folder, [])


if __name__ == "__main__":
    unittest.main()
