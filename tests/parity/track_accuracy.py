"""HOTA, IDF1 and MOTA of our trackers and Ultralytics' over scenes whose truth is known (scenes.py), by TrackEval.

    python track_accuracy.py [--scenes]

Prints a table, as docs/guide/tracking.md has it; with --scenes a line for each scene, too. Both are given the same
objects and, of filmed scenes, the same frames; an object counts with the box that the detector gave it. Needs what
requirements.txt pins, and the package tensorrt_yolo (pip install .).
"""
import argparse
from types import SimpleNamespace

import cv2
import numpy as np
import torch
from make_tracks import ids_of, kTrackers
from scenes import kDefaults, kFilmed, kLowThresholds, kPhoto, kRotated, kScenes, packed, rendered, unpacked
from trackeval.metrics import CLEAR, HOTA, Identity

from tensorrt_yolo import DetResult, Tracker

kMetrics = {"HOTA": HOTA, "IDF1": Identity, "MOTA": CLEAR}
# Of each row its kind and what is not the default.
kRows = {**{f"`{kind}`": (kind, {}) for kind in kTrackers},
         "`tracktrack`, the others' score thresholds": ("tracktrack", kLowThresholds)}


def scenes():
    """(name, whether the camera moves, scene, images) of all with upright boxes, each with the usual settings."""
    blank = np.zeros((480, 640, 3), np.uint8)
    made = set()
    for name, (make, _) in kScenes.items():
        if name not in kRotated and make not in made and make.__name__ != "<lambda>":
            made.add(make)
            scene = make()
            yield name, False, scene, [blank] * len(scene)
    photo = cv2.imread(str(kPhoto))
    for name, make in kFilmed.items():
        if name not in kRotated:
            scene, windows, drawn = make()
            yield name, True, scene, [rendered(*frame, photo) for frame in zip(windows, drawn, strict=True)]


def our_ids(kind, settings, frames, images):
    tracker = Tracker(kind, **settings)
    every = []
    for frame, image in zip(frames, images, strict=True):
        rows = unpacked(frame, False)
        every.append(tracker.update(DetResult(np.zeros(len(rows), int), rows[:, 4], rows[:, :4]), image).tolist())
    return every


def their_ids(kind, settings, frames, images):
    return ids_of(kTrackers[kind](SimpleNamespace(**{**kDefaults[kind], **settings})), frames, False, images)


def overlaps(a, b):
    """Intersection over union of each of `a` with each of `b`: corners."""
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)))
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b)]
    return both / (areas[0][:, None] + areas[1] - both)


def numbered(frames):
    """The ids of all frames as 0, 1, ..., and how many there are."""
    known = {each: number for number, each in enumerate(sorted({i for frame in frames for i in frame}))}
    return [np.array([known[i] for i in frame], int) for frame in frames], len(known)


def results(scene, frames, ids):
    """What each metric says of a scene."""
    true = [[row[0] for row in rows] for rows in scene.true]
    found = [[i for i in frame if i > 0] for frame in ids]
    alike = []
    for rows, frame, given in zip(scene.true, frames, ids, strict=True):
        boxes = np.array([row[1:] for row in rows], float).reshape(-1, 4)
        corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
        alike.append(overlaps(corners, unpacked(frame, False)[[i > 0 for i in given], :4].astype(float)))
    (gt_ids, gt_count), (tracker_ids, tracker_count) = numbered(true), numbered(found)
    data = {"num_timesteps": len(ids), "gt_ids": gt_ids, "tracker_ids": tracker_ids, "similarity_scores": alike,
            "num_gt_ids": gt_count, "num_tracker_ids": tracker_count, "num_gt_dets": sum(map(len, gt_ids)),
            "num_tracker_dets": sum(map(len, tracker_ids))}
    return {name: metric({"PRINT_CONFIG": False} if name != "HOTA" else None).eval_sequence(data)
            for name, metric in kMetrics.items()}


def figures(many):
    """HOTA, IDF1 and MOTA of several scenes as one, in percent, and the changes of ids."""
    together = {name: metric({"PRINT_CONFIG": False} if name != "HOTA" else None).combine_sequences(
        {number: one[name] for number, one in enumerate(many)}) for name, metric in kMetrics.items()}
    return [100 * float(np.mean(together[name][name])) for name in kMetrics] + [int(together["MOTA"]["IDSW"])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    every = {}
    different = 0
    for name, moves, scene, images in scenes():
        frames = packed(scene, False)
        for row, (kind, settings) in kRows.items():
            ids = [our_ids(kind, settings, frames, images), their_ids(kind, settings, frames, images)]
            different += sum(a != b for a, b in zip(*ids, strict=True))
            pair = [results(scene, frames, each) for each in ids]
            every.setdefault((moves, row), []).append(pair)
            if arguments.scenes:
                print(f"{name}, {row}:", *(f"{value:.1f}" for one in pair for value in figures([one])))
    print("| scenes | tracker | HOTA | IDF1 | MOTA | changes of ids "
          "| Ultralytics' HOTA | IDF1 | MOTA | changes of ids |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (moves, row), pairs in every.items():
        cells = []
        for side in range(2):
            *shares, changes = figures([pair[side] for pair in pairs])
            cells += [f"{share:.1f}" for share in shares] + [str(changes)]
        where = "filmed by a camera that moves" if moves else "of boxes alone"
        print(f"| {len(pairs)} {where} | {row} | {' | '.join(cells)} |")
    print(f"frames with other ids than Ultralytics': {different}")


if __name__ == "__main__":
    main()
