"""What the tests of the program share: how it is run, the data, and the base of the test cases.

Environment: TRTYOLO_APP, the program; TRTYOLO_DATA, the folder that holds people/ and shapes/.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

APP = os.environ["TRTYOLO_APP"]
DATA = pathlib.Path(os.environ["TRTYOLO_DATA"])
QUICK = DATA / "shapes" / "detect-dynamic.onnx", "--imgsz", "160"  # a network that takes a few milliseconds


# A shell that runs the tests in the background may have them ignore it, and the programs that they start would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def run(*arguments, cwd=None):
    return subprocess.run([APP, *map(str, arguments)], capture_output=True, text=True, timeout=300, cwd=cwd)


def images_of(lines):
    """The images that `predict --json -` prints, one after the other as they come."""
    next(lines, None)  # what comes before them
    for line in lines:
        if not line.startswith("{"):
            return
        yield json.loads(line.rstrip().rstrip(","))


class AppTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def predict(self, *arguments, status=0):
        """What `predict ... --json -` prints; it must end with `status`."""
        done = run("predict", *arguments, "--json", "-")
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    def clip(self, name, frames):
        """A video of some pictures: JPEGs in a row, which FFmpeg reads."""
        file = self.folder / name
        file.write_bytes(b"".join(frame.read_bytes() for frame in frames))
        return file

    def assertNear(self, found, expected, delta):
        """All numbers of two lists, which may hold lists."""
        self.assertEqual(len(found), len(expected))
        for a, b in zip(found, expected):
            if isinstance(a, list):
                self.assertNear(a, b, delta)
            else:
                self.assertAlmostEqual(a, b, delta=delta)

    def assertSameObjects(self, found, expected):
        self.assertEqual(len(found), len(expected))
        for a, b in zip(found, expected):
            self.assertEqual((a["class"], a["name"]), (b["class"], b["name"]))
            self.assertAlmostEqual(a["score"], b["score"], delta=1e-3)
            self.assertNear(a["box"], b["box"], 0.5)

    def assertNothingElse(self, folder, names):
        self.assertEqual(sorted(os.listdir(folder)), sorted(names))
