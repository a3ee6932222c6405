"""Many live streams at once that go and come back, for a long time: nothing lost, nothing wrong, memory flat.

Environment: as program.py, and TRTYOLO_TEST_SECONDS (default 60), TRTYOLO_TEST_STREAMS (8), TRTYOLO_TEST_RATE (frames a
second of each, 4), TRTYOLO_TEST_MODEL (data/people/people.onnx, or an engine of it).
"""

import os
import pathlib
import signal
import subprocess
import threading
import time
import unittest

from live_server import FRAMES, LiveServer
from program import APP, DATA, AppTest, images_of

PEOPLE = pathlib.Path(os.environ.get("TRTYOLO_TEST_MODEL", DATA / "people" / "people.onnx"))
SECONDS = float(os.environ.get("TRTYOLO_TEST_SECONDS", "60"))
STREAMS = int(os.environ.get("TRTYOLO_TEST_STREAMS", "8"))
RATE = float(os.environ.get("TRTYOLO_TEST_RATE", "4"))  # frames a second of each
PORTIONS = (40, 25, 90, 7)  # frames until a stream goes, in turns


class Streams(AppTest):
    def test_for_a_long_time(self):
        clip = self.clip("clip.avi", FRAMES)  # decoded by the same decoder
        expected = [image["objects"] for image in self.predict(PEOPLE, clip)["images"]]
        servers = [LiveServer([PORTIONS[(i + k) % 4] for k in range(10**5)], rate=RATE) for i in range(STREAMS)]
        command = [APP, "predict", PEOPLE, *(server.url for server in servers), "--late", "wait", "--json", "-"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            messages = []
            listener = threading.Thread(target=lambda: messages.extend(process.stderr), daemon=True)
            listener.start()
            threading.Timer(SECONDS, process.send_signal, (signal.SIGINT,)).start()
            counts = {server.url: 0 for server in servers}
            resident = []
            begin, looked = time.monotonic(), 0.0
            for image in images_of(process.stdout):
                self.assertNotIn("error", image)
                number = counts[image["source"]]
                self.assertEqual(image["frame"], number)
                self.assertSameObjects(image["objects"], expected[number % len(FRAMES)])
                counts[image["source"]] = number + 1
                if time.monotonic() - looked > SECONDS / 60:
                    looked = time.monotonic()
                    resident.append(resident_bytes(process.pid))
            process.stdout.read()
            process.wait(60)
            listener.join(10)
        seconds = time.monotonic() - begin
        self.assertEqual(process.returncode, 130, "".join(messages))
        # Each was there most of the time, and lost nothing: at the end a few frames may be on their way.
        for server in servers:
            self.assertGreater(counts[server.url], SECONDS * RATE / 2)
            self.assertLessEqual(server.served - counts[server.url], 10)
            server.__exit__()
        quarter = len(resident) // 4
        early, late = max(resident[quarter : 2 * quarter]), max(resident[-quarter:])
        print(f"{sum(counts.values())} images in {seconds:.0f} s, {''.join(messages).count('tried again')} losses;")
        print(f"resident memory {early / 1e6:.1f} MB in the second quarter, {late / 1e6:.1f} MB in the last")
        self.assertLess(late - early, 8e6)


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    unittest.main()
