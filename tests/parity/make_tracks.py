"""Makes tests/data/tracks.json: what Ultralytics' trackers say of scenes, so that tests need no Ultralytics.

    python make_tracks.py [--program build/bin/trtyolo]

The scenes are made here, object by object; the last one is what the program finds in data/people/street.mp4, and stays
as it is in the file if no program is given. tests/data/README.md describes the file.
"""
import argparse
import json
import math
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from ultralytics.engine.results import OBB, Boxes
from ultralytics.trackers.bot_sort import BOTSORT
from ultralytics.trackers.byte_tracker import BYTETracker

kRoot = Path(__file__).resolve().parents[2]
kFile = kRoot / "tests/data/tracks.json"
kImage = np.zeros((480, 640, 3), np.uint8)
kTrackers = {"bytetrack": BYTETracker, "botsort": BOTSORT}
kDefaults = {"track_high_thresh": 0.25, "track_low_thresh": 0.1, "new_track_thresh": 0.25, "track_buffer": 30,
             "match_thresh": 0.8, "fuse_score": True, "gmc_method": "none", "proximity_thresh": 0.5,
             "appearance_thresh": 0.8, "with_reid": False, "model": "auto"}


# ----------------------------------------------------------------------------------------------------------------------
# Scenes: for each frame rows of centre x, centre y, width, height, angle, score, class


class Actor:
    """Something that moves: `path(frame)` is its centre, None where it is not to be seen."""

    def __init__(self, path, size, score=0.8, kind=0, turn=None):
        self.path, self.size, self.kind = path, size, kind
        self.score = score if callable(score) else lambda _: score
        self.turn = turn or (lambda _: 0.0)

    def row(self, frame, random, noise):
        place = self.path(frame)
        if place is None:
            return None
        x, y = place + random.normal(0, noise, 2)
        width, height = self.size * random.normal(1, 0.02, 2)
        score = np.clip(self.score(frame) + random.normal(0, 0.03), 0.02, 0.99)
        return [x, y, width, height, self.turn(frame) + random.normal(0, 0.02), score, self.kind]


def line(begin, step, first=0, last=10**6):
    return lambda f: np.add(begin, np.multiply(step, f)) if first <= f <= last else None


def gaps(path, *hidden):
    """The path, but not to be seen in these ranges of frames, ends included."""
    return lambda f: None if any(begin <= f <= end for begin, end in hidden) else path(f)


def play(actors, frames, seed, noise=1.0, shake=0.0, doubles=0.0):
    random = np.random.default_rng(seed)
    scene = []
    for frame in range(frames):
        moved = random.normal(0, shake, 2)
        rows = []
        for actor in actors:
            row = actor.row(frame, random, noise)
            if row is not None:
                row[:2] += moved
                rows.append(row)
                if random.random() < doubles:
                    rows.append([*(np.array(row[:4]) + random.normal(0, 1, 4)), row[4], row[5] * 0.8, row[6]])
        scene.append(sorted(rows, key=lambda row: -row[5]))
    return scene


def crossing():
    return play([Actor(line((40, 200), (6, 0)), (40, 90)), Actor(line((400, 215), (-6, 0)), (42, 88), 0.7),
                 Actor(line((220, 20), (0, 5)), (50, 60), 0.6),
                 Actor(line((215, 420), (0, -5)), (48, 64), 0.75)], 70, 1)


def occlusion():
    return play([Actor(gaps(line((40, 200), (4, 0)), (20, 27), (50, 75)), (40, 90)),
                 Actor(gaps(line((300, 100), (0, 1)), (30, 70)), (60, 50)),
                 Actor(line((200, 220), (0, 0)), (80, 160), 0.9)], 90, 2)


def coming_and_going():
    return play([Actor(line((10 + 55 * i, 30 + 40 * (i % 7)), (3 - i % 5, 2 - i % 3), 7 * i, 7 * i + 30), (45, 70),
                       0.6) for i in range(11)], 110, 3)


def low_scores():
    return play([Actor(line((60 + 90 * i, 150), (1, 2 - i)), (50, 80),
                       lambda f, i=i: 0.35 + 0.3 * math.sin(f / 4 + i)) for i in range(5)], 80, 4)


def crowd(seed=5, count=50, frames=20):
    random = np.random.default_rng(seed)
    actors = [Actor(line(random.uniform(0, 600, 2), random.normal(0, 3, 2)), random.uniform(25, 70, 2),
                    random.uniform(0.15, 0.95), i % 3) for i in range(count)]
    return play(actors, frames, seed)


def shaking_camera():
    return play([Actor(line((80 + 70 * i, 100 + 60 * (i % 3)), (2, 1)), (45, 65), 0.7) for i in range(7)], 60, 6,
                shake=9)


def classes():
    return play([Actor(line((100, 100), (2, 1)), (60, 60), 0.8, 0), Actor(line((108, 104), (2, 1)), (62, 58), 0.6, 1),
                 Actor(line((300, 200), (-2, 0)), (40, 90), 0.7, 2), Actor(line((100, 208), (2, 0)), (42, 88), 0.5, 1)],
                60, 7)


def doubles():
    return play([Actor(line((80 + 100 * i, 120), (1, i - 2)), (60, 80), 0.75) for i in range(5)], 70, 8, doubles=0.3)


def empty_frames():
    scene = play([Actor(line((60 + 110 * i, 150), (2, 1)), (60, 80), 0.7) for i in range(4)], 70, 9)
    return [[] if frame < 3 or frame % 11 in (5, 6) or 40 <= frame < 46 else rows for frame, rows in enumerate(scene)]


def back_at_the_last_moment():
    """Seen again about as many frames after the last time as the buffer has; and lost for a frame soon after."""
    actors = [Actor(gaps(line((70 + 110 * i, 80 + 50 * (i % 2)), (0.3, 0.2)), (12, 14 + i), (20 + i, 23 + i),
                         (30, 30), (40, 43 + i)), (60, 80), 0.8) for i in range(5)]
    return play(actors, 70, 10)


def turning():
    return play([Actor(line((90 + 90 * i, 120 + 40 * (i % 3)), (2 - i, 1.5)), (80, 24 + 8 * i), 0.45 + 0.08 * i,
                       turn=lambda f, i=i: 0.05 * f * (i - 2)) for i in range(5)], 60, 11, doubles=0.05)


def turned_crowd():
    random = np.random.default_rng(12)
    actors = []
    for _ in range(25):
        angle, spin = random.uniform(-1.5, 1.5), random.normal(0, 0.04)
        path = line(random.uniform(0, 350, 2), random.normal(0, 3, 2))
        actors.append(Actor(gaps(path, (12, 12 + random.integers(9))), random.uniform(20, 70, 2),
                            random.uniform(0.15, 0.95), turn=lambda f, a=angle, s=spin: a + s * f))
    return play(actors, 36, 12)


kScenes = {
    "crossing": (crossing, {}),
    "occlusion": (occlusion, {}),
    "coming and going": (coming_and_going, {"track_buffer": 10}),
    "low scores": (low_scores, {}),
    "low scores, high thresholds": (low_scores, {"track_high_thresh": 0.5, "new_track_thresh": 0.6}),
    "crowd": (crowd, {}),
    "crowd, scores not fused": (lambda: crowd(13, 40, 20), {"fuse_score": False, "match_thresh": 0.9}),
    "shaking camera": (shaking_camera, {}),
    "classes": (classes, {}),
    "doubles": (doubles, {}),
    "doubles, scores not fused": (doubles, {"fuse_score": False}),
    "empty frames": (empty_frames, {}),
    "back at the last moment": (back_at_the_last_moment, {"track_buffer": 3}),
    "no buffer": (back_at_the_last_moment, {"track_buffer": 0}),
    "turning": (turning, {}),
    "turned crowd": (turned_crowd, {"track_buffer": 5}),
}
kRotated = {"turning", "turned crowd"}


# ----------------------------------------------------------------------------------------------------------------------
# The file: whole numbers that f32 has exactly as they are read, or as one rounding of them


def packed(scene, rotated):
    """Corners or centre and size in quarters of a pixel, thousandths of radians and of scores."""
    frames = []
    for frame, rows in enumerate(scene):
        frames.append([])
        for x, y, width, height, angle, score, _ in rows:
            if rotated and frame % 3 == 2:  # the same box, as networks may give it
                width, height, angle = height, width, angle - math.pi / 2
            half = [max(1, round(side * 2)) for side in (width, height)]  # quarters
            centre = [round(4 * x), round(4 * y)]
            box = [*centre, 2 * half[0], 2 * half[1], round(1000 * angle)] if rotated else \
                [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]]
            frames[-1].append([*box, round(1000 * score)])
    return frames


def unpacked(frame, rotated):
    sides = 5 if rotated else 4
    rows = np.array(frame, np.float32).reshape(-1, sides + 1)
    rows[:, :4] /= 4
    rows[:, 4:] /= 1000
    return torch.from_numpy(np.concatenate([rows, np.zeros((len(rows), 1), np.float32)], axis=1))


def ids_of(tracker, frames, rotated):
    every = []
    for frame in frames:
        objects = (OBB if rotated else Boxes)(unpacked(frame, rotated), kImage.shape[:2]).numpy()
        ids = [-1] * len(frame)
        for row in tracker.update(objects, kImage):
            ids[int(row[-1])] = int(row[-4])
        every.append(ids)
    return every


def street(program):
    """What the program finds in the footage, as a scene; scores from 0.1."""
    run = subprocess.run([program, "predict", kRoot / "data/people/people.onnx", kRoot / "data/people/street.mp4",
                          "--conf", "0.1", "--json", "-"], check=True, capture_output=True, text=True)
    scene = []
    for image in json.loads(run.stdout)["images"]:
        rows = []
        for found in image["objects"]:
            left, top, right, bottom = found["box"]
            rows.append([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0, found["score"], 0])
        scene.append(rows)
    return packed(scene, False)


def with_ids(name, rotated, frames, options):
    ids = {kind: ids_of(make(SimpleNamespace(**{**kDefaults, **options})), frames, rotated)
           for kind, make in kTrackers.items()}
    return {"scene": name, "rotated": rotated, "options": options, "frames": frames, "ids": ids}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    every = [with_ids(name, name in kRotated, packed(make(), name in kRotated), options)
             for name, (make, options) in kScenes.items()]
    footage = street(arguments.program) if arguments.program else next(
        (scene["frames"] for scene in json.loads(kFile.read_text()) if scene["scene"] == "street"), None) \
        if kFile.exists() else None
    if footage:
        every.append(with_ids("street", False, footage, {}))
    lines = (json.dumps(scene, separators=(",", ":")) for scene in every)
    kFile.write_text("[" + ",\n".join(lines) + "]\n")
    for scene in every:
        print(scene["scene"], len(scene["frames"]), "frames,", sum(map(len, scene["frames"])), "objects, ids up to",
              {kind: max(max(ids, default=0) for ids in frames) for kind, frames in scene["ids"].items()})


if __name__ == "__main__":
    main()
