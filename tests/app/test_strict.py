"""What the program writes, read by strict readers, with names of any bytes in it."""

import csv
import io
import json
import math
import os
import pathlib
import subprocess
import unittest

from pictures import ppm
from program import APP, DATA, AppTest

MODELS = pathlib.Path(__file__).parent / "models"
SHAPES = DATA / "shapes"
TASKS = ("classify", "detect", "obb", "segment", "pose")
# No text, what steers a terminal, what ends a line, what spreadsheets compute, what ends a string.
BYTES = [
    b"\xff\xfe",
    b"\x1b[31m",
    b"\xc2\x9b31m",
    b"\x9b",
    b"a\nb",
    b"\xe2\x80\xaeexe",
    b"=1+1",
    b'"q"',
    b"\xed\xa0\x80",
]


def strict_json(data):
    """An object of the text `data`: UTF-8, no NaN, no key twice."""

    def no_constant(name):
        raise ValueError(f"{name} is no JSON")

    def no_duplicates(pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError(f"a key stands twice: {pairs}")
        return dict(pairs)

    return json.loads(data.decode("utf-8"), parse_constant=no_constant, object_pairs_hook=no_duplicates)


def strict_csv(data):
    """The rows, all as long as the heading, with finite numbers."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    head = rows[0]
    if len(set(head)) != len(head) or any(len(row) != len(head) for row in rows):
        raise ValueError(f"the rows are not as long as the heading: {rows}")
    for row in rows[1:]:
        for name, value in zip(head, row, strict=True):
            if name not in ("source", "name") and value and not math.isfinite(float(value)):
                raise ValueError(f"{name} is {value}")
    return [dict(zip(head, row, strict=True)) for row in rows[1:]]


def strict_labels(data, task):
    """The lines of a label file: a class and finite numbers, or of a classifier a score and a name."""
    lines = data.decode("utf-8").split("\n")
    if lines.pop() != "":
        raise ValueError("the last line has no end")
    for line in lines:
        words = line.split(" ", 1) if task == "classify" else line.split(" ")
        numbers = words[:1] if task == "classify" else words
        if not all(math.isfinite(float(number)) for number in numbers) or (
            task != "classify" and not words[0].isdecimal()
        ):
            raise ValueError(f"no label: {line!r}")
    return lines


class Strict(AppTest):
    def everything(self, model, task, *arguments, status=0):
        """All outputs, read strictly, and the messages as bytes."""
        out = self.folder / f"out{len(os.listdir(self.folder))}"
        done = subprocess.run(
            [APP, "predict", model, *arguments, "--json", out / "r.json", "--csv", out / "r.csv", "--save-txt", out,
             "--save", out],
            capture_output=True, timeout=120,
        )  # fmt: skip
        self.assertEqual(done.returncode, status, done.stderr)
        labels = [strict_labels(file.read_bytes(), task) for file in out.iterdir() if file.suffix == ".txt"]
        report, rows = strict_json((out / "r.json").read_bytes()), strict_csv((out / "r.csv").read_bytes())
        messages = done.stderr.decode("utf-8")
        for steers in "\x1b\x9b\u202e\x07":
            self.assertNotIn(steers, messages)
        return report, rows, labels, messages

    def test_of_every_task(self):
        for task in TASKS:
            with self.subTest(task=task):
                pictures = sorted((SHAPES if task == "detect" else SHAPES / task).glob("images/*.jpg"))[:3]
                pictures = pictures or sorted((SHAPES / "images").glob("*.jpg"))[:3]
                report, rows, labels, _ = self.everything(SHAPES / f"{task}.onnx", task, *pictures)
                count = sum(len(image.get("objects", image.get("top"))) for image in report["images"])
                self.assertEqual((len(rows), sum(map(len, labels))), (count, count))

    def test_files_with_names_of_any_bytes(self):
        folder = os.fsencode(self.folder) + b"/in"
        os.mkdir(folder)
        for name in BYTES:
            ppm(pathlib.Path(os.fsdecode(folder + b"/" + name + b".ppm")))
            pathlib.Path(os.fsdecode(folder + b"/" + name + b"-bad.ppm")).write_bytes(b"no picture")
        report, rows, labels, messages = self.everything(MODELS / "plugin.onnx", "detect", folder, status=1)
        self.assertEqual(len(report["images"]), 2 * len(BYTES))
        self.assertEqual((len(rows), len(labels)), (2 * len(BYTES), len(BYTES)))
        errors = [line for line in messages.splitlines() if line.startswith("trtyolo: error: ")]
        self.assertEqual(len(errors), len(BYTES), messages)
        self.assertTrue(all("-bad.ppm: " in line for line in errors), messages)
        for shown in ("\\xff\\xfe-bad", "\\x1b[31m-bad", "\\x9b31m-bad", "a\\nb-bad", "\\u202eexe-bad"):
            self.assertIn(shown, messages)

    def test_classes_with_names_of_any_bytes(self):
        for model, task in (("plugin", "detect"), ("topk", "classify")):
            for name in BYTES:
                with self.subTest(model=model, name=name):
                    labels = self.folder / "labels.txt"
                    labels.write_bytes(b"\n".join([name.replace(b"\n", b" ")] * 18))
                    command = [APP, "info", MODELS / f"{model}.onnx", "--labels", labels]
                    said = subprocess.run(command, capture_output=True, timeout=60)
                    if said.returncode != 0:  # refused with a sentence
                        self.assertIn(b"UTF-8", said.stderr)
                        continue
                    self.assertNotIn("\x1b", said.stdout.decode("utf-8"))
                    picture = ppm(self.folder / "a.ppm")
                    report, rows, _, _ = self.everything(MODELS / f"{model}.onnx", task, picture, "--labels", labels)
                    self.assertEqual(len(rows), 2)
                    self.assertEqual(len(set(report["names"].values())), 1)

    def test_words_on_the_command_line(self):
        for arguments in (["predict", "m", "x", b"--\x1b[31m\xff"], [b"\x1b[31m"], ["info", b"\x1b[31m.onnx"]):
            done = subprocess.run([APP, *arguments], capture_output=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertNotIn("\x1b", done.stderr.decode("utf-8"))
            self.assertIn("\\x1b[31m", done.stderr.decode("utf-8"))
        command = [os.environ["TRTYOLO_BENCH"], b"--\x1b[31m"]
        self.assertNotIn(b"\x1b", subprocess.run(command, capture_output=True, timeout=60).stderr)


if __name__ == "__main__":
    unittest.main()
