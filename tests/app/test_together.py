"""`trtyolo predict --together`: many videos and streams at once, in their own order, through one pool."""

import json
import pathlib
import re
import signal
import subprocess
import threading
import unittest

from live_server import FRAMES, LiveServer
from program import APP, DATA, QUICK, AppTest, images_of, run

PEOPLE = DATA / "people" / "people.onnx"


class Together(AppTest):
    def of(self, report, source):
        return [image for image in report["images"] if image["source"] == str(source)]

    def messages(self, *arguments, status=0):
        """What `predict --together` says on standard error, and its results."""
        results = self.folder / "results.json"
        done = run("predict", PEOPLE, *arguments, "--together", "--json", results)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr, json.loads(results.read_text())


class Videos(Together):
    def test_each_in_its_order_and_nothing_lost(self):
        orders = [FRAMES, FRAMES[::-1], FRAMES[5:] + FRAMES[:5], FRAMES * 2, FRAMES[:1], FRAMES, FRAMES[3:9], FRAMES]
        clips = [self.clip(f"{i}.avi", order) for i, order in enumerate(orders)]
        messages, report = self.messages(*clips)
        self.assertEqual(len(report["images"]), sum(map(len, orders)))
        expected = {}  # by frame of the data, from the sequential way
        for frame, image in zip(FRAMES, self.predict(PEOPLE, clips[0])["images"]):
            expected[frame] = image["objects"]
        for clip, order in zip(clips, orders):
            images = self.of(report, clip)
            self.assertEqual([image["frame"] for image in images], list(range(len(order))))
            for frame, image in zip(order, images):
                self.assertSameObjects(image["objects"], expected[frame])
            self.assertRegex(messages, rf"{clip}: {len(order)} frames, [0-9.]+ frames/s: [0-9]+ person\n")
        self.assertRegex(messages, rf"{sum(map(len, orders))} images of 8 sources in ")

    def test_saved_side_by_side(self):
        clips = [self.clip("a.avi", FRAMES), self.clip("b.avi", FRAMES[:7])]
        out = self.folder / "out"
        self.messages(*clips, "--save", out)
        self.assertNothingElse(out, ["a.mp4", "b.mp4"])
        for name, frames in (("a", 15), ("b", 7)):
            self.assertEqual(len(self.predict(*QUICK, out / f"{name}.mp4")["images"]), frames)

    def test_one_that_cannot_be_read(self):
        good, bad = self.clip("good.avi", FRAMES[:4]), self.folder / "bad.avi"
        bad.write_bytes(b"no video")
        messages, report = self.messages(good, bad, "nowhere.mp4", status=1)
        self.assertEqual([image["frame"] for image in self.of(report, good)], [0, 1, 2, 3])
        self.assertIn("neither an image nor a video", self.of(report, bad)[0]["error"])
        self.assertIn("No such file", self.of(report, "nowhere.mp4")[0]["error"])
        self.assertIn("nowhere.mp4: No such file", messages)

    def test_a_line_for_each_while_it_works(self):
        clips = [self.clip("a.avi", FRAMES * 3), self.clip("b.avi", FRAMES * 3)]
        messages, _ = self.messages(*clips, "--status", "0.2")
        self.assertGreater(len(re.findall(r"a\.avi: [0-9]+ frames, [0-9.]+ frames/s\n", messages)), 0, messages)


class Streams(Together):
    def test_one_that_goes_and_comes_back(self):
        video = self.clip("video.avi", FRAMES)
        with LiveServer([12, 7, 9]) as server:
            messages, report = self.messages(server.url, video, "--late", "wait", "--give-up", "3", status=1)
        *images, last = self.of(report, server.url)
        self.assertEqual([image["frame"] for image in images], list(range(28)))
        self.assertRegex(last["error"], "the stream cannot be opened; given up after [0-9]+ s")
        self.assertEqual(len(self.of(report, video)), 15)
        self.assertEqual(messages.count("tried again in 0.5 s"), 3, messages)
        self.assertIn("tried again in 1 s", messages)
        self.assertEqual(messages.count(f"{server.url}: is back"), 2, messages)
        self.assertRegex(messages, rf"{server.url}: 28 frames, [0-9.]+ frames/s, 1 failed, gone 3 times: [0-9]+ person")
        self.assertGreaterEqual(server.refused, 2)

    def test_late_frames_are_dropped(self):
        with LiveServer([150], rate=1000) as server:
            messages, report = self.messages(server.url, "--give-up", "0.1", status=1)
        images = self.of(report, server.url)[:-1]
        numbers = [image["frame"] for image in images]
        self.assertEqual(numbers, sorted(set(numbers)))
        (predicted, dropped) = map(int, re.search(r": (\d+) frames, .*, (\d+) dropped", messages).groups())
        self.assertEqual(predicted, len(images))
        self.assertGreater(dropped, 0)
        self.assertEqual(predicted + dropped, 150)

    def test_together_is_the_default_where_one_would_not_end(self):
        video = self.clip("video.avi", FRAMES[:5])
        command = [APP, "predict", *map(str, QUICK), "", str(video), "--json", "-"]
        with LiveServer([10**6], rate=20) as server:
            command[command.index("")] = server.url
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            guard = threading.Timer(120, process.kill)
            guard.start()
            seen = {str(video): 0, server.url: 0}
            for image in images_of(process.stdout):
                seen[image["source"]] += 1
                if seen[str(video)] == 5 and seen[server.url] > 0:
                    process.send_signal(signal.SIGINT)
                    break
            _, messages = process.communicate(timeout=60)
            guard.cancel()
        self.assertEqual(process.returncode, 130, messages)
        self.assertEqual(seen[str(video)], 5)


class Usage(Together):
    def test_what_cannot_be(self):
        for arguments, words in (
            ([FRAMES[0], "--together"], "is an image"),
            ([self.clip("a.avi", FRAMES[:1]), "--together", "--show"], "--show"),
            ([FRAMES[0], "--late", "never"], "--late"),
            ([FRAMES[0], "--give-up", "-1"], "--give-up"),
        ):
            done = run("predict", PEOPLE, *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)

    def test_a_full_disk(self):
        if not pathlib.Path("/dev/full").exists():
            self.skipTest("no /dev/full")
        done = run("predict", PEOPLE, self.clip("a.avi", FRAMES * 40), "--together", "--json", "/dev/full")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("/dev/full", done.stderr)


if __name__ == "__main__":
    unittest.main()
