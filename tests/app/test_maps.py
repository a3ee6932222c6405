"""`trtyolo predict` and `info` for semantic segmentation and depth, with networks whose answer is known."""

import csv
import io
import json
import pathlib
import struct
import zlib

import run_lengths
from program import AppTest, run

MODELS = pathlib.Path(__file__).parent / "models"
SIZE = WIDTH, HEIGHT = 128, 64
NAMES = ["red", "green", "blue"]


def pixels_of(file):
    """Width, height, and the pixels as rows of (r, g, b), of a PPM."""
    kind, width, height, most, pixels = file.read_bytes().split(maxsplit=4)
    assert (kind, most) == (b"P6", b"255")
    width, height = int(width), int(height)
    triples = list(zip(pixels[::3], pixels[1::3], pixels[2::3]))
    return [triples[y * width : (y + 1) * width] for y in range(height)]


def grey16(file):
    """The rows of a PNG of 16-bit grey."""
    data, position, packed = file.read_bytes(), 8, b""
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        kind, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack(">IIBB", body[:10])
            assert (bits, colour) == (16, 0)
        packed += body if kind == b"IDAT" else b""
        position += 12 + length
    raw, before, rows = zlib.decompress(packed), bytes(2 * width), []
    for y in range(height):
        how, line = raw[y * (2 * width + 1)], bytearray(raw[y * (2 * width + 1) + 1 : (y + 1) * (2 * width + 1)])
        for i in range(2 * width):
            left, above, corner = line[i - 2] if i > 1 else 0, before[i], before[i - 2] if i > 1 else 0
            guess = left + above - corner
            paeth = min((left, above, corner), key=lambda value: abs(guess - value))
            line[i] = (line[i] + [0, left, above, (left + above) // 2, paeth][how]) & 255
        before = bytes(line)
        rows.append([value for (value,) in struct.iter_unpack(">H", before)])
    return rows


class MapTest(AppTest):
    def picture(self, colours, name="picture.ppm"):
        """Stripes of these colours side by side."""
        file, each = self.folder / name, WIDTH // len(colours)
        row = b"".join(bytes(colour) * each for colour in colours)
        file.write_bytes(b"P6\n%d %d\n255\n" % SIZE + row * HEIGHT)
        return file

    def refused(self, *arguments):
        done = run("predict", *arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr


class Semantic(MapTest):
    def setUp(self):
        super().setUp()
        self.image = self.picture([(250, 0, 0), (250, 0, 0), (0, 250, 0), (0, 0, 250)])

    def test_json(self):
        for model in ("semantic.onnx", "logits-semantic.onnx"):
            found = self.predict(MODELS / model, self.image)
            self.assertEqual((found["task"], list(found["names"].values())), ("semantic", NAMES))
            (image,) = found["images"]
            self.assertEqual(list(image), ["source", "frame", "width", "height", "semantic"])
            self.assertEqual(image["semantic"]["size"], [HEIGHT, WIDTH])
            seen = {}
            for index, counts in image["semantic"]["classes"].items():
                for place in run_lengths.pixels(run_lengths.decode(counts), image["semantic"]["size"]):
                    self.assertNotIn(place, seen)
                    seen[place] = int(index)
            self.assertEqual(len(seen), WIDTH * HEIGHT)
            for x, wanted in ((5, 0), (40, 0), (80, 1), (120, 2)):
                self.assertEqual({seen[x, y] for y in range(HEIGHT)}, {wanted})

    def test_classes(self):
        (image,) = self.predict(MODELS / "semantic.onnx", self.image, "--classes", "1")["images"]
        self.assertEqual(list(image["semantic"]["classes"]), ["1"])

    def test_csv(self):
        done = run("predict", MODELS / "semantic.onnx", self.image, "--csv", "-", "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual(list(rows[0]), ["source", "frame", "class", "name", "pixels", "share"])
        self.assertEqual([row["name"] for row in rows], NAMES)
        self.assertEqual(sum(int(row["pixels"]) for row in rows), WIDTH * HEIGHT)
        for row in rows:
            self.assertAlmostEqual(float(row["share"]), int(row["pixels"]) / (WIDTH * HEIGHT), places=6)

    def test_drawing(self):
        run("predict", MODELS / "semantic.onnx", self.image, "--save", self.folder / "out", "--quiet")
        before, drawn = pixels_of(self.image), pixels_of(self.folder / "out/picture.ppm")
        tints = {index: drawn[HEIGHT - 1][x] for x, index in ((60, 0), (80, 1), (120, 2))}
        self.assertEqual(len(set(tints.values())), 3)
        for x, index in ((60, 0), (80, 1), (120, 2)):
            self.assertNotEqual(drawn[HEIGHT - 1][x], before[HEIGHT - 1][x])
            self.assertEqual({drawn[y][x] for y in range(HEIGHT * 3 // 4, HEIGHT)}, {tints[index]})
        self.assertNotEqual(drawn[5][10], drawn[HEIGHT - 1][10])  # the legend

    def test_summary(self):
        done = run("predict", MODELS / "semantic.onnx", self.image, self.image)
        self.assertRegex(done.stderr, r"2 images: red 50\.\d %, green 2\d\.\d %, blue 2\d\.\d %")

    def test_options_without_sense(self):
        message = self.refused(MODELS / "semantic.onnx", self.image, "--save-txt", self.folder / "labels")
        self.assertIn("--save-txt", message)
        self.assertIn("semantic", message)
        done = run("predict", MODELS / "semantic.onnx", self.image, "--conf", "0.5", "--classes", "0")
        self.assertIn("without effect on a model for the task semantic: --conf\n", done.stderr)

    def test_info(self):
        told = json.loads(run("info", MODELS / "semantic.onnx", "--json").stdout)
        self.assertEqual((told["task"], told["outputs"][0]["type"]), ("semantic", "u8"))
        self.assertIn("[batch, height, width]: the class of each pixel", told["layout"])
        self.assertIn("a logit for each class", run("info", MODELS / "logits-semantic.onnx").stdout)


class Depth(MapTest):
    def setUp(self):
        super().setUp()
        self.image = self.picture([(0, 0, 0), (255, 255, 255)])

    def test_json_and_file(self):
        out = self.folder / "out"
        twin = self.folder / "more" / "picture.ppm"
        twin.parent.mkdir()
        twin.write_bytes(self.image.read_bytes())
        first, second = self.predict(MODELS / "depth.onnx", self.image, twin, "--save", out)["images"]
        self.assertEqual(list(first["depth"]), ["size", "min", "max", "file", "scale"])
        self.assertEqual(first["depth"]["size"], [HEIGHT, WIDTH])
        self.assertAlmostEqual(first["depth"]["min"], 1, places=5)
        self.assertAlmostEqual(first["depth"]["max"], 11, places=5)
        self.assertEqual(
            (first["depth"]["file"], second["depth"]["file"]), ("picture-depth.png", "picture_2-depth.png")
        )
        rows = grey16(out / first["depth"]["file"])
        self.assertEqual((len(rows), len(rows[0])), (HEIGHT, WIDTH))
        self.assertEqual(rows[0][-1], 65535)
        self.assertAlmostEqual(rows[0][0] * first["depth"]["scale"], 1, delta=first["depth"]["scale"])
        self.assertAlmostEqual(rows[-1][-1] * first["depth"]["scale"], 11, places=4)
        self.assertEqual(rows, grey16(out / second["depth"]["file"]))

    def test_without_a_folder_there_is_no_file(self):
        (image,) = self.predict(MODELS / "depth.onnx", self.image)["images"]
        self.assertEqual(list(image["depth"]), ["size", "min", "max"])

    def test_csv(self):
        done = run("predict", MODELS / "depth.onnx", self.image, "--csv", "-", "--quiet")
        header, row = list(csv.reader(io.StringIO(done.stdout)))
        self.assertEqual(header, ["source", "frame", "min", "median", "max"])
        self.assertNear([float(value) for value in row[2:]], [1, 6, 11], 5.1)

    def test_drawing(self):
        run("predict", MODELS / "depth.onnx", self.image, "--save", self.folder / "out", "--quiet")
        drawn = pixels_of(self.folder / "out/picture.ppm")
        near, far = drawn[HEIGHT - 1][2], drawn[HEIGHT - 1][WIDTH - 20]
        self.assertGreater(near[0], near[2])  # red
        self.assertGreater(far[2], far[0])  # blue
        self.assertGreater(len({drawn[y][WIDTH - 3] for y in range(HEIGHT // 2)}), 10)  # the scale

    def test_summary_and_options(self):
        done = run("predict", MODELS / "depth.onnx", self.image, "--classes", "0")
        self.assertIn("1 image: 1.00 to 11.00 m", done.stderr)
        self.assertIn("without effect on a model for the task depth: --classes", done.stderr)
        self.assertIn("depth", self.refused(MODELS / "depth.onnx", self.image, "--save-txt", self.folder / "labels"))

    def test_info(self):
        self.assertIn("metres; images are stretched to the network's input", run("info", MODELS / "depth.onnx").stdout)


if __name__ == "__main__":
    import unittest

    unittest.main()
