"""`trtyolo predict` of a camera that speaks RTSP, and that goes and comes back.

Environment: as program.py, and TRTYOLO_PYTHON, a Python that has GObject's introspection (/usr/bin/python3).
"""

import os
import pathlib
import subprocess
import unittest

from live_server import FRAMES
from program import APP, DATA, AppTest, images_of

PEOPLE = DATA / "people" / "people.onnx"
PYTHON = os.environ.get("TRTYOLO_PYTHON", "/usr/bin/python3")


class Rtsp(AppTest):
    def setUp(self):
        super().setUp()
        self.expected = self.predict(PEOPLE, self.clip("clip.avi", FRAMES))["images"]
        for i, frame in enumerate(FRAMES):
            (self.folder / f"{i:02}.jpg").symlink_to(frame)
        size = [str(self.expected[0][side]) for side in ("width", "height")]
        server = [PYTHON, pathlib.Path(__file__).with_name("rtsp_server.py"), self.folder, *size]
        self.server = subprocess.Popen(server, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.kill)
        self.url = self.server.stdout.readline().strip()
        self.assertTrue(self.url.startswith("rtsp://"), "the server does not start")

    def test_every_frame_in_order_until_it_is_gone_for_good(self):
        command = [APP, "predict", PEOPLE, self.url, "--together", "--late", "wait", "--give-up", "4", "--json", "-"]
        images = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            for image in images_of(process.stdout):
                images.append(image)
                if len(images) == 2 * len(FRAMES) + 5:  # it has ended twice, and come back
                    self.server.kill()
            _, messages = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, messages)
        self.assertIn("given up", messages)
        last = images.pop()
        self.assertIn("given up", last["error"])
        self.assertGreaterEqual(len(images), 2 * len(FRAMES) + 5)
        for number, image in enumerate(images):
            self.assertEqual((image["source"], image["frame"]), (self.url, number))
            self.assertSameObjects(image["objects"], self.expected[number % len(FRAMES)]["objects"])


if __name__ == "__main__":
    unittest.main()
