"""Videos as people have them, and cameras that fall silent. Those of a variable rate are in test_inputs.py, and what
can be wrong with a video in tests/media."""

import os
import pathlib
import signal
import struct
import subprocess
import threading
import time
import unittest
import wave

from live_server import FRAMES, LiveServer
from program import APP, DATA, QUICK, AppTest, images_of, run

INPUTS = pathlib.Path(__file__).parent / "inputs"
MODEL = pathlib.Path(__file__).parent / "models" / "nms_lists.onnx"  # finds two objects in every image
PICTURE = DATA / "shapes" / "images" / "00000.jpg"
FRAMES_OF_VFR = 15


def sizes(report):
    return [(image["width"], image["height"]) for image in report["images"]]


class Videos(AppTest):
    def write(self, name, data):
        file = self.folder / name
        file.write_bytes(data)
        return file

    def test_of_frames_of_changing_size(self):
        pictures = [PICTURE, FRAMES[0], PICTURE]
        expected = sizes(self.predict(MODEL, *pictures))
        self.assertNotEqual(expected[0], expected[1])
        for arguments in ([], ["--together"]):
            out = self.folder / f"out{len(arguments)}"
            report = self.predict(MODEL, self.clip("a.avi", pictures), "--save", out, *arguments)
            self.assertEqual(sizes(report), expected)
            saved = sizes(self.predict(MODEL, out / "a.mp4"))
            width, height = expected[0]
            self.assertEqual(saved, [(width // 2 * 2, height // 2 * 2)] * 3)  # MPEG-4 has even ones

    def test_that_is_to_be_turned(self):
        data = bytearray((INPUTS / "vfr.mp4").read_bytes())
        matrix = data.index(b"tkhd") + 44  # behind the times, the number and the duration of the track
        one = 1 << 16
        self.assertEqual(struct.unpack_from(">i", data, matrix)[0], one)
        (width, height) = sizes(self.predict(MODEL, INPUTS / "vfr.mp4"))[0]
        data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
        file = self.write("turned.mp4", data)
        self.assertEqual(sizes(self.predict(MODEL, file)), [(height, width)] * FRAMES_OF_VFR)
        self.predict(MODEL, file, "--save", self.folder / "out")
        self.assertEqual(sizes(self.predict(MODEL, self.folder / "out" / "turned.mp4"))[0], (height, width))

    def test_without_a_picture_in_it(self):
        sound = self.folder / "sound.mp4"
        with wave.open(str(sound), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
            file.writeframes(bytes(16000))
        whole = (INPUTS / "vfr.mkv").read_bytes()
        head = bytearray(whole)
        position = whole.index(b"\xa3\x46\x4a")  # the first frame; all become elements that say nothing
        while position < len(whole) and whole[position] == 0xA3:
            head[position] = 0xEC
            size = whole[position + 1]
            long = size & 0x80 == 0
            size = (size & 0x3F) << 8 | whole[position + 2] if long else size & 0x7F
            position += (3 if long else 2) + size
        head = self.write("head.mkv", head)
        picture = PICTURE
        for arguments in ([], ["--together"]):
            sources = [sound, head, self.write("empty.mp4", b""), *([] if arguments else [picture])]
            images = self.predict(MODEL, *sources, *arguments, status=1)["images"]
            errors = {pathlib.Path(image["source"]).name: image.get("error") for image in images}
            self.assertIn("found 1 stream, 1 of them audio", errors["sound.mp4"])
            self.assertIn("not one frame can be read", errors["head.mkv"])
            self.assertIn("the file is empty", errors["empty.mp4"])
            self.assertIsNone(errors.get(picture.name))

    def test_through_a_pipe(self):
        pipe = self.folder / "pipe.mkv"
        os.mkfifo(pipe)
        writer = threading.Thread(target=lambda: pipe.write_bytes((INPUTS / "vfr.mkv").read_bytes()))
        writer.start()
        report = self.predict(MODEL, pipe)
        writer.join()
        self.assertEqual([image["frame"] for image in report["images"]], list(range(FRAMES_OF_VFR)))

    def test_pictures_that_are_kept_change_no_result(self):
        clip = self.clip("a.avi", FRAMES[:3])
        kept = self.predict(*QUICK, clip, "--save", self.folder / "out")["images"]
        self.assertEqual(kept, self.predict(*QUICK, clip)["images"])

    def test_too_large_for_the_budget(self):
        done = run("predict", MODEL, self.clip("a.avi", FRAMES[:2]), "--pixel-memory", "1")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"a frame may take 1 MB \(--pixel-memory\)")


class Cameras(AppTest):
    def test_one_that_is_not_there(self):
        for number in ("97", "98"):
            done = run("predict", MODEL, number)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{number}: camera {number} cannot be opened", done.stderr)

    def test_one_that_falls_silent_is_opened_again_and_ends_at_once(self):
        with LiveServer([30, 30], silence=1000) as server:
            command = [APP, "predict", *map(str, QUICK), server.url, "--late", "wait", "--json", "-"]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            guard = threading.Timer(120, process.kill)
            guard.start()
            self.addCleanup(guard.cancel)
            seen = 0
            for image in images_of(process.stdout):
                self.assertNotIn("error", image)
                self.assertEqual(image["frame"], seen)  # `--late wait` drops none
                seen += 1
                if image["frame"] >= 40:
                    break
            time.sleep(1)  # it is silent again
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, messages = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, messages)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertIn("expected a frame within 15 s, and none came; tried again in 0.5 s", messages)
        self.assertIn(f"{server.url}: is back", messages)


if __name__ == "__main__":
    unittest.main()
