"""`trtyolo predict --slice`: small objects in large images, for every task, and what is refused (see program.py)."""

import csv
import json
import unittest

from program import DATA, QUICK, AppTest, run

SHAPES = DATA / "shapes"
PICTURE = SHAPES / "images" / "00001.jpg"


class Slices(AppTest):
    def test_results_of_all_tasks(self):
        keys = {"detect": "box", "obb": "rotated", "segment": "mask", "pose": "keypoints"}
        for task, key in keys.items():
            with self.subTest(task):
                picture = SHAPES / ("" if task == "detect" else task) / "images" / "00001.jpg"
                out = self.folder / task
                files = "--save", out, "--csv", out / "x.csv", "--save-txt", out / "labels"
                found = self.predict(SHAPES / f"{task}.onnx", picture, "--slice", "400", "--overlap", "0.3", *files)
                objects = found["images"][0]["objects"]
                self.assertGreater(len(objects), 0)
                self.assertTrue(all(key in each for each in objects))
                scores = [each["score"] for each in objects]
                self.assertEqual(scores, sorted(scores, reverse=True))
                self.assertTrue((out / "00001.jpg").stat().st_size > 0)
                with open(out / "x.csv", newline="") as file:
                    self.assertEqual(len(list(csv.DictReader(file))), len(objects))
                self.assertTrue((out / "labels" / "00001.txt").exists())

    def test_one_slice_is_the_image(self):
        self.assertEqual(self.predict(*QUICK, PICTURE, "--slice", "5000"), self.predict(*QUICK, PICTURE))

    def test_clones_give_the_same_in_order(self):
        pictures = sorted((SHAPES / "images").glob("*.jpg"))[:6]
        one = self.predict(*QUICK, *pictures, "--slice", "300", "--clones", "1")["images"]
        several = self.predict(*QUICK, *pictures, "--slice", "300", "--clones", "4")["images"]
        self.assertEqual([image["source"] for image in several], [str(picture) for picture in pictures])
        for a, b in zip(several, one):
            self.assertSameObjects(a["objects"], b["objects"])
        self.assertNotEqual(self.predict(*QUICK, *pictures)["images"], one)

    def test_frames_of_a_video(self):
        clip = self.clip("clip.avi", sorted((SHAPES / "images").glob("*.jpg"))[:3])
        found = self.predict(*QUICK, clip, "--slice", "300", "--save", self.folder / "out")
        self.assertEqual([image["frame"] for image in found["images"]], [0, 1, 2])

    def test_a_bad_image_is_an_error_of_its_own(self):
        bad = self.folder / "bad.jpg"
        bad.write_bytes(PICTURE.read_bytes()[:3000])
        found = self.predict(*QUICK, bad, PICTURE, "--slice", "300", status=1)
        self.assertIn("error", found["images"][0])
        self.assertGreater(len(found["images"][1]["objects"]), 0)

    def test_wrong_usage(self):
        for arguments, words in [
            (["--slice", "0"], "--slice"),
            (["--slice", "-640"], "--slice"),
            (["--slice", "640", "--overlap", "1"], "--overlap: a share from 0 to less than 1 was expected, found 1"),
            (["--slice", "640", "--overlap", "-0.1"], "--overlap: a share from 0 to less than 1 was expected"),
            (["--overlap", "0.2"], "--overlap needs --slice N"),
            (["--slice", "640", "--fast-decode"], "--fast-decode cannot be given with --slice"),
        ]:
            with self.subTest(arguments):
                done = run("predict", *QUICK, PICTURE, *arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(words, done.stderr)
        done = run("predict", SHAPES / "classify.onnx", PICTURE, "--slice", "640")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("the task of this one is 'classify'", done.stderr)
        clip = self.clip("clip.avi", [PICTURE])
        done = run("predict", *QUICK, clip, clip, "--together", "--slice", "640")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("--slice takes one source after another", done.stderr)

    def test_a_file_of_results(self):
        done = run("predict", *QUICK, PICTURE, "--slice", "300", "--json", self.folder / "x.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads((self.folder / "x.json").read_text())["images"]), 1)


if __name__ == "__main__":
    unittest.main()
