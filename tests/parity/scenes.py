"""Scenes of objects that move, with what a detector would say of them and what is true.

make_tracks.py asks Ultralytics' trackers for the ids, track_accuracy.py measures ours and theirs.
"""
import math
from pathlib import Path

import numpy as np

kRoot = Path(__file__).resolve().parents[2]
kFile = kRoot / "tests/data/tracks.json"
kPhoto = kRoot / "data/people/frames/0600.jpg"
# Ultralytics' own: of bytetrack.yaml, botsort.yaml and ocsort.yaml together, and of tracktrack.yaml.
kCommon = {"track_buffer": 30, "gmc_method": "sparseOptFlow", "with_reid": False, "model": "auto"}
kByScores = {**kCommon, "track_high_thresh": 0.25, "track_low_thresh": 0.1, "new_track_thresh": 0.25,
             "match_thresh": 0.8, "fuse_score": True, "proximity_thresh": 0.5, "appearance_thresh": 0.8, "delta_t": 3,
             "inertia": 0.2, "use_byte": False}
kByTracks = {**kCommon, "track_high_thresh": 0.6, "track_low_thresh": 0.25, "new_track_thresh": 0.7,
             "match_thresh": 0.7, "lost_match_thr": 0.0, "iou_weight": 0.5, "reid_weight": 0.5, "conf_weight": 0.1,
             "angle_weight": 0.05, "penalty_p": 0.2, "penalty_q": 0.4, "reduce_step": 0.05, "tai_thr": 0.55,
             "min_track_len": 3}
kDefaults = {"bytetrack": kByScores, "botsort": kByScores, "ocsort": kByScores, "tracktrack": kByTracks}
# For TrackTrack to take the objects that the others take.
kLowThresholds = {name: kByScores[name] for name in ("track_high_thresh", "track_low_thresh", "new_track_thresh")}


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


class Scene(list):
    """Of each frame what a detector says.

    true: what is, for each frame rows of an actor's number and its box: centre x, centre y, width, height.
    """

    def __init__(self, frames, true):
        super().__init__(frames)
        self.true = true


def play(actors, frames, seed, noise=1.0, shake=0.0, doubles=0.0):
    random = np.random.default_rng(seed)
    scene, true = [], []
    for frame in range(frames):
        moved = random.normal(0, shake, 2)
        rows = []
        true.append([])
        for number, actor in enumerate(actors):
            row = actor.row(frame, random, noise)
            if row is not None:
                true[-1].append([number, *(actor.path(frame) + moved), *actor.size])
                row[:2] += moved
                rows.append(row)
                if random.random() < doubles:
                    rows.append([*(np.array(row[:4]) + random.normal(0, 1, 4)), row[4], row[5] * 0.8, row[6]])
        scene.append(sorted(rows, key=lambda row: -row[5]))
    return Scene(scene, true)


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
    return Scene([[] if frame < 3 or frame % 11 in (5, 6) or 40 <= frame < 46 else rows
                  for frame, rows in enumerate(scene)], scene.true)


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
kRotated = {"turning", "turned crowd", "turning camera, rotated boxes"}


# ----------------------------------------------------------------------------------------------------------------------
# Cameras that move: frames are windows of a photo, and objects in them pieces of the same photo


kView = (480, 360)  # width, height
kOne = 1 << 16  # in the file, places in the photo are whole numbers of such parts of a pixel


class Camera:
    """`at(frame)` is the centre of the view in the photo, its angle in radians and its magnification."""

    def __init__(self, at):
        self.at = at

    def to_view(self, frame, point):
        """Where a point of the photo is in the view."""
        x, y, angle, zoom = self.at(frame)
        east, south = point[0] - x, point[1] - y
        cosine, sine = zoom * math.cos(angle), zoom * math.sin(angle)
        return np.array([kView[0] / 2 + cosine * east - sine * south, kView[1] / 2 + sine * east + cosine * south])

    def window(self, frame):
        """Two rows of a matrix: the view's (x, y, 1) to (column, row) of the photo, in parts of kOne."""
        x, y, angle, zoom = self.at(frame)
        cosine, sine = math.cos(angle) / zoom, math.sin(angle) / zoom
        left, top = kView[0] / 2, kView[1] / 2
        rows = [cosine, sine, x - cosine * left - sine * top, -sine, cosine, y + sine * left - cosine * top]
        return [round(kOne * value) for value in rows]


def rendered(window, drawn, photo):
    """The frame: of what is out of the photo, its mirror image. Whole numbers only, so that C++ makes the same."""
    height, width = photo.shape[:2]
    x, y = np.meshgrid(np.arange(kView[0]), np.arange(kView[1]))
    a, b, c, d, e, f = window
    column, row = (a * x + b * y + c) >> 16, (d * x + e * y + f) >> 16
    column, row = column % (2 * width), row % (2 * height)
    frame = photo[np.minimum(row, 2 * height - 1 - row), np.minimum(column, 2 * width - 1 - column)]
    for left, top, right, bottom, column, row in drawn:
        within = frame[max(top, 0):max(bottom, 0), max(left, 0):max(right, 0)]
        high, wide = within.shape[:2]
        rows = (row + max(top, 0) - top + np.arange(high)) % height
        within[:] = photo[rows[:, None], (column + max(left, 0) - left + np.arange(wide)) % width]
    return frame


def filmed(actors, camera, frames, seed, rotated=False):
    """Actors whose paths are in the photo. Returns the scene, and what is to be seen: the windows of
    the photo, and the pieces that are drawn over each."""
    seen = [Actor(lambda f, a=actor: None if a.path(f) is None else camera.to_view(f, a.path(f)), actor.size,
                  actor.score, actor.kind, lambda f, a=actor: a.turn(f) + camera.at(f)[2]) for actor in actors]
    drawn = []
    for frame in range(frames):
        drawn.append([])
        for number, actor in enumerate(seen):
            if actor.path(frame) is not None:
                (x, y), (width, height) = actor.path(frame), actor.size
                left, top = round(x - width / 2), round(y - height / 2)
                drawn[-1].append([left, top, left + round(width), top + round(height), 97 * number, 61 * number])
    scene = play(seen, frames, seed)
    if not rotated:
        said = [[[*within_view(row[:4]), *row[4:]] for row in rows if within_view(row[:4])] for rows in scene]
        true = [[[row[0], *within_view(row[1:])] for row in rows if within_view(row[1:])] for rows in scene.true]
        scene = Scene(said, true)
    return scene, [camera.window(frame) for frame in range(frames)], drawn


def within_view(box):
    """The part of a box that is in the view, as detectors give it; None where there is next to nothing."""
    x, y, width, height = box
    left, right = max(x - width / 2, 0), min(x + width / 2, kView[0])
    top, bottom = max(y - height / 2, 0), min(y + height / 2, kView[1])
    if right - left < 4 or bottom - top < 4:
        return None
    return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]


def walkers(count, seed):
    random = np.random.default_rng(seed)
    return [Actor(gaps(line(random.uniform((150, 120), (620, 460)), random.normal(0, 1.5, 2)),
                       *([(20 + i, 26 + i)] if i % 3 == 0 else [])), random.uniform((22, 45), (34, 80)),
                  random.uniform(0.3, 0.9)) for i in range(count)]


def panning():
    """Back and forth, up to 14 pixels a frame."""
    return filmed(walkers(9, 21), Camera(lambda f: (384 + 130 * math.sin(f / 9), 288 + 20 * math.sin(f / 5), 0, 1)),
                  60, 21)


def hand_held():
    """Shakes in all directions, and turns a little."""
    random = np.random.default_rng(22)
    shakes = random.normal(0, 9, (60, 2))
    turns = random.normal(0, 0.02, 60)
    return filmed(walkers(8, 22), Camera(lambda f: (384 + shakes[f, 0], 288 + shakes[f, 1], turns[f], 1)), 60, 22)


def turning_and_zooming():
    return filmed(walkers(8, 23), Camera(lambda f: (384, 288, 0.25 * math.sin(f / 8), 1 + 0.25 * math.sin(f / 11))),
                  60, 23)


def stop_and_go():
    """Stands still, then goes at 18 pixels a frame, and back."""
    def x(f):
        return 250 + 18 * (min(max(f - 15, 0), 14) - min(max(f - 40, 0), 14))

    return filmed(walkers(10, 24), Camera(lambda f: (x(f), 288, 0, 1)), 64, 24)


def turning_with_rotated_boxes():
    random = np.random.default_rng(25)
    actors = [Actor(line(random.uniform((300, 210), (470, 370)), random.normal(0, 1.2, 2)),
                    random.uniform((40, 12), (70, 30)), random.uniform(0.4, 0.9),
                    turn=lambda f, a=random.uniform(-1.4, 1.4): a + 0.01 * f) for _ in range(8)]
    return filmed(actors, Camera(lambda f: (384 + 60 * math.sin(f / 7), 288, 0.3 * math.sin(f / 8),
                                            1 + 0.2 * math.sin(f / 11))), 50, 25, True)


kFilmed = {
    "panning camera": panning,
    "hand-held camera": hand_held,
    "turning and zooming camera": turning_and_zooming,
    "camera that stops and goes": stop_and_go,
    "turning camera, rotated boxes": turning_with_rotated_boxes,
}


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
    """Rows of f32: the box, and the score."""
    sides = 5 if rotated else 4
    rows = np.array(frame, np.float32).reshape(-1, sides + 1)
    rows[:, :4] /= 4
    rows[:, 4:] /= 1000
    return rows
