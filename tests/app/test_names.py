"""Names of classes in what `trtyolo predict` writes: of models whose files have none, and in letters of any script."""

import csv
import json
import os
import pathlib
import subprocess
import unittest

from program import APP, DATA, AppTest, run

MODELS = pathlib.Path(__file__).parent / "models"
SHAPES = DATA / "shapes"


def grey(file, width=320, height=320):
    file.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + bytes([90, 120, 100]) * (width * height))
    return file


class WithoutNames(AppTest):
    """A class has its number for a name."""

    def everything(self, model):
        """What the JSON, the CSV and the label file say of one image, and the messages."""
        image, out = grey(self.folder / "grey.ppm"), self.folder / model
        done = run(
            "predict", MODELS / f"{model}.onnx", image, "--json", out / "x.json", "--csv", out / "x.csv",
            "--save-txt", out, "--save", out,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual((out / "grey.ppm").read_bytes(), image.read_bytes())
        with open(out / "x.csv", newline="") as file:
            rows = [(row["class"], row["name"]) for row in csv.DictReader(file)]
        return json.loads((out / "x.json").read_text()), rows, (out / "grey.txt").read_text(), done.stderr

    def test_of_detectors(self):
        for model in ("plugin", "end2end"):
            with self.subTest(model=model):
                report, rows, labels, messages = self.everything(model)
                self.assertEqual(report["names"], {})
                objects = [(thing["class"], thing["name"]) for thing in report["images"][0]["objects"]]
                self.assertEqual(objects, [(2, "2"), (17, "17")])
                self.assertEqual(rows, [("2", "2"), ("17", "17")])
                self.assertEqual([line.split()[0] for line in labels.splitlines()], ["2", "17"])
                self.assertRegex(messages, r"^1 image: 1 2, 1 17\n")

    def test_of_a_classifier(self):
        report, rows, labels, messages = self.everything("topk")
        top = [(thing["class"], thing["name"]) for thing in report["images"][0]["top"]]
        self.assertEqual(top, [(2, "2"), (17, "17")])
        self.assertEqual(rows, [("2", "2"), ("17", "17")])
        self.assertEqual(labels, "0.90 2\n0.05 17\n")
        self.assertRegex(messages, r"^1 image: 2 0\.90\n")

    def test_in_videos_and_with_all_sources_at_once(self):
        clip = self.clip("clip.avi", sorted((SHAPES / "images").glob("*.jpg"))[:1] * 3)
        for options in ([], ["--together"]):
            done = run("predict", MODELS / "plugin.onnx", clip, *options, "--save", self.folder / "out")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stderr, r"clip\.avi: 3 frames.*: 3 2, 3 17\n")

    def test_chosen_by_number(self):
        found = self.predict(MODELS / "plugin.onnx", grey(self.folder / "grey.ppm"), "--classes", "17")
        self.assertEqual([thing["class"] for thing in found["images"][0]["objects"]], [17])


def has_font(language):
    try:
        return bool(subprocess.run(["fc-list", f":lang={language}"], capture_output=True, text=True).stdout)
    except FileNotFoundError:
        return False


class InAnyScript(AppTest):
    """Names of as many letters are drawn differently, so they are more than a '?' for each letter or a number."""

    def drawn(self, name, environment=None):
        """The annotated image, and the messages."""
        labels, image = self.folder / "labels.txt", grey(self.folder / "grey.ppm")
        labels.write_text(f"0\n1\n{name}\n" + "\n".join(map(str, range(3, 18))), encoding="utf-8")
        done = subprocess.run(
            [APP, "predict", MODELS / "plugin.onnx", image, "--labels", labels, "--save", self.folder / "out"],
            capture_output=True, text=True, timeout=60, env={**os.environ, **(environment or {})},
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = "".join(f"\\x{ord(letter):02x}" if ord(letter) < 32 and letter != "\t" else letter for letter in name)
        self.assertIn(shown, done.stderr)
        return (self.folder / "out" / "grey.ppm").read_bytes(), done.stderr

    def assertDrawn(self, language, name, other):
        (first, messages), (second, _), (unknown, _) = self.drawn(name), self.drawn(other), self.drawn("?" * len(name))
        if has_font(language):
            self.assertEqual(len({first, second, unknown}), 3)
            self.assertNotIn("warning", messages)
        else:
            self.assertRegex(messages, f"warning: no font .*'{name} 0.90'")

    def test_russian(self):
        self.assertDrawn("ru", "Кот", "Дом")

    def test_german(self):
        self.assertDrawn("de", "größe", "größä")

    def test_chinese(self):
        self.assertDrawn("zh-cn", "行人", "火车")

    def test_arabic_is_joined(self):
        if not has_font("ar"):
            self.skipTest("no Arabic font")
        # A letter that does not join has the form that it has when it stands alone.
        joined, _ = self.drawn("بب")
        apart, _ = self.drawn("ب\u200cب")
        self.assertNotEqual(joined, apart)

    def test_without_fonts(self):
        fonts = self.folder / "fonts.conf"
        fonts.write_text(f'<?xml version="1.0"?><fontconfig><dir>{self.folder}/none</dir></fontconfig>')
        environment = {"FONTCONFIG_FILE": str(fonts)}
        image, messages = self.drawn("行人", environment)
        self.assertEqual(messages.count("warning: no font that is installed has all letters of '行人 0.90'"), 1)
        same, silent = self.drawn("??", environment)
        self.assertEqual(same, image)
        self.assertNotIn("warning", silent)
        self.assertNotEqual(self.drawn("ab", environment)[0], image)

    def test_that_are_no_text(self):
        for name in ("tab\there", "zero\u200bwidth", "\U0001f600\ufe0f", " ", "\x01"):
            with self.subTest(name=name):
                self.drawn(name)


if __name__ == "__main__":
    unittest.main()
