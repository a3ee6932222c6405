"""`trtyolo predict` for oriented boxes, masks, keypoints and classes: results, files and pictures (see program.py)."""

import csv
import json
import math
import pathlib
import tempfile
import unittest

import run_lengths
from program import DATA, AppTest, run

SHAPES = DATA / "shapes"
MODELS = {task: SHAPES / f"{task}.onnx" for task in ("classify", "detect", "obb", "pose", "segment")}
EMPTY_PICTURE = (200, 200)


def mask_of(thing):
    counts = thing["mask"]["counts"]
    counts = run_lengths.decode(counts) if isinstance(counts, str) else counts
    return run_lengths.pixels(counts, thing["mask"]["size"])


def pairs(values):
    return [list(pair) for pair in zip(values[::2], values[1::2])]


class Reference:
    """Every picture of a task, predicted once; all that it writes must agree with the reference and with itself."""

    task = list_key = ""
    object_keys = columns = ()

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        out = pathlib.Path(folder.name)
        cls.labels = out / "labels"
        cls.expected = json.loads((SHAPES / cls.task / "golden.json").read_text())
        cls.sources = [SHAPES / cls.task / image["source"] for image in cls.expected["images"]]
        cls.done = run(
            "predict", MODELS[cls.task], *cls.sources, "--clones", "2", "--json", out / "x.json",
            "--csv", out / "x.csv", "--save-txt", cls.labels, "--save-conf",
        )  # fmt: skip
        if cls.done.returncode == 0:
            cls.found = json.loads((out / "x.json").read_text())
            with open(out / "x.csv", newline="") as file:
                cls.rows = list(csv.DictReader(file))

    def setUp(self):
        super().setUp()
        self.assertEqual(self.done.returncode, 0, self.done.stderr)

    def objects(self):
        """(image, its objects) as found."""
        return [(image, image[self.list_key]) for image in self.found["images"]]

    def test_as_the_reference(self):
        self.assertEqual(self.found["task"], self.task)
        self.assertEqual(self.found["names"], self.expected["names"])
        self.assertEqual([image["source"] for image in self.found["images"]], [str(s) for s in self.sources])
        for (image, found), reference in zip(self.objects(), self.expected["images"], strict=True):
            with self.subTest(source=image["source"]):
                self.assertEqual(list(image), ["source", "frame", "width", "height", self.list_key])
                self.assertEqual((image["width"], image["height"]), (reference["width"], reference["height"]))
                self.assertEqual(len(found), len(reference[self.list_key]))
                for thing, like in zip(found, reference[self.list_key]):
                    self.assertEqual(list(thing), ["class", "name", "score", *self.object_keys])
                    self.assertEqual((thing["class"], thing["name"]), (like["class"], like["name"]))
                    self.assertAlmostEqual(thing["score"], like["score"], delta=1e-3)
                    self.assertSamePlace(thing, like)

    def test_csv(self):
        self.assertEqual(list(self.rows[0]), ["source", "frame", "class", "name", "score", *self.columns])
        expected = [
            [image["source"], "0", thing["class"], thing["name"], thing["score"], *self.csv_values(thing, i)]
            for image, found in self.objects()
            for i, thing in enumerate(found)
        ]
        rows = [
            [row["source"], row["frame"], int(row["class"]), row["name"]]
            + [float(row[key]) for key in ("score", *self.columns)]
            for row in self.rows
        ]
        self.assertEqual(rows, expected)

    def test_label_files(self):
        written = {file.stem for file in self.labels.iterdir()}
        self.assertEqual(written, {pathlib.Path(image["source"]).stem for image, found in self.objects() if found})
        for image, found in self.objects():
            if not found:
                continue
            lines = (self.labels / pathlib.Path(image["source"]).stem).with_suffix(".txt").read_text().splitlines()
            with self.subTest(source=image["source"]):
                self.assertEqual(len(lines), len(found))
                for line, thing in zip(lines, found):
                    self.assertLine(line, thing, (image["width"], image["height"]))

    def assertLine(self, line, thing, size):
        index, *values, score = map(float, line.split())
        self.assertEqual(index, thing["class"])
        self.assertAlmostEqual(score, thing["score"], places=5)
        self.assertPlaceOfLine(values, thing, size)

    def assertBoxOfLine(self, values, thing, size):
        left, top, right, bottom = thing["box"]
        (x, y), (width, height) = self.inPixels(values, size)
        self.assertNear([x, y], [(left + right) / 2, (top + bottom) / 2], 0.01)
        self.assertNear([width, height], [right - left, bottom - top], 0.01)

    @staticmethod
    def inPixels(values, size):
        return [[x * size[0], y * size[1]] for x, y in pairs(values)]


class Obb(Reference, AppTest):
    task, list_key = "obb", "objects"
    object_keys = ("rotated", "corners")
    columns = ("cx", "cy", "width", "height", "theta")

    def assertSamePlace(self, found, reference):
        self.assertNear(found["corners"], reference["corners"], 0.5)
        self.assertNear(found["rotated"][:4], reference["rotated"][:4], 0.5)
        self.assertAlmostEqual(math.cos(2 * (found["rotated"][4] - reference["rotated"][4])), 1, delta=1e-3)
        # The two ways to say it agree: the first corner is centre + u + v.
        cx, cy, w, h, theta = found["rotated"]
        c, s = math.cos(theta), math.sin(theta)
        self.assertNear(found["corners"][0], [cx + w / 2 * c - h / 2 * s, cy + w / 2 * s + h / 2 * c], 0.01)

    def csv_values(self, thing, _):
        return thing["rotated"]

    def assertPlaceOfLine(self, values, thing, size):
        self.assertNear(self.inPixels(values, size), thing["corners"], 0.01)


class Segment(Reference, AppTest):
    task, list_key = "segment", "objects"
    object_keys = ("box", "mask")
    columns = ("left", "top", "right", "bottom", "area")

    def assertSamePlace(self, found, reference):
        self.assertNear(found["box"], reference["box"], 0.5)
        self.assertEqual(found["mask"]["size"], reference["mask"]["size"])
        self.assertGreaterEqual(run_lengths.overlap(mask_of(found), mask_of(reference)), 0.99)

    def csv_values(self, thing, _):
        return [*thing["box"], len(mask_of(thing))]

    def assertPlaceOfLine(self, values, thing, size):
        mask, polygon = mask_of(thing), run_lengths.inside(self.inPixels(values, size))
        self.assertGreaterEqual(len(values), 6)
        self.assertGreater(run_lengths.overlap(mask, polygon), 0.9)


class Pose(Reference, AppTest):
    task, list_key = "pose", "objects"
    object_keys = ("box", "keypoints")
    columns = (
        *("left", "top", "right", "bottom"),
        *(f"kpt{i}_{value}" for i in range(4) for value in ("x", "y", "score")),
    )

    def assertSamePlace(self, found, reference):
        self.assertNear(found["box"], reference["box"], 0.5)
        self.assertNear([p[:2] for p in found["keypoints"]], [p[:2] for p in reference["keypoints"]], 0.5)
        self.assertNear([p[2:] for p in found["keypoints"]], [p[2:] for p in reference["keypoints"]], 1e-3)

    def csv_values(self, thing, _):
        return [*thing["box"], *(value for point in thing["keypoints"] for value in point)]

    def assertPlaceOfLine(self, values, thing, size):
        self.assertBoxOfLine(values[:4], thing, size)
        points = [values[i : i + 3] for i in range(4, len(values), 3)]
        in_pixels = [[x * size[0], y * size[1], score] for x, y, score in points]
        self.assertNear(in_pixels, thing["keypoints"], 0.01)


class Classify(Reference, AppTest):
    task, list_key = "classify", "top"
    columns = ("rank",)

    def assertSamePlace(self, found, reference):
        pass  # class, name and score are all

    def csv_values(self, _, i):
        return [i + 1]

    def assertLine(self, line, thing, _):
        self.assertEqual(line, f"{thing['score']:.2f} {thing['name']}")


ARROW = [(120, 290), (330, 290), (330, 220), (500, 320), (330, 420), (330, 350), (120, 350)]
CIRCLE = [
    (320 + 110 * math.cos(angle * math.pi / 20), 320 + 110 * math.sin(angle * math.pi / 20)) for angle in range(40)
]
SQUARE = [(220, 220), (420, 220), (420, 420), (220, 420)]


def write_ppm(file, shape, width, height):
    """A red shape, a set of pixels, on light grey."""
    rows = (b"\xc8\x1e\x28" if (x, y) in shape else b"\xd2\xc8\xbe" for y in range(height) for x in range(width))
    file.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + b"".join(rows))


def read_ppm(file):
    """Width, height, and the pixels as bytes."""
    kind, width, height, most, pixels = file.read_bytes().split(maxsplit=4)[:5]
    assert (kind, most) == (b"P6", b"255")
    return int(width), int(height), pixels


class Drawing(AppTest):
    """PPM is written without loss: what changed is what was drawn."""

    def changed(self, task, outline, *arguments, scale=1, cut=0):
        """(image of the JSON, pixels of the shape, pixels that differ) of a picture of 640 x 640 pixels with a shape,
        and what is saved of it. `cut` rows above and below are left out, and all is scaled down."""
        picture, out = self.folder / "shape.ppm", self.folder / "out"
        shape = run_lengths.inside([(x * scale, (y - cut) * scale) for x, y in outline])
        write_ppm(picture, shape, int(640 * scale), int((640 - 2 * cut) * scale))
        image = self.predict(MODELS[task], picture, "--save", out, *arguments)["images"][0]
        return image, shape, self.difference(picture, out / "shape.ppm")

    def difference(self, picture, other):
        width, height, before = read_ppm(picture)
        other_width, other_height, after = read_ppm(other)
        self.assertEqual((other_width, other_height, len(after)), (width, height, len(before)))
        places = [i // 3 for i in range(0, len(before), 3) if before[i : i + 3] != after[i : i + 3]]
        return {(place % width, place // width) for place in places}

    def assertOnlyNear(self, changed, points):
        """Nothing is drawn far from the points; a label may stand above and beside them."""
        xs, ys = zip(*points)
        left, top, right, bottom = min(xs) - 8, min(ys) - 25, max(xs) + 100, max(ys) + 8
        self.assertEqual([p for p in changed if not (left <= p[0] <= right and top <= p[1] <= bottom)], [])

    def test_segment(self):
        image, shape, changed = self.changed("segment", CIRCLE, "--max-det", "1")
        (thing,) = image["objects"]
        mask = mask_of(thing)
        self.assertGreater(run_lengths.overlap(mask, shape), 0.95)
        self.assertGreaterEqual(len(changed & mask) / len(mask), 0.99)
        self.assertOnlyNear(changed, pairs(thing["box"]))
        left, top, right, bottom = thing["box"]
        within = {p for p in changed if left + 4 < p[0] < right - 4 and top + 4 < p[1] < bottom - 4}
        self.assertLessEqual(within, mask)

    def test_segment_with_masks_of_the_network(self):
        # The picture is scaled up to the network's input, which has a border above and below.
        image, shape, changed = self.changed(
            "segment", CIRCLE, "--max-det", "1", "--no-retina-masks", scale=0.5, cut=80
        )
        (thing,) = image["objects"]
        self.assertEqual((image["width"], image["height"]), (320, 240))
        self.assertEqual(thing["mask"]["size"], [640, 640])
        in_picture = {(x // 2, (y - 80) // 2) for x, y in mask_of(thing)}
        self.assertGreater(run_lengths.overlap(in_picture, shape), 0.95)
        left, top, right, bottom = thing["box"]
        within = {p for p in changed if left + 4 < p[0] < right - 4 and top + 4 < p[1] < bottom - 4}
        self.assertGreater(run_lengths.overlap(within | (changed & in_picture), in_picture), 0.97)

    def test_obb(self):
        image, _, changed = self.changed("obb", SQUARE, "--max-det", "1")
        (thing,) = image["objects"]
        corners = thing["corners"]
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
            middle = round((x0 + x1) / 2), round((y0 + y1) / 2)
            near = {(middle[0] + dx, middle[1] + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
            self.assertTrue(near & changed, middle)
        self.assertOnlyNear(changed, corners)

    def test_pose(self):
        image, _, changed = self.changed("pose", ARROW, "--max-det", "1")
        (thing,) = image["objects"]
        points = [(round(x), round(y)) for x, y, _ in thing["keypoints"]]
        self.assertLessEqual(set(points), changed)
        self.assertOnlyNear(changed, pairs(thing["box"]) + points)

    def test_classify(self):
        image, _, changed = self.changed("classify", ARROW)
        self.assertEqual(len(image["top"]), 5)
        self.assertGreater(len(changed), 1000)
        self.assertTrue(all(x < 240 and y < 150 for x, y in changed), "a caption in the upper left corner")

    def test_pictures_smaller_than_a_label(self):
        for task in MODELS:
            with self.subTest(task=task):
                self.changed(task, SQUARE, "--conf", "0", scale=1 / 32, cut=100)


class Nothing(AppTest):
    def test_is_found_in_an_empty_picture(self):
        picture, labels = self.folder / "empty.ppm", self.folder / "labels"
        picture.write_bytes(b"P6\n%d %d\n255\n" % EMPTY_PICTURE + bytes(3 * math.prod(EMPTY_PICTURE)))
        labels.mkdir()
        for task in ("detect", "obb", "segment", "pose"):
            with self.subTest(task=task):
                # Of an earlier run: it would tell of objects that are not there.
                (labels / "empty.txt").write_text("0 0.5 0.5 0.1 0.1\n")
                table = self.folder / "x.csv"
                found = self.predict(
                    MODELS[task], picture, "--save-txt", labels, "--save", self.folder / "out", "--csv", table,
                )  # fmt: skip
                self.assertEqual([image["objects"] for image in found["images"]], [[]])
                self.assertNothingElse(labels, [])
                self.assertEqual(len(table.read_text().splitlines()), 1)
                self.assertEqual((self.folder / "out" / "empty.ppm").read_bytes(), picture.read_bytes())


class Options(AppTest):
    def test_topk(self):
        picture = SHAPES / "classify" / "images" / "arrow" / "00005.jpg"
        everything = self.predict(MODELS["classify"], picture, "--topk", "100")["images"][0]["top"]
        self.assertEqual(sorted(thing["class"] for thing in everything), list(range(6)))
        self.assertAlmostEqual(sum(thing["score"] for thing in everything), 1, places=4)
        two = self.predict(MODELS["classify"], picture, "--topk", "2")["images"][0]["top"]
        self.assertEqual(two, everything[:2])

    def test_without_effect_are_named(self):
        picture = SHAPES / "segment" / "images" / "00000.jpg"
        for task, options in (
            ("classify", ["--conf", "0.5", "--iou", "0.5", "--max-det", "3", "--classes", "1", "--agnostic"]),
            ("detect", ["--topk", "3", "--no-retina-masks"]),
        ):
            done = run("predict", MODELS[task], picture, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            warnings = [line for line in done.stderr.splitlines() if "warning" in line]
            self.assertEqual(len(warnings), 1, done.stderr)
            for option in options:
                if option.startswith("--"):
                    self.assertIn(option, warnings[0])
        done = run("predict", MODELS["segment"], picture, "--conf", "0.5", "--no-retina-masks")
        self.assertNotIn("warning", done.stderr)

    def test_masks_of_the_network_have_the_same_outlines(self):
        picture = SHAPES / "segment" / "images" / "00000.jpg"
        lines = {}
        for name, options in (("picture", []), ("network", ["--no-retina-masks"])):
            labels = self.folder / name
            self.predict(MODELS["segment"], picture, "--save-txt", labels, *options)
            lines[name] = [list(map(float, line.split())) for line in (labels / "00000.txt").read_text().splitlines()]
        self.assertEqual([line[0] for line in lines["picture"]], [line[0] for line in lines["network"]])
        for a, b in zip(lines["picture"], lines["network"]):
            a, b = ([[x * 640, y * 360] for x, y in pairs(line[1:])] for line in (a, b))
            for axis in (0, 1):
                for extreme in (min, max):
                    edges = [extreme(point[axis] for point in points) for points in (a, b)]
                    self.assertAlmostEqual(*edges, delta=2)

    def test_layout(self):
        picture = SHAPES / "images" / "00000.jpg"
        plain = self.predict(MODELS["detect"], picture)
        self.assertEqual(self.predict(MODELS["detect"], picture, "--layout", "scores"), plain)
        done = run("predict", MODELS["detect"], picture, "--layout", "rows")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--layout", done.stderr)

    def test_labels(self):
        labels = self.folder / "labels.txt"
        labels.write_text("Pfeil\nKreis\ngrößtes Kreuz\nQuadrat\nStern\nDreieck\n", encoding="utf-8")
        picture = SHAPES / "classify" / "images" / "cross"
        out = self.folder / "out"
        found = self.predict(MODELS["classify"], picture, "--labels", labels, "--save", out, "--save-txt", out)
        self.assertEqual(found["names"]["2"], "größtes Kreuz")
        image = found["images"][0]
        self.assertIn("größtes Kreuz", [thing["name"] for thing in image["top"]])
        text = (out / pathlib.Path(image["source"]).name).with_suffix(".txt").read_text(encoding="utf-8")
        self.assertIn(" größtes Kreuz\n", text)
        (self.folder / "none.txt").write_text("\n\n")
        for file in ("none.txt", "missing.txt"):
            done = run("predict", MODELS["classify"], picture, "--labels", self.folder / file)
            self.assertEqual(done.returncode, 1)
            self.assertIn(file, done.stderr)

    def test_task_of_another_model(self):
        for command in (["predict", MODELS["pose"], SHAPES / "images" / "00000.jpg"], ["info", MODELS["pose"]]):
            done = run(*command, "--task", "detect")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("pose", done.stderr)


class Summary(AppTest):
    def test_of_a_classifier(self):
        pictures = SHAPES / "classify" / "images" / "arrow"
        done = run("predict", MODELS["classify"], pictures / "00005.jpg")
        self.assertRegex(done.stderr, r"^1 image: arrow 0\.91\n")
        done = run("predict", MODELS["classify"], pictures)
        self.assertRegex(done.stderr, r"^10 images: \d+ arrow 0\.\d\d, .*\(best classes, mean scores\)\n")


class Info(AppTest):
    def test_task_and_classes(self):
        for task, model in MODELS.items():
            with self.subTest(task=task):
                done = run("info", model, "--json")
                self.assertEqual(done.returncode, 0, done.stderr)
                info = json.loads(done.stdout)
                self.assertEqual(info["task"], task)
                self.assertEqual("keypoints" in info, task == "pose")
                self.assertNotIn("not understood", info["layout"])

    def test_keypoints(self):
        info = json.loads(run("info", MODELS["pose"], "--json").stdout)
        self.assertEqual((info["keypoints"], info["keypoint_dims"]), (4, 3))
        self.assertRegex(run("info", MODELS["pose"]).stdout, r"keypoints +4 an object, of x, y and a score\n")


if __name__ == "__main__":
    unittest.main()
