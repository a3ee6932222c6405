"""Many live streams at once that go and come back, for a long time: nothing lost, nothing wrong, memory flat. And many
sources one after the other, and many that are not there: memory flat, too.

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


class ManySources(AppTest):
    """What a source takes is given back with its end: its decoder, its tracker, its place among the others."""

    def watched(self, *arguments):
        """Runs predict, and how much memory it had at each tenth of a second."""
        resident = []
        with subprocess.Popen(
            [APP, "predict", PEOPLE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            outputs = []
            reader = threading.Thread(target=lambda: outputs.extend(process.communicate()), daemon=True)
            reader.start()
            while process.poll() is None:
                resident.append(resident_bytes(process.pid))
                time.sleep(0.1)
            reader.join(10)
        return process.returncode, outputs, resident

    def assertFlat(self, resident):
        quarter = len(resident) // 4
        early, late = max(resident[quarter : 2 * quarter]), max(resident[-quarter:])
        print(f"resident memory {early / 1e6:.1f} MB in the second quarter, {late / 1e6:.1f} MB in the last")
        self.assertLess(late - early, 8e6)

    def test_a_thousand_of_one_frame(self):
        clip = self.clip("one.avi", FRAMES[:1])
        folder = self.folder / "clips"
        folder.mkdir()
        for number in range(1000):
            (folder / f"{number:04}.avi").symlink_to(clip)
        records = self.folder / "records.ndjson"
        status, outputs, resident = self.watched(folder, "--track", "--imgsz", "640", "--json", records)
        self.assertEqual(status, 0, outputs)
        with open(records) as file:
            lines = [line for line in file if '"objects"' in line]
        self.assertEqual(len(lines), 1000)
        self.assertFlat(resident)

    def test_five_hundred_that_are_not_there(self):
        addresses = [f"http://127.0.0.1:9/{number}" for number in range(500)]
        status, outputs, resident = self.watched(
            *addresses, "--track", "--give-up", "20", "--status", "0", "--json", "-"
        )
        self.assertEqual(status, 1, outputs)
        self.assertFlat(resident)


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    unittest.main()
