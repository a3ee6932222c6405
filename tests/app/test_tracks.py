"""`trtyolo predict --track --line --zone`, and records that are readable whatever ends the program."""

import csv
import functools
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from live_server import FRAMES
from program import APP, DATA, QUICK, AppTest, images_of, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEOPLE = DATA / "people" / "people.onnx"
STREET = DATA / "people" / "street.mp4"
MODELS = pathlib.Path(__file__).parent / "models"
LINE = 400, 560, 400, 40  # up, so that "in" is to the left
ZONE = (100, 80), (420, 80), (420, 560), (100, 560)
COUNT = "--line", f"door={','.join(map(str, LINE))}", "--zone", "shop=" + ";".join(f"{x},{y}" for x, y in ZONE)


def tracks(image):
    return [thing["track"] for thing in image["objects"]]


def without_wall(line):
    return {key: value for key, value in line.items() if key != "wall"}


@functools.cache
def street():
    """What is found in the video, by one clone."""
    done = run("predict", PEOPLE, STREET, "--track", *COUNT, "--json", "-", "--clones", "1")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["images"]


class Tracks(AppTest):
    def test_tracks_are_those_of_ultralytics(self):
        # Boxes and scores are rounded there, so that a track may begin or end a frame sooner or later; ids differ then.
        scenes = json.loads((ROOT / "tests/data/tracks.json").read_text())
        (scene,) = (scene for scene in scenes if scene["scene"] == "street")
        for kind in ("bytetrack", "botsort"):
            images = street() if kind == "bytetrack" else self.predict(PEOPLE, STREET, "--track", kind)["images"]
            self.assertEqual(len(images), len(scene["frames"]))
            same, back, agreed, total = {}, {}, 0, 0
            for image, frame, ids in zip(images, scene["frames"], scene["ids"][kind]):
                for box, track in zip(frame, ids):
                    for thing in image["objects"] if track > 0 else ():
                        if all(abs(a - b / 4) <= 1 for a, b in zip(thing["box"], box)):
                            known = same.setdefault(track, thing["track"]), back.setdefault(thing["track"], track)
                            agreed += known == (thing["track"], track)
                    total += track > 0
            self.assertGreater(agreed, 0.98 * total)
            self.assertLess(abs(sum(len(image["objects"]) for image in images) - total), 0.02 * total)

    def test_order_is_that_of_the_source_whatever_the_clones_do(self):
        clip = self.clip("a.avi", FRAMES + FRAMES[::-1])
        one = self.predict(PEOPLE, clip, "--track", *COUNT, "--clones", "1")["images"]
        several = self.predict(PEOPLE, clip, "--track", *COUNT, "--clones", "3", "--batch", "1")["images"]
        self.assertEqual([tracks(image) for image in several], [tracks(image) for image in one])
        for key in ("lines", "zones"):
            self.assertEqual([image[key] for image in several], [image[key] for image in one])

    def test_sources_share_nothing(self):
        clips = [self.clip("a.avi", FRAMES), self.clip("b.avi", FRAMES[::-1]), self.clip("c.avi", FRAMES[4:])]
        alone = [self.predict(PEOPLE, clip, "--track", *COUNT)["images"] for clip in clips]
        for arguments in (["--clones", "2"], ["--together"]):
            images = self.predict(PEOPLE, *clips, "--track", *COUNT, *arguments)["images"]
            for clip, expected in zip(clips, alone):
                with self.subTest(arguments=arguments, clip=clip.name):
                    found = [image for image in images if image["source"] == str(clip)]
                    self.assertEqual([tracks(image) for image in found], [tracks(image) for image in expected])
                    self.assertEqual([image["lines"] for image in found], [image["lines"] for image in expected])
                    self.assertEqual([image["zones"] for image in found], [image["zones"] for image in expected])
                    self.assertEqual(min(track for image in found for track in tracks(image)), 1)

    def test_crossings_and_presence(self):
        sides, counts = {}, {"in": 0, "out": 0}
        for image in street():
            for thing in image["objects"]:
                left, top, right, bottom = thing["box"]
                if top < LINE[3] or bottom > LINE[1] or left <= LINE[0] <= right:
                    continue
                side = "in" if right < LINE[0] else "out"
                if sides.setdefault(thing["track"], side) != side:
                    sides[thing["track"]] = side
                    counts[side] += 1
            self.assertEqual(image["lines"], {"door": counts}, image["frame"])
            inside = sum(
                ZONE[0][0] <= (thing["box"][0] + thing["box"][2]) / 2 <= ZONE[2][0]
                and ZONE[0][1] <= thing["box"][3] <= ZONE[2][1]
                for thing in image["objects"]
            )
            self.assertEqual(image["zones"], {"shop": {"0": inside} if inside else {}}, image["frame"])
        self.assertGreater(sum(counts.values()), 0)

    def test_zones_need_no_tracks(self):
        (image,) = self.predict(PEOPLE, FRAMES[0], "--zone", "all=0,0;4000,0;4000,4000;0,4000;")["images"]
        self.assertEqual(image["zones"], {"all": {"0": len(image["objects"])}})
        self.assertNotIn("track", image["objects"][0])

    def test_confidence_and_objects_without_a_track(self):
        clip = self.clip("a.avi", FRAMES[:3])
        images = self.predict(PEOPLE, clip, "--track")["images"]
        self.assertTrue(all(thing["track"] > 0 for image in images for thing in image["objects"]))
        sure = self.predict(PEOPLE, clip, "--track", "--conf", "0.8")["images"]
        self.assertTrue(all(thing["score"] > 0.8 for image in sure for thing in image["objects"]))
        low = min(thing["score"] for image in street() for thing in image["objects"])
        self.assertLess(low, 0.25)

    def test_tracktrack(self):
        clip = self.clip("a.avi", FRAMES[:1] * 4)
        images = self.predict(PEOPLE, clip, "--track", "tracktrack")["images"]
        self.assertEqual(len(images), 4)
        first = {thing["track"]: thing for thing in images[0]["objects"]}
        self.assertEqual(sorted(first), list(range(1, len(first) + 1)))
        self.assertGreaterEqual(len(first), 3)
        self.assertTrue(all(thing["score"] > 0.7 for thing in first.values()))  # none below begins a track
        for image in images[1:]:
            self.assertEqual(sorted(tracks(image)), sorted(first))
            for thing in image["objects"]:
                for place, before in zip(thing["box"], first[thing["track"]]["box"]):
                    self.assertAlmostEqual(place, before, delta=2)

    def test_tables_labels_and_pictures(self):
        clip = self.clip("a.avi", FRAMES[:6])
        table, labels, plain, drawn = (self.folder / name for name in ("t.csv", "labels", "plain", "drawn"))
        images = self.predict(
            PEOPLE, clip, "--track", "--csv", table, "--save-txt", labels, "--save-conf", "--save", drawn, *COUNT
        )["images"]
        with open(table, newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), "source,frame,time,class,name,score,track,left,top,right,bottom".split(","))
        self.assertEqual([int(row["track"]) for row in rows], [track for image in images for track in tracks(image)])
        for image in images:
            lines = (labels / f"a_{image['frame'] + 1}.txt").read_text().splitlines()
            self.assertEqual([int(line.split()[6]) for line in lines], tracks(image))
        self.assertEqual(run("predict", PEOPLE, clip, "--save", plain).returncode, 0)
        self.assertNotEqual((plain / "a.mp4").read_bytes(), (drawn / "a.mp4").read_bytes())

    def test_wrong_usage(self):
        zone = "--zone"
        for arguments, words in (
            (["--line", "door=1,2,3,4"], "give --track, too"),
            (["--track", "--line", "door=1,2"], "two points were expected"),
            (["--track", "--line", "door=1,2,3,4,5"], "two points were expected"),
            (["--track", "--line", "door=5,5,5,5"], "--line door: it must go from one point to another"),
            (["--track", "--line", "door=1,2,3,x"], "a number of pixels was expected, found 'x'"),
            (["--track", "--line", "door=1,2,3,nan"], "must be finite"),
            (["--track", "--line", "door"], "--line takes NAME=x1,y1,x2,y2, found 'door'"),
            (["--track", "--line", "a=1,2,3,4", "--line", "a=1,2,3,5"], "--line a: this name was given twice"),
            ([zone, "shop=0,0;10,10;10,0;0,10"], "--zone shop: its sides must not cross or touch each other"),
            ([zone, "shop=0,0;10,10"], "--zone shop: it must have three corners or more, found 2"),
            ([zone, "shop=0,0;10,10;5"], "a corner x,y was expected, found '5'"),
            (["--track=sort"], "bytetrack, botsort, ocsort or tracktrack was expected, found 'sort'"),
        ):
            with self.subTest(arguments=arguments):
                done = run("predict", PEOPLE, STREET, *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertIn(words, done.stderr)
        done = run("predict", "--track", PEOPLE, STREET, STREET)
        self.assertEqual(done.returncode, 2)
        self.assertIn("put --track behind the sources", done.stderr)
        done = run("predict", MODELS / "depth.onnx", STREET, "--track")
        self.assertEqual(done.returncode, 2)
        self.assertIn("need boxes", done.stderr)


class Records(AppTest):
    def lines(self, file):
        return [json.loads(line) for line in file.read_text().splitlines()]

    def test_lines_are_the_images(self):
        clip, missing, lines = self.clip("a.avi", FRAMES[:5]), self.folder / "none.jpg", self.folder / "r.ndjson"
        arguments = PEOPLE, clip, missing, FRAMES[0], "--track", *COUNT
        begin = time.time()
        self.assertEqual(run("predict", *arguments, "--json", lines).returncode, 1)
        found = self.lines(lines)
        self.assertEqual([without_wall(line) for line in found], self.predict(*arguments, status=1)["images"])
        self.assertEqual([line["wall"] for line in found], sorted(line["wall"] for line in found))
        self.assertTrue(all(begin - 1 < line["wall"] < time.time() + 1 for line in found))
        self.assertEqual(list(found[0])[:6], ["source", "frame", "time", "wall", "width", "height"])
        self.assertIn("error", found[5])

    def test_they_take_the_place_of_an_earlier_file(self):
        lines, link = self.folder / "r.ndjson", self.folder / "link.ndjson"
        lines.write_text("old")
        link.symlink_to(lines)
        self.assertEqual(run("predict", PEOPLE, FRAMES[0], "--json", link).returncode, 0)
        self.assertEqual(len(self.lines(lines)), 1)
        self.assertTrue(link.is_symlink())
        self.assertNothingElse(self.folder, ["link.ndjson", "r.ndjson"])

    def test_what_was_written_is_whole_after_a_kill(self):
        for arguments in ([], ["--together"]):
            with self.subTest(arguments=arguments):
                lines, table = self.folder / "r.ndjson", self.folder / "r.csv"
                command = [APP, "predict", *QUICK, *[STREET] * 40, *arguments, "--track", "--json", lines]
                process = subprocess.Popen([*map(str, command), "--csv", table], stderr=subprocess.DEVNULL)
                self.addCleanup(process.wait)
                self.addCleanup(process.kill)
                deadline = time.monotonic() + 60
                while (not lines.exists() or lines.stat().st_size < 30_000) and time.monotonic() < deadline:
                    time.sleep(0.01)
                seen = lines.read_bytes().count(b"\n")  # of a file that is being written
                os.kill(process.pid, signal.SIGKILL)
                self.assertEqual(process.wait(timeout=60), -signal.SIGKILL)
                *whole, rest = lines.read_text().split("\n")
                self.assertGreaterEqual(len(whole), max(seen, 10))
                for line in whole:
                    self.assertIn("objects", json.loads(line))
                heading, *rows = table.read_text().split("\n")[:-1]
                self.assertGreater(len(rows), 1)
                for row in csv.reader(rows):
                    self.assertEqual(len(row), len(heading.split(",")), row)
                    [float(value) for value in row[5:]]

    def test_a_video_can_be_read_after_a_kill(self):
        out = self.folder / "out"
        command = [APP, "predict", *QUICK, *[STREET] * 2, "--track", "--save", out, "--json", "-"]
        process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for image in images_of(process.stdout):
            if image["frame"] == 100:
                break
        process.kill()
        process.wait(timeout=60)
        (part,) = (name for name in os.listdir(out) if name.endswith(".part.mp4"))
        self.assertGreaterEqual(len(self.predict(*QUICK, out / part)["images"]), 50)


if __name__ == "__main__":
    unittest.main()
