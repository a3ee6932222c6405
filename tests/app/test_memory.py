"""Memory of `trtyolo predict`: hostile pictures under a real limit, one budget for all readers, and none that grows."""

import json
import os
import pathlib
import resource
import struct
import subprocess
import unittest

from pictures import png, ppm
from program import APP, DATA, AppTest

PLUGIN = pathlib.Path(__file__).parent / "models" / "plugin.onnx"
FRAMES = sorted((DATA / "people" / "frames").glob("*.jpg"))
PROGRAM = pathlib.Path(APP).read_bytes()
SANITIZED = b"__asan_init" in PROGRAM or b"__tsan_init" in PROGRAM  # takes all addresses, and keeps what was freed


class MemoryTest(AppTest):
    def measure(self, *arguments, status=0, limit=None):
        """The images, the messages, and the most memory that was there at a time, in bytes."""
        results = self.folder / "r.json"
        command = [APP, "predict", PLUGIN, *arguments, "--json", results]

        def set_limit():
            if limit:
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        with open(self.folder / "messages", "w+b") as messages:
            process = subprocess.Popen(list(map(str, command)), stderr=messages, preexec_fn=set_limit)
            _, ended, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(ended)
            messages.seek(0)
            text = messages.read().decode()
        self.assertEqual(process.returncode, status, text)
        return json.loads(results.read_text())["images"], text, used.ru_maxrss * 1024

    def addresses(self, *arguments):
        """Least address space in which a picture can be predicted, in steps of 16 MB."""
        picture = ppm(self.folder / "small.ppm")
        low, high = 1, 256
        while low < high:
            middle = (low + high) // 2
            command = [APP, "predict", PLUGIN, picture, "--clones", "1", *arguments]
            done = subprocess.run(
                ["bash", "-c", f'ulimit -v {middle * 16384}; exec "$@"', "-", *map(str, command)], capture_output=True
            )
            low, high = (low, middle) if done.returncode == 0 else (middle + 1, high)
        return low << 24


def hostile_heads():
    """Files of every kind that say that they are enormous, and have next to no data."""
    side = 30000
    big, little = struct.pack(">II", side, side), struct.pack("<II", side, side)
    chunk = b"IHDR" + big + bytes([8, 2, 0, 0, 0])
    yield "png", b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + bytes(64)
    frame = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", side, side) + b"\x03\x01\x11\0\x02\x11\0\x03\x11\0"
    yield "jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + bytes(9) + frame + b"\xff\xd9"
    yield "bmp", b"BM" + bytes(8) + struct.pack("<I", 54) + struct.pack("<I", 40) + little + b"\1\0\x18\0" + bytes(64)
    yield "webp", b"RIFF\x40\0\0\0WEBPVP8L\x20\0\0\0\x2f" + struct.pack("<I", 0x0FFFFFFF) + bytes(40)
    entries = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    entries += [(277, 3, 1, 1), (278, 4, 1, side), (279, 4, 1, side * side)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    yield "tif", b"II*\0" + struct.pack("<I", 8) + directory + bytes(4)
    yield "ppm", b"P6\n# big\n%d %d\n255\n" % (side, side) + bytes(64)
    yield "pgm", b"P5 %d %d 65535\n" % (side, side) + bytes(64)
    size = b"\xff\x4f\xff\x51\x00\x2f\0\0" + big + bytes(8) + big + bytes(8) + b"\0\3" + b"\7\1\1" * 3
    yield (
        "jp2",
        b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 \0\0\0\x2djp2h\0\0\0\x16ihdr"
        + big
        + (b"\0\3\7\7\0\0\0\0\0\x0fcolr\1\0\0\0\0\0\x10\0\0\0\0jp2c")
        + size,
    )
    yield "hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % (side, side) + bytes(64)
    yield "sr", b"\x59\xa6\x6a\x95" + big + struct.pack(">IIIII", 24, 0, 1, 0, 0) + bytes(64)


class ControlGroup:
    """One of version 1 or 2 that may hold so many bytes of memory; whoever takes more is killed."""

    V1, V2 = pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup")

    def __init__(self, limit=None):
        first = (self.V1 / "memory.limit_in_bytes").exists()
        self.folder = (self.V1 if first else self.V2) / f"trtyolo-test-{os.getpid()}"
        self.limit, self.file = limit, "memory.limit_in_bytes" if first else "memory.max"
        self.most = "memory.max_usage_in_bytes" if first else "memory.peak"

    def __enter__(self):
        self.folder.mkdir()
        try:
            if self.limit:
                (self.folder / self.file).write_text(str(self.limit))
            (self.folder / self.most).read_text()
        except OSError:
            self.folder.rmdir()
            raise
        return self

    def __exit__(self, *_):
        self.folder.rmdir()

    def join(self):
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self):
        return int((self.folder / self.most).read_text())


class Limited(MemoryTest):
    def test_a_control_group_of_twice_what_it_needs_kills_nothing(self):
        good = ppm(self.folder / "good.ppm")
        bad = [png(self.folder / f"{side}.png", side, side) for side in (9000, 30000)]
        command = [APP, "predict", DATA / "people" / "people.onnx", "--json", "-", "--clones", "2"]
        try:
            with ControlGroup() as group:
                alone = subprocess.run([*command, good], capture_output=True, preexec_fn=group.join)
                self.assertEqual(alone.returncode, 0, alone.stderr)
                need = group.peak()
        except OSError as error:
            self.skipTest(f"no control group can be made: {error}")
        with ControlGroup(2 * need) as group:
            done = subprocess.run([*command, good, *bad, good], capture_output=True, preexec_fn=group.join)
        self.assertEqual(done.returncode, 1, done.stderr)
        found = json.loads(done.stdout)["images"]
        self.assertEqual(["error" in image for image in found], [False, True, True, False])

    @unittest.skipIf(SANITIZED, "sanitizers reserve more addresses than any limit allows")
    def test_hostile_pictures_are_errors_and_the_others_go_on(self):
        limit = 2 * self.addresses()
        bomb = png(self.folder / "bomb.png", 30000, 30000)
        self.assertLess(bomb.stat().st_size, 5_000_000)
        bad = [bomb]
        for suffix, data in hostile_heads():
            file = self.folder / f"head.{suffix}"
            file.write_bytes(data)
            bad.append(file)
        zeros = self.folder / "zeros.jpg"
        zeros.symlink_to("/dev/zero")
        good = ppm(self.folder / "good.ppm")
        for arguments in (["--clones", "1"], ["--clones", "2"], ["--clones", "2", "--save", self.folder / "out"]):
            with self.subTest(arguments=arguments):
                sources = [good, *bad, zeros, good]
                images, messages, _ = self.measure(*sources, *arguments, status=1, limit=limit)
                self.assertEqual(
                    ["error" in image for image in images], [image["source"] != str(good) for image in images]
                )
                self.assertEqual([image["source"] for image in images], list(map(str, sources)))
                self.assertIn("an image of 30000 x 30000 pixels takes 270", images[1]["error"])

    @unittest.skipIf(SANITIZED, "sanitizers reserve more addresses than any limit allows")
    def test_the_largest_pictures_that_fit(self):
        limit = 2 * self.addresses()
        budget = 1 << 26
        side = int((budget / 3.2) ** 0.5)
        sources = [png(self.folder / f"{i}.png", side, side) for i in range(4)]
        images, messages, _ = self.measure(
            *sources, "--clones", "2", "--save", self.folder / "out", status=0, limit=limit
        )
        self.assertEqual([len(image["objects"]) for image in images], [2] * 4, messages)


class Budget(MemoryTest):
    def test_is_one_over_all_readers(self):
        side = 5000  # 75 MB
        sources = [png(self.folder / f"{i}.png", side, side) for i in range(8)]
        peaks = {}
        for clones in ("1", "4"):
            images, _, peaks[clones] = self.measure(*sources, "--clones", clones, "--pixel-memory", "80")
            self.assertEqual([len(image["objects"]) for image in images], [2] * 8)
        self.assertLess(peaks["4"] - peaks["1"], 120 << 20)
        images, messages, _ = self.measure(*sources[:2], "--pixel-memory", "50", status=1)
        for image in images:
            self.assertIn("an image of 5000 x 5000 pixels takes 75 MB", image["error"])

    def test_of_batches_and_of_what_comes_in_any_order(self):
        clip = self.clip("a.avi", FRAMES[:4])
        large, small = png(self.folder / "l.png", 4000, 4000), ppm(self.folder / "s.ppm")
        sources = [small, large, clip, small, small, large, large, clip] * 3
        for arguments in (["--clones", "4"], ["--clones", "1"], ["--together"]):
            some = [clip] * 6 if "--together" in arguments else sources
            images, _, _ = self.measure(*some, *arguments, "--pixel-memory", "60")
            self.assertEqual([len(image["objects"]) for image in images], [2] * len(images))
            self.assertEqual(len(images), 24 if "--together" in arguments else 3 * (6 + 8))

    def test_frames_that_are_too_large(self):
        clip = self.clip("a.avi", FRAMES[:2])
        for arguments in ([], ["--together"]):
            images, _, _ = self.measure(clip, *arguments, "--pixel-memory", "1", status=1)
            self.assertIn("(--pixel-memory)", images[0]["error"])
            self.assertEqual(len(images), 1)


@unittest.skipIf(SANITIZED, "memory is the sanitizer's")
class Growth(MemoryTest):
    def test_none_with_the_number_of_frames(self):
        frame = jpeg()
        peaks = []
        for count in (2000, 8000):
            clip = self.folder / f"{count}.avi"
            clip.write_bytes(frame * count)
            images, _, peak = self.measure(clip, "--save-txt", self.folder / "labels", "--clones", "1")
            self.assertEqual(len(images), count)
            peaks.append(peak)
        self.assertLess(peaks[1] - peaks[0], 8 << 20, peaks)


def jpeg():
    """A JPEG of 8 x 8 grey pixels."""
    quantization = b"\xff\xdb\x00\x43\x00" + bytes([1] * 64)
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    tables = b"\xff\xc4\x00\x14\x00\x01" + bytes(15) + b"\x00" + b"\xff\xc4\x00\x14\x10\x01" + bytes(15) + b"\x00"
    return b"\xff\xd8" + quantization + frame + tables + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f\xff\xd9"


if __name__ == "__main__":
    unittest.main()
