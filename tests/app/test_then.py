"""Two models of the program trtyolo, one behind the other: predict --then."""

import csv
import io
import json
import pathlib
import unittest

from program import DATA, AppTest, run

SHAPES = DATA / "shapes"
MODELS = pathlib.Path(__file__).parent / "models"
DETECT, CLASSIFY, POSE = SHAPES / "detect.onnx", SHAPES / "classify.onnx", SHAPES / "pose.onnx"
PICTURES = [SHAPES / "images" / f"0000{i}.jpg" for i in (1, 2, 4)]


class Then(AppTest):
    def test_a_classifier_says_what_each_object_is(self):
        alone = self.predict(DETECT, *PICTURES)
        both = self.predict(DETECT, *PICTURES, "--then", CLASSIFY)
        agree = objects = 0
        for image, plain in zip(both["images"], alone["images"]):
            for found in image["objects"]:
                top = found.pop("then")["top"]
                self.assertEqual(list(top[0]), ["class", "name", "score"])
                objects += 1
                agree += top[0]["name"] == found["name"]
            self.assertEqual(image, plain)  # nothing else has changed
        self.assertGreater(objects, 5)
        self.assertGreater(2 * agree, objects)

    def test_points_are_in_pixels_of_the_image(self):
        picture = SHAPES / "pose" / "images" / "00001.jpg"
        image = self.predict(POSE, picture, "--then", POSE, "--then-margin", 0.5)["images"][0]
        near = 0
        for found in image["objects"]:
            self.assertIn("keypoints", found)
            for again in found["then"]["objects"]:
                left, top = again["box"][:2]
                near += abs(left - found["box"][0]) < 20 and abs(top - found["box"][1]) < 20
        self.assertGreaterEqual(2 * near, len(image["objects"]))

    def test_many_clones_give_the_same(self):
        one = self.predict(DETECT, *PICTURES, "--then", CLASSIFY, "--clones", 1)
        self.assertEqual(self.predict(DETECT, *PICTURES, "--then", CLASSIFY, "--clones", 8), one)

    def test_together_gives_the_same(self):
        frames = sorted((DATA / "people" / "frames").glob("*.jpg"))
        clips = [self.clip("a.avi", frames[:3]), self.clip("b.avi", frames[3:5])]
        people = DATA / "people" / "people.onnx"
        one = self.predict(people, *clips, "--then", CLASSIFY)
        pool = self.predict(people, *clips, "--then", CLASSIFY, "--together")

        def key(image):
            return image["source"], image["frame"]

        self.assertEqual(sorted(pool["images"], key=key), sorted(one["images"], key=key))
        self.assertIn("then", one["images"][0]["objects"][0])

    def test_tracked_objects_keep_their_answers(self):
        frames = sorted((DATA / "people" / "frames").glob("*.jpg"))[:4]
        people, clip = DATA / "people" / "people.onnx", self.clip("a.avi", frames)
        plain = self.predict(people, clip, "--then", CLASSIFY)["images"]
        tracked = self.predict(people, clip, "--then", CLASSIFY, "--track")["images"]
        known = 0
        for image, before in zip(tracked, plain):
            answers = {tuple(found["box"]): found["then"] for found in before["objects"]}
            for found in image["objects"]:
                self.assertEqual(found["then"], answers[tuple(found["box"])])
                known += found["track"] > 0
        self.assertGreater(known, 5)
        self.assertLess(known, sum(len(image["objects"]) for image in plain))  # so that some were left out

    def test_csv_has_the_best(self):
        image = self.predict(DETECT, PICTURES[0], "--then", CLASSIFY)["images"][0]
        done = run("predict", DETECT, PICTURES[0], "--then", CLASSIFY, "--csv", "-")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual(len(rows), len(image["objects"]))
        for row, found in zip(rows, image["objects"]):
            best = found["then"]["top"][0]
            self.assertEqual([row["class"], row["then_class"]], [str(found["class"]), str(best["class"])])
            self.assertEqual(row["then_name"], best["name"])
            self.assertAlmostEqual(float(row["then_score"]), best["score"])

    def test_csv_of_names_with_commas_and_line_breaks(self):
        labels = self.folder / "labels"
        labels.write_text('a,b\nb "c"\nd\ne\nf\ng\n')
        done = run("predict", DETECT, *PICTURES, "--labels", labels, "--then", CLASSIFY, "--csv", "-")
        rows = list(csv.reader(io.StringIO(done.stdout)))
        self.assertGreater(len(rows), 5)
        self.assertEqual({len(row) for row in rows}, {len(rows[0])})
        self.assertTrue({row[3] for row in rows[1:]} <= {"a,b", 'b "c"', "d", "e", "f", "g"})

    def test_csv_where_nothing_was_found(self):
        done = run("predict", POSE, PICTURES[0], "--conf", 0.99, "--then", DETECT, "--csv", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.splitlines()[0].endswith("then_class,then_name,then_score"))

    def test_drawing(self):
        for second in (CLASSIFY, POSE, DETECT):
            folders = self.folder / "plain", self.folder / second.stem
            self.predict(DETECT, PICTURES[0], "--save", folders[0])
            self.predict(DETECT, PICTURES[0], "--save", folders[1], "--then", second)
            plain, drawn = ((folder / PICTURES[0].name).read_bytes() for folder in folders)
            if second != POSE:  # which may find no arrow
                self.assertNotEqual(plain, drawn, second)

    def test_wrong_usage(self):
        for arguments, words in (
            ((CLASSIFY, PICTURES[0], "--then", DETECT), ("--then", "classify")),
            ((DETECT, PICTURES[0], "--then", MODELS / "depth.onnx"), ("--then", "'depth'")),
            ((DETECT, PICTURES[0], "--then-margin", 0.2), ("--then-margin", "--then MODEL")),
            ((DETECT, PICTURES[0], "--then", CLASSIFY, "--then-margin", 11), ("--then-margin",)),
            ((DETECT, PICTURES[0], "--then", CLASSIFY, "--fast-decode"), ("--fast-decode", "--then")),
        ):
            done = run("predict", *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)

    def test_a_second_model_that_is_not_there(self):
        done = run("predict", DETECT, PICTURES[0], "--then", self.folder / "none.onnx")
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.onnx", done.stderr)

    def test_json_keys_as_documented(self):
        image = self.predict(DETECT, PICTURES[0], "--then", DETECT)["images"][0]
        self.assertEqual(list(image["objects"][0]), ["class", "name", "score", "box", "then"])
        self.assertEqual(list(image["objects"][0]["then"]), ["objects"])
        json.dumps(image)


if __name__ == "__main__":
    unittest.main()
