"""The command `trtyolo self-test` and `trtyolo info --check`, from outside (see program.py)."""

import json
import shutil
import unittest

from program import DATA, AppTest, run

CLASSIFY = DATA / "shapes" / "classify.onnx"
IMAGES = DATA / "shapes" / "classify" / "images" / "star"


class SelfTest(AppTest):
    def model(self, name="model.onnx"):
        return shutil.copy(CLASSIFY, self.folder / name)

    def test_a_file_gets_one_and_passes(self):
        model = self.model()
        self.assertNotIn("self-test", run("info", model).stdout)
        made = run("self-test", model, "--images", IMAGES)
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        for words in ("passed", "image 1", "expected", "found", "difference", "at most", "reference", "there", "here"):
            self.assertIn(words, made.stdout)
        self.assertIn("images, made with", run("info", model).stdout)
        checked = run("info", model, "--check")
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        self.assertIn("verdict    passed", checked.stdout)
        found = json.loads(run("info", model, "--check", "--json").stdout)
        self.assertIn("made with", found["self_test"])
        self.assertEqual(found["check"]["verdict"], "passed")
        self.assertEqual(len(found["check"]["images"]), 3)
        for image in found["check"]["images"]:
            self.assertEqual((image["passed"], set(image["difference"])), (True, set(found["check"]["tolerance"])))
        self.assertEqual(found["check"]["there"], found["check"]["here"])
        self.assertNotIn("trtyolo_self_test", found["metadata"])
        self.assertEqual(run("self-test", model, "--remove", "--quiet").returncode, 0)
        self.assertEqual(model.read_bytes(), CLASSIFY.read_bytes())
        self.assertNothingElse(self.folder, ["model.onnx"])

    def test_one_that_fails(self):
        model, other = self.model(), self.model("other.onnx")
        self.assertEqual(run("self-test", model, "--quiet").returncode, 0)
        changed = model.read_bytes().replace(b'"input":"224 x 224', b'"input":"640 x 640')
        self.assertNotEqual(changed, model.read_bytes())
        other.write_bytes(changed)
        checked = run("info", other, "--check")
        self.assertEqual(checked.returncode, 1)
        self.assertIn("another model", checked.stderr)
        predicted = run("predict", other, IMAGES, "--json", "-")
        self.assertEqual(predicted.returncode, 0)
        self.assertIn("trtyolo: warning: ", predicted.stderr)
        self.assertIn("another model", predicted.stderr)
        refused = run("predict", other, IMAGES, "--json", "-", "--self-test", "refuse")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("trtyolo: error: ", refused.stderr)
        self.assertNotIn("another model", run("predict", other, IMAGES, "--json", "-", "--self-test", "off").stderr)

    def test_none(self):
        model = self.model()
        checked = run("info", model, "--check", "--json")
        self.assertEqual(checked.returncode, 1)
        self.assertEqual(json.loads(checked.stdout)["check"]["verdict"], "none")
        self.assertIn("no self-test", checked.stderr)

    def test_wrong_use(self):
        model = self.model()
        for arguments in (
            ["self-test"],
            ["self-test", model, "--remove", "--images", IMAGES],
            ["info", model, "--self-test", "maybe"],
            ["build", model, "--no-self-test", "--self-test-images", IMAGES],
        ):
            self.assertEqual(run(*arguments).returncode, 2, arguments)
        for arguments in (["self-test", model, "--images", self.folder], ["self-test", self.folder / "missing.onnx"]):
            failed = run(*arguments)
            self.assertEqual(failed.returncode, 1, arguments)
            self.assertIn("trtyolo: error: ", failed.stderr)
        self.assertIn("--reference", run("self-test", "--help").stdout)
        self.assertEqual(model.read_bytes(), CLASSIFY.read_bytes())


if __name__ == "__main__":
    unittest.main()
