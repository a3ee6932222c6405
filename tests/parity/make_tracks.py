"""Makes tests/data/tracks.json: what Ultralytics' trackers say of scenes, so that tests need no Ultralytics.

    python make_tracks.py [--program build/bin/trtyolo]

The scenes are made here, object by object (scenes.py); the last one is what the program finds in
data/people/street.mp4, and stays as it is in the file if no program is given. tests/data/README.md describes the file.
"""
import argparse
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import torch
from scenes import kDefaults, kFile, kFilmed, kPhoto, kRoot, kRotated, kScenes, packed, rendered, unpacked
from ultralytics.engine.results import OBB, Boxes
from ultralytics.trackers.bot_sort import BOTSORT
from ultralytics.trackers.byte_tracker import BYTETracker
from ultralytics.trackers.oc_sort import OCSORT
from ultralytics.trackers.track_tracker import TRACKTRACK

kImage = np.zeros((480, 640, 3), np.uint8)
kStreet = kRoot / "data/people/street.mp4"
kTrackers = {"bytetrack": BYTETracker, "botsort": BOTSORT, "ocsort": OCSORT, "tracktrack": TRACKTRACK}
kFollowCameras = "botsort", "tracktrack"


def objects_of(frame, rotated):
    rows = unpacked(frame, rotated)
    return torch.from_numpy(np.concatenate([rows, np.zeros((len(rows), 1), np.float32)], axis=1))


def ids_of(tracker, frames, rotated, images=None):
    every = []
    for number, frame in enumerate(frames):
        image = kImage if images is None else images[number]
        objects = (OBB if rotated else Boxes)(objects_of(frame, rotated), image.shape[:2]).numpy()
        ids = [-1] * len(frame)
        for row in tracker.update(objects, image):
            ids[int(row[-1])] = int(row[-4])
        every.append(ids)
    return every


def street(program):
    """What the program finds in the footage, as a scene; scores from 0.1."""
    run = subprocess.run([program, "predict", kRoot / "data/people/people.onnx", kStreet, "--conf", "0.1", "--json",
                          "-"], check=True, capture_output=True, text=True)
    scene = []
    for image in json.loads(run.stdout)["images"]:
        rows = []
        for found in image["objects"]:
            left, top, right, bottom = found["box"]
            rows.append([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0, found["score"], 0])
        scene.append(rows)
    return packed(scene, False)


def street_images():
    video = cv2.VideoCapture(str(kStreet))
    images = []
    while (image := video.read()[1]) is not None:
        images.append(image)
    return images


def with_ids(name, rotated, frames, options, images=None, **more):
    """`images`: what BOTSORT and TRACKTRACK find the camera's motion in; without, they do not look for any."""
    if images is None:
        options = {**options, "gmc_method": "none"}
    ids, found = {}, []
    for kind, make in kTrackers.items():
        tracker = make(SimpleNamespace(**{**kDefaults[kind], **options}))
        if kind in kFollowCameras and images is not None:
            found.append([])
            tracker.gmc.apply = recorded(tracker.gmc.apply, found[-1])
        ids[kind] = ids_of(tracker, frames, rotated, images)
    if found:
        assert all(motions == found[0] for motions in found)
        more["motions"] = found[0]
    return {"scene": name, "rotated": rotated, "options": options, **more, "frames": frames, "ids": ids}


def recorded(find, motions):
    def apply(image, *rest):
        found = find(image, *rest)
        motions.append(np.asarray(found, float).ravel().tolist())
        return found

    return apply


def filmed_scene(name, make):
    scene, windows, drawn = make()
    photo = cv2.imread(str(kPhoto))
    images = [rendered(window, pieces, photo) for window, pieces in zip(windows, drawn, strict=True)]
    rotated = name in kRotated
    return with_ids(name, rotated, packed(scene, rotated), {}, images, windows=windows, drawn=drawn)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    every = [with_ids(name, name in kRotated, packed(make(), name in kRotated), options)
             for name, (make, options) in kScenes.items()]
    every += [filmed_scene(name, make) for name, make in kFilmed.items()]
    footage = street(arguments.program) if arguments.program else next(
        (scene["frames"] for scene in json.loads(kFile.read_text()) if scene["scene"] == "street"), None) \
        if kFile.exists() else None
    if footage:
        every.append(with_ids("street", False, footage, {}, street_images()))
    lines = (json.dumps(scene, separators=(",", ":")) for scene in every)
    kFile.write_text("[" + ",\n".join(lines) + "]\n")
    for scene in every:
        print(scene["scene"], len(scene["frames"]), "frames,", sum(map(len, scene["frames"])), "objects, ids up to",
              {kind: max(max(ids, default=0) for ids in frames) for kind, frames in scene["ids"].items()})


if __name__ == "__main__":
    main()
