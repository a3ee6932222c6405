"""SIGINT and SIGTERM in every phase of `trtyolo predict`: the first one ends it, soon, and leaves nothing half done."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import unittest

from pictures import ppm
from program import APP, DATA, QUICK, AppTest

MODELS = pathlib.Path(__file__).parent / "models"
PLUGIN = MODELS / "plugin.onnx"
STREET = DATA / "people" / "street.mp4"
DEADLINE = 15  # seconds from the signal to the end, of a slow machine
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}


class SilentServer:
    """Accepts connections and never says anything."""

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._socket.getsockname()[1]}"
        return self

    def wait(self):
        """Until somebody has connected."""
        self._socket.settimeout(30)
        self._connection, _ = self._socket.accept()
        time.sleep(0.3)

    def __exit__(self, *_):
        self._socket.close()
        if hasattr(self, "_connection"):
            self._connection.close()


class Phases(AppTest):
    def start(self, *arguments, **options):
        usual = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen([APP, "predict", *map(str, arguments)], **{**usual, **options})
        for end in filter(None, (process.stdout, process.stderr)):
            self.addCleanup(end.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_until_it_runs(self, seconds=0.5):
        """Until results are being written, and some time more."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if any(name.startswith(".trtyolo") or name == "r.csv" for name in os.listdir(self.folder)):
                break
            time.sleep(0.02)
        time.sleep(seconds)

    def wait_until_it_listens(self, process, seconds=0.7):
        """Until it handles signals, and some time more."""
        status, end = pathlib.Path(f"/proc/{process.pid}/status"), time.monotonic() + 60
        while time.monotonic() < end:
            (caught,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigCgt"))
            if int(caught, 16) >> (signal.SIGTERM - 1) & 1:
                break
            time.sleep(0.02)
        time.sleep(seconds)

    def assertEnds(self, process, number, also=()):
        begin = time.monotonic()
        process.send_signal(number)
        try:
            _, messages = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.fail("does not end")
        self.assertIn(process.returncode, (STATUS[number], *also), messages)
        self.assertLess(time.monotonic() - begin, DEADLINE, messages)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".trtyolo")], [])
        return messages

    def test_loading_a_model(self):
        for number in STATUS:
            for wait in (0.05, 0.1, 0.2):  # somewhere in a second of loading
                process = self.start(DATA / "people" / "people.onnx", *[STREET] * 20, "--json", self.folder / "r.json")
                time.sleep(wait)
                self.assertEnds(process, number, also=[-number])  # before the program itself has begun

    def test_asking_a_web_server(self):
        for number in STATUS:
            with SilentServer() as server:
                process = self.start(PLUGIN, f"http://{server.place}/a.jpg")
                server.wait()
                self.assertEnds(process, number)

    def test_opening_a_stream(self):
        for arguments in ([], ["--together"], ["--give-up", "60"]):
            for scheme in ("rtsp", "tcp"):
                for number in STATUS:
                    with SilentServer() as server, self.subTest(scheme=scheme, arguments=arguments):
                        process = self.start(
                            PLUGIN, f"{scheme}://{server.place}/x", *arguments, "--json", self.folder / "r.json"
                        )
                        server.wait()
                        self.assertEnds(process, number)
                        self.assertEqual(json.loads((self.folder / "r.json").read_text())["images"], [])

    def test_opening_a_stream_behind_a_video(self):
        results, picture = self.folder / "r.json", ppm(self.folder / "a.ppm")
        for arguments in ([], ["--together"]):
            out = self.folder / f"out{len(arguments)}"
            for number in STATUS:
                with SilentServer() as server, self.subTest(arguments=arguments):
                    process = self.start(
                        *QUICK, *([] if arguments else [picture]), STREET, f"rtsp://{server.place}/x",
                        "--json", results, "--save", out, "--late", "wait", *arguments,
                    )  # fmt: skip
                    server.wait()
                    self.wait_until_it_runs(2)
                    self.assertEnds(process, number)
                    self.assertGreater(len(json.loads(results.read_text())["images"]), 10)
                    self.assertNothingElse(out, ["street.mp4"] if arguments else ["a.ppm", "street.mp4"])

    def test_waiting_for_a_pipe(self):
        pipe, picture = self.folder / "pipe.jpg", ppm(self.folder / "a.ppm")
        os.mkfifo(pipe)
        for number in STATUS:
            for sources in ([pipe], [picture, pipe], [pipe, picture]):
                process = self.start(PLUGIN, *sources, "--json", self.folder / "r.json", "--clones", "2")
                self.wait_until_it_runs()
                self.assertEnds(process, number)
                json.loads((self.folder / "r.json").read_text())

    def test_waiting_for_the_rest_of_a_pipe(self):
        pipe = self.folder / "pipe.jpg"
        os.mkfifo(pipe)
        for number in STATUS:
            process = self.start(PLUGIN, pipe, "--json", self.folder / "r.json")
            with open(pipe, "wb") as end:
                end.write(b"\xff\xd8\xff")
                end.flush()
                time.sleep(0.7)
                self.assertEnds(process, number)

    def test_opening_a_pipe_to_write_to(self):
        pipe = self.folder / "r.json"
        os.mkfifo(pipe)
        for number in STATUS:
            process = self.start(PLUGIN, ppm(self.folder / "a.ppm"), "--json", pipe)
            self.wait_until_it_listens(process)
            self.assertEnds(process, number)

    def test_writing_to_a_pipe_that_nobody_reads(self):
        for arguments in ([], ["--together"]):
            for number in STATUS:
                with self.subTest(arguments=arguments):
                    process = self.start(
                        *QUICK, *[STREET] * 20, *arguments, "--json", "-", "--csv", self.folder / "r.csv",
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    )  # fmt: skip
                    self.wait_until_it_runs(3)  # the pipe is full
                    begin = time.monotonic()
                    process.send_signal(number)
                    self.assertEqual(process.wait(timeout=30), STATUS[number])
                    self.assertLess(time.monotonic() - begin, DEADLINE)
                    process.stdout.close()
                    self.assertGreater(len((self.folder / "r.csv").read_text().splitlines()), 1)
                    (self.folder / "r.csv").unlink()

    def test_a_second_one_ends_at_once(self):
        out = self.folder / "out"
        process = self.start(*QUICK, *[STREET] * 50, "--save", out, stdout=subprocess.PIPE)
        while not (out.is_dir() and os.listdir(out)):
            time.sleep(0.02)
        process.send_signal(signal.SIGSTOP)  # so that both are there when it goes on
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=DEADLINE)
        self.assertIn(process.returncode, STATUS.values())
        self.assertEqual([name for name in os.listdir(out) if name.startswith(".")], [])


if __name__ == "__main__":
    unittest.main()
